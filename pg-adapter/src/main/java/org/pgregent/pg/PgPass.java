package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.port.PostgresException;
import org.pgregent.pg.PgConfig.Credentials;

/** The password file that libpq reads: for programs and for the standby's own receiver, so that no password is ever an argument. */
final class PgPass {

    private final Path file;
    private final PgConfig.Authentication users;

    PgPass(Path file, PgConfig.Authentication users) {
        this.file = file;
        this.users = users;
    }

    Path file() {
        return file;
    }

    /** For the environment of programs. */
    Map<String, String> environment() {
        return Map.of("PGPASSFILE", file.toString(), "LC_ALL", "C", "LANG", "C");
    }

    /** Fills the file with the passwords for that host. */
    void write(Upstream upstream) throws PostgresException {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            AtomicFiles.write(file, content(upstream), AtomicFiles.PRIVATE_FILE);
        } catch (IOException e) {
            throw new PostgresException("cannot write postgresql.pgpass (" + file + "): " + DataFolder.reason(e), e);
        }
    }

    String content(Upstream upstream) {
        return Stream.of(users.replication(), users.rewind(), users.superuser())
                .filter(user -> user.password().isPresent())
                .map(user -> line(upstream, user))
                .distinct()
                .collect(Collectors.joining());
    }

    private static String line(Upstream upstream, Credentials user) {
        return escape(upstream.host()) + ":" + upstream.port() + ":*:" + escape(user.username()) + ":"
                + escape(user.password().orElseThrow()) + "\n";
    }

    private static String escape(String text) {
        return text.replace("\\", "\\\\").replace(":", "\\:");
    }
}
