package org.pgregent.example.table;

import java.time.Duration;
import java.util.Properties;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsRefusedException;

/**
 * One table of a plain PostgreSQL server as the store. The section {@code postgres_table} has a {@code url}; its other keys, such
 * as {@code user}, {@code password} and {@code sslmode}, are properties of the JDBC driver.
 */
public final class PostgresTableProvider implements DcsProvider {

    @Override
    public String name() {
        return "postgres_table";
    }

    @Override
    public Duration shortestTtl() {
        return Duration.ofSeconds(5);
    }

    @Override
    public Dcs connect(DcsConfig config) throws DcsRefusedException {
        String key = config.section() + ".url";
        String url = String.valueOf(config.settings().get("url"));
        if (!url.startsWith("jdbc:postgresql://")) {
            throw new DcsRefusedException(key + " is '" + url + "'; write jdbc:postgresql://host:port/database");
        }
        if (url.contains("password=")) {
            throw new DcsRefusedException(key + " holds a password, which logs would show; use the key password");
        }
        Properties properties = new Properties();
        config.settings().forEach((name, value) -> properties.setProperty(name, value.toString()));
        properties.setProperty("ApplicationName", "pgregent " + config.nodeName());
        return new TableDcs(new Sessions(config.section(), url, properties));
    }
}
