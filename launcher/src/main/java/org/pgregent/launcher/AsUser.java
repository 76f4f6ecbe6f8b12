package org.pgregent.launcher;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Runs programs as another user. Only root can. */
public final class AsUser {

    private static final long PATIENCE_SECONDS = 60;

    private final String name;
    private final String uid;
    private final String gid;
    private final String home;

    private AsUser(String name, String uid, String gid, String home) {
        this.name = name;
        this.uid = uid;
        this.gid = gid;
        this.home = home;
    }

    public static boolean amRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** Empty if there is no such user, or it is root itself. */
    public static Optional<AsUser> named(String name) throws IOException, InterruptedException {
        Result entry = execute(List.of("getent", "passwd", name), new byte[0]);
        String[] fields = entry.output().strip().split(":", -1);
        if (entry.code() != 0 || fields.length < 7 || fields[2].equals("0")) {
            return Optional.empty();
        }
        return Optional.of(new AsUser(fields[0], fields[2], fields[3], fields[5]));
    }

    public String name() {
        return name;
    }

    /** The command so that it is executed in place by this user: same process id, nothing in between. */
    public List<String> prefix(List<String> command) {
        List<String> all = new ArrayList<>(List.of(
                "env",
                "HOME=" + home,
                "USER=" + name,
                "LOGNAME=" + name,
                "setpriv",
                "--reuid=" + uid,
                "--regid=" + gid,
                "--init-groups",
                "--"));
        all.addAll(command);
        return all;
    }

    /** What a program said. */
    record Result(int code, String output) {}

    Result shell(String script, byte[] input, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", script, "sh"));
        command.addAll(List.of(arguments));
        return run(command, input);
    }

    Result run(List<String> command, byte[] input) throws IOException, InterruptedException {
        return execute(prefix(command), input);
    }

    public boolean can(String test, Path path) throws IOException, InterruptedException {
        return shell("test " + test + " \"$1\"", new byte[0], path.toString()).code() == 0;
    }

    private static Result execute(List<String> command, byte[] input) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .directory(Path.of("/").toFile());
        stripSecrets(builder.environment());
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(input);
        } catch (IOException e) {
            // It ended without reading all of it; its exit code and its words tell why.
            if (process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0) {
                throw e;
            }
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(command.get(command.size() - 1) + " did not end");
        }
        return new Result(process.exitValue(), output);
    }

    /** The configuration's variables are for the agent alone. */
    public static void stripSecrets(Map<String, String> environment) {
        environment.keySet().removeIf(name -> name.startsWith("PATRONI_"));
    }
}
