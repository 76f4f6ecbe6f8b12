package org.pgregent.launcher.it;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file system in memory that is soon full. Mounting one takes root. */
final class SmallDisk implements AutoCloseable {

    private final Path place;

    private SmallDisk(Path place) {
        this.place = place;
    }

    /** Belongs to whoever the folder belongs to's parent, so that an unprivileged PostgreSQL may use it. */
    static SmallDisk at(Path place, String size) throws IOException, InterruptedException {
        run("mount", "-t", "tmpfs", "-o", "mode=0777,size=" + size, "tmpfs", place.toString());
        return new SmallDisk(place);
    }

    /** Writes a file until nothing fits any more. */
    void fill(Path file) throws IOException {
        byte[] block = new byte[1 << 20];
        try (OutputStream out = Files.newOutputStream(file)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException full) {
            if (Files.getFileStore(place).getUsableSpace() > 1 << 20) {
                throw full;
            }
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        int code = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (code != 0) {
            throw new IOException(String.join(" ", command) + " failed with " + code
                    + ": this test mounts a file system, which takes root");
        }
    }

    @Override
    public void close() throws IOException {
        try {
            run("umount", "-l", place.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
