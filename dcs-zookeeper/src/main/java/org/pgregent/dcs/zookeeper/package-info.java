/**
 * ZooKeeper as a consensus store, either servers outside or one embedded in each agent.
 *
 * <p>{@link org.pgregent.dcs.zookeeper.ZooKeeperDcs} is the store: {@code Session} is one session and thereby one lease, {@code
 * Touches} says when its renewal is a proof, {@code KeyWriter} and {@code TreeReader} write and read keys. {@code EmbeddedPeer}
 * is a server within this process, {@code PeerWatch} keeps it running. The reasons are in {@code docs/adr/0002-embedded-quorum.md}
 * and {@code docs/adr/0003-zookeeper-lease.md}.
 */
package org.pgregent.dcs.zookeeper;
