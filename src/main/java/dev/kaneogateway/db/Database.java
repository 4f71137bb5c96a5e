package dev.kaneogateway.db;

import dev.kaneogateway.config.Settings;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Opens the pool of connections to Kaneo's PostgreSQL. */
public final class Database {
  /** A database that does not take a connection, or the bytes sent to it, in this time is gone. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private Database() {}

  /**
   * A pool that connects when first asked and again after every loss, so that the gateway starts
   * and lives without the database.
   */
  public static Pool pool(Vertx vertx, Settings.Database settings) {
    return PgBuilder.pool()
        .with(
            new PoolOptions()
                .setMaxSize(settings.connections())
                .setConnectionTimeout((int) PATIENCE.toMillis())
                .setConnectionTimeoutUnit(TimeUnit.MILLISECONDS)
                .setIdleTimeout(10)
                .setIdleTimeoutUnit(TimeUnit.MINUTES))
        .with(
            new NetClientOptions()
                .setConnectTimeout((int) PATIENCE.toMillis())
                .setTcpKeepAlive(true)
                // With epoll: a peer that has vanished is noticed at once, not after TCP's minutes.
                .setTcpUserTimeout((int) PATIENCE.toMillis()))
        .connectingTo(options(settings.url()))
        .using(vertx)
        .build();
  }

  static PgConnectOptions options(String url) {
    return PgConnectOptions.fromUri(url).setCachePreparedStatements(true);
  }
}
