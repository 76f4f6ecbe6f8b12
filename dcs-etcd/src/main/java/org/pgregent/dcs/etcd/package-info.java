/**
 * etcd, by its v3 API, as a consensus store.
 *
 * <p>{@link org.pgregent.dcs.etcd.EtcdDcs} is the store. {@code Calls} sends one request and says what its failure means,
 * {@code Connections} keeps one client of one server at a time and moves on to the next server, {@code Endpoints} knows which
 * servers there are. {@code KeyWriter} writes keys, {@code Leases} is about leases and when a renewal is a proof, {@code
 * Watches} keeps streams of changes alive. The reasons are in {@code docs/adr/0007-etcd.md}.
 */
@NullMarked
package org.pgregent.dcs.etcd;

import org.jspecify.annotations.NullMarked;
