/**
 * Consul as a consensus store.
 *
 * <p>{@link org.pgregent.dcs.consul.ConsulDcs} is the store: a lease is a session ({@code Sessions} says when its renewal counts), a key
 * is written in a transaction ({@code KeyWriter}), a watch is a blocking query ({@code FolderWatch}). {@code ConsulHttp} is the only
 * class that knows how requests travel. The reasons are in {@code docs/adr/0008-consul-lease.md}.
 */
@NullMarked
package org.pgregent.dcs.consul;

import org.jspecify.annotations.NullMarked;
