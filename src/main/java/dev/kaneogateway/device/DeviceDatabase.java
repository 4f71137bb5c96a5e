package dev.kaneogateway.device;

import dev.kaneogateway.db.Database;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database as the device grant asks it: with the gateway's own tables once they are there, in
 * one patience, and again where that does no harm. Whatever it asks fails when PostgreSQL cannot
 * answer. Confined to the context of its verticle.
 */
final class DeviceDatabase {
  /** Under the name by which operators know the grant. */
  private static final Logger LOG = LoggerFactory.getLogger(DeviceVerticle.class);

  private final Vertx vertx;
  private final Pool pool;
  private final Duration patience;
  private boolean ownTables;
  private DeviceStatements statements;
  private @Nullable PollStatement polls;

  /**
   * @param patience how long PostgreSQL may take to answer
   */
  DeviceDatabase(Vertx vertx, Pool pool, Duration patience) {
    this.vertx = vertx;
    this.pool = pool;
    this.patience = patience;
    this.statements = new DeviceStatements(pool, false);
  }

  private void use(boolean ownTables) {
    this.ownTables = ownTables;
    this.statements = new DeviceStatements(pool, ownTables);
    this.polls = new PollStatement(pool, ownTables, settling());
  }

  /** How long the note that a token was delivered may be on its way. */
  Duration settling() {
    return patience.plusSeconds(1);
  }

  DeviceStatements statements() {
    return statements;
  }

  /**
   * Fails until it is known whether the own tables are there: of a code that was redeemed before a
   * crash they alone know, and without them its device would be told that there is none.
   */
  Future<PollStatement> polls() {
    return polls == null
        ? Future.failedFuture("the own tables are not known yet")
        : Future.succeededFuture(polls);
  }

  void createOwnTables() {
    // Only an answer settles it: a database that is away says nothing about rights.
    pool.query("SELECT 1")
        .execute()
        .compose(there -> OwnTables.create(pool))
        .onSuccess(
            made -> {
              use(made);
              if (!made) {
                LOG.warn(
                    "the database role may not create, or not use, the schema kaneo_gateway: the approval page cannot say from where a device asked, and a token lost on its way stays lost");
              }
            })
        .onFailure(away -> vertx.setTimer(1000, id -> createOwnTables()));
  }

  /** A statement whose answer does not come in time fails, though it may have taken effect. */
  <T> Future<T> once(Supplier<Future<T>> statement) {
    return statement.get().timeout(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** A statement that may take effect twice, in the same time. */
  <T> Future<T> repeatable(Supplier<Future<T>> statement) {
    return once(() -> untimed(statement));
  }

  /** The same, for one of several that share one patience. */
  <T> Future<T> untimed(Supplier<Future<T>> statement) {
    return Database.repeatable(vertx, () -> noticing(statement.get()));
  }

  /** If the own tables are gone, as from a backup that was restored, they are made anew. */
  private <T> Future<T> noticing(Future<T> statement) {
    boolean used = ownTables;
    return statement.onFailure(
        failure -> {
          if (used && ownTables && OwnTables.areGone(failure)) {
            use(false);
            createOwnTables();
          }
        });
  }
}
