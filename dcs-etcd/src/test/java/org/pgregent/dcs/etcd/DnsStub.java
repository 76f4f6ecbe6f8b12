package org.pgregent.dcs.etcd;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A DNS server over UDP that knows SRV records and nothing else (RFC 1035, RFC 2782). */
final class DnsStub implements AutoCloseable {

    private static final int SRV = 33;
    private static final int NO_SUCH_NAME = 3;

    private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    private final Map<String, List<String>> records;
    private final List<String> asked = new CopyOnWriteArrayList<>();

    /** @param records from names to "priority weight port target" */
    DnsStub(Map<String, List<String>> records) throws IOException {
        this.records = records;
        Thread thread = new Thread(this::serve, "dns-stub");
        thread.setDaemon(true);
        thread.start();
    }

    String url() {
        return "dns://127.0.0.1:" + socket.getLocalPort();
    }

    /** The names asked for, in order. */
    List<String> asked() {
        return asked;
    }

    private void serve() {
        byte[] buffer = new byte[512];
        while (true) {
            try {
                DatagramPacket query = new DatagramPacket(buffer, buffer.length);
                socket.receive(query);
                byte[] answer = answer(ByteBuffer.wrap(buffer, 0, query.getLength()));
                socket.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private byte[] answer(ByteBuffer query) throws IOException {
        short id = query.getShort(0);
        query.position(12);
        String name = name(query);
        int type = query.getShort();
        asked.add(name);
        List<String> found = type == SRV ? records.getOrDefault(name, List.of()) : List.of();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeShort(id);
        out.writeShort(0x8580 | (found.isEmpty() ? NO_SUCH_NAME : 0));
        out.writeShort(1);
        out.writeShort(found.size());
        out.writeShort(0);
        out.writeShort(0);
        writeName(out, name);
        out.writeShort(type);
        out.writeShort(1);
        for (String record : found) {
            String[] fields = record.split(" ");
            ByteArrayOutputStream target = new ByteArrayOutputStream();
            writeName(new DataOutputStream(target), fields[3]);
            writeName(out, name);
            out.writeShort(SRV);
            out.writeShort(1);
            out.writeInt(60);
            out.writeShort(6 + target.size());
            for (int i = 0; i < 3; i++) {
                out.writeShort(Integer.parseInt(fields[i]));
            }
            target.writeTo(out);
        }
        return bytes.toByteArray();
    }

    private static String name(ByteBuffer query) {
        StringBuilder name = new StringBuilder();
        for (int length = query.get(); length > 0; length = query.get()) {
            byte[] label = new byte[length];
            query.get(label);
            name.append(name.isEmpty() ? "" : ".").append(new String(label, StandardCharsets.US_ASCII));
        }
        return name.toString();
    }

    private static void writeName(DataOutputStream out, String name) throws IOException {
        for (String label : name.split("\\.")) {
            out.writeByte(label.length());
            out.write(label.getBytes(StandardCharsets.US_ASCII));
        }
        out.writeByte(0);
    }

    @Override
    public void close() {
        socket.close();
    }
}
