package org.pgregent.dcs.etcd;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Hashtable;
import java.util.List;
import java.util.Optional;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;

/**
 * Finds servers by DNS SRV records, with the JDK's own DNS client. Blocks for up to some seconds: not for a caller's thread.
 *
 * @param dns which DNS server to ask, as JNDI writes it
 */
record SrvLookup(String dns) {

    /** Ask the servers this machine is set up with. */
    static final String SYSTEM = "dns:";

    /** In the order in which they are tried; the first name that exists is it. */
    private static final List<String> SERVICES =
            List.of("etcd-client-ssl", "etcd-client", "etcd-ssl", "etcd", "etcd-server-ssl", "etcd-server");

    /** @param arePeers these are the ports among servers; ask there for those for clients */
    record Found(String name, List<Endpoint> endpoints, boolean arePeers) {}

    private record Ranked(int priority, int weight, Endpoint endpoint) {}

    /** Empty if DNS has none of the names. */
    Optional<Found> find(EtcdSettings.Srv srv) throws NamingException {
        for (String service : SERVICES) {
            String suffix = srv.suffix().map(text -> "-" + text).orElse("");
            String name = "_" + service + suffix + "._tcp." + srv.domain();
            List<Endpoint> endpoints = records(name, service.endsWith("-ssl"));
            if (!endpoints.isEmpty()) {
                return Optional.of(new Found(name, endpoints, service.contains("-server")));
            }
        }
        return Optional.empty();
    }

    // Of JNDI, which wants a Hashtable, only its DNS client is used; that makes texts of what it gets, and no objects.
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    private List<Endpoint> records(String name, boolean tls) throws NamingException {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put("java.naming.factory.initial", "com.sun.jndi.dns.DnsContextFactory");
        environment.put("java.naming.provider.url", dns);
        environment.put("com.sun.jndi.dns.timeout.initial", "1000");
        environment.put("com.sun.jndi.dns.timeout.retries", "2");
        InitialDirContext context = new InitialDirContext(environment);
        try {
            Attribute found = context.getAttributes(name, new String[] {"SRV"}).get("SRV");
            return found == null ? List.of() : parse(found.getAll(), tls);
        } catch (NameNotFoundException none) {
            return List.of();
        } finally {
            context.close();
        }
    }

    private static List<Endpoint> parse(NamingEnumeration<?> records, boolean tls) throws NamingException {
        List<Ranked> ranked = new ArrayList<>();
        while (records.hasMore()) {
            String record = String.valueOf(records.next());
            String[] fields = record.trim().split("\\s+");
            try {
                Endpoint endpoint = new Endpoint(fields[3].replaceAll("\\.$", ""), Integer.parseInt(fields[2]), tls);
                ranked.add(new Ranked(Integer.parseInt(fields[0]), Integer.parseInt(fields[1]), endpoint));
            } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
                NamingException unreadable = new NamingException("no SRV record: '" + record + "'");
                unreadable.initCause(e);
                throw unreadable;
            }
        }
        return ranked.stream()
                .sorted(Comparator.comparingInt(Ranked::priority)
                        .thenComparing(Ranked::weight, Comparator.reverseOrder()))
                .map(Ranked::endpoint)
                .toList();
    }
}
