package org.pgregent.launcher.config;

/** A configuration to begin with; what only a person can know says FIXME. */
public final class SampleConfig {

    private SampleConfig() {}

    /**
     * @param host this machine's name
     * @param address its first address
     */
    public static String of(String host, String address) {
        return """
                # A node of a cluster. The same on all of its nodes, but for name and addresses. Check it with:
                #   regent --validate-config THIS_FILE
                scope: '#FIXME'            # name of the cluster
                name: %1$s                 # of this node, unique in the cluster

                log:
                  level: INFO

                restapi:
                  listen: '%2$s:8008'
                  connect_address: '%2$s:8008'

                # One store: etcd3, consul or zookeeper.
                etcd3:
                  hosts: ['#FIXME:2379', '#FIXME:2379', '#FIXME:2379']
                # zookeeper:
                #   embedded:              # or no other servers at all: the agents are one
                #     id: 1                # another one on each node
                #     data_dir: /var/lib/postgresql/quorum
                #     secret: '#FIXME, at least 16 characters'
                #     servers: {1: '%2$s:2888:3888:2181', 2: '#FIXME:2888:3888:2181', 3: '#FIXME:2888:3888:2181'}

                bootstrap:                 # only for making a new cluster; later changes go to the cluster's configuration
                  dcs:
                    ttl: 30
                    loop_wait: 10
                    retry_timeout: 10
                    maximum_lag_on_failover: 1048576
                    postgresql:
                      use_pg_rewind: true
                      use_slots: true
                      parameters:
                        max_connections: 100
                        max_locks_per_transaction: 64
                        max_prepared_transactions: 0
                        max_replication_slots: 10
                        max_wal_senders: 10
                        max_worker_processes: 8
                        track_commit_timestamp: false
                        wal_keep_size: 128MB
                        wal_level: replica
                        wal_log_hints: true
                  initdb:
                    - data-checksums
                    - encoding: UTF8

                postgresql:
                  listen: '%2$s:5432'
                  connect_address: '%2$s:5432'
                  data_dir: '#FIXME'       # such as /var/lib/postgresql/15/main
                  bin_dir: '#FIXME'        # such as /usr/lib/postgresql/15/bin
                  authentication:
                    superuser: {username: postgres, password: '#FIXME'}
                    replication: {username: replicator, password: '#FIXME'}
                    rewind: {username: rewind_user, password: '#FIXME'}
                  parameters:
                    password_encryption: scram-sha-256
                  pg_hba:
                    - host all all all scram-sha-256
                    - host replication replicator all scram-sha-256

                tags:
                  failover_priority: 1
                  sync_priority: 1
                  noloadbalance: false
                  clonefrom: true
                  nosync: false
                  nostream: false
                """.formatted(host, address);
    }
}
