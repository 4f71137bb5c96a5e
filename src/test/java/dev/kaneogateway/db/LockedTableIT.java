package dev.kaneogateway.db;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Pool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A table that somebody locks for long, as a migration of Kaneo does. */
@ExtendWith(VertxExtension.class)
class LockedTableIT {
  private static final String WAITING =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
          + " AND wait_event_type = 'Lock'";

  private final TestDatabase database = TestDatabase.create();

  /** Each that goes on waiting keeps a connection, until there is none left for Kaneo. */
  @Test
  void theServerEndsAStatementThatNobodyAwaitsAnyMore(Vertx vertx) {
    PgConnection other =
        RunningGateway.await(PgConnection.connect(vertx, Database.options(database.url())));
    RunningGateway.await(other.query("BEGIN; LOCK TABLE session").execute());
    Pool pool = Database.pool(vertx, new Settings.Database(database.url(), 1));
    pool.query("SELECT count(*) FROM session").execute();
    Await.until("a statement waits", () -> database.query(WAITING).equals("1"));
    Await.until("no statement waits", () -> database.query(WAITING).equals("0"));
  }

  @Test
  void whatTheOperatorSaysOfItHolds(Vertx vertx) {
    database.execute("ALTER DATABASE " + database.name() + " SET statement_timeout = '7s'");
    Pool pool = Database.pool(vertx, new Settings.Database(database.url(), 1));
    var rows = RunningGateway.await(pool.query("SHOW statement_timeout").execute());
    assertEquals("7s", rows.iterator().next().getString(0));
  }
}
