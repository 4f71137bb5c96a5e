package dev.kaneogateway.db;

import dev.kaneogateway.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Opens the pool of connections to Kaneo's PostgreSQL. */
public final class Database {
  /** A database that does not take a connection, or the bytes sent to it, in this time is gone. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** A server that ends a connection says so before it hangs up; by then the pool has noticed. */
  private static final Duration HANG_UP = Duration.ofMillis(50);

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

  /**
   * Runs a statement, and if it fails once more a moment later: a connection that died under it
   * says nothing of the database. For statements that may run twice.
   */
  public static <T> Future<T> repeatable(Vertx vertx, Supplier<Future<T>> statement) {
    return statement
        .get()
        .recover(
            lost ->
                vertx
                    .timer(HANG_UP.toMillis(), TimeUnit.MILLISECONDS)
                    .compose(hungUp -> statement.get()));
  }

  static PgConnectOptions options(String url) {
    return PgConnectOptions.fromUri(url).setCachePreparedStatements(true);
  }
}
