package org.pgregent.dcs.spi;

/** A running {@link Dcs#watch}. After {@code close} no new hint begins; one under way may still end. */
public interface Watch extends AutoCloseable {

    @Override
    void close();
}
