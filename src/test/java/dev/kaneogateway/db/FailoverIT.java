package dev.kaneogateway.db;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.Detour;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Pool;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The database is another from one moment to the next. */
@ExtendWith(VertxExtension.class)
class FailoverIT {
  /** As of a server whose disk hangs, while its kernel still takes what is sent. */
  @Test
  void connectionsToAServerThatAnswersNothingAreNotKept() throws Exception {
    TestDatabase database = TestDatabase.create();
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        Detour detour = new Detour(database.url());
        RunningGateway gateway =
            RunningGateway.start(
                database,
                kaneo.port(),
                "DATABASE_URL",
                detour.url(),
                "GATEWAY_DATABASE_CONNECTIONS",
                "2",
                "GATEWAY_DATABASE_GRACE_MS",
                "0",
                "GATEWAY_CACHE_TTL_MS",
                "1")) {
      Await.until("an answer of the database", () -> isLetIn(gateway));
      detour.strand();
      Await.until("none by the old way", () -> !isLetIn(gateway));
      Await.until("an answer of the new one", () -> isLetIn(gateway));
    }
  }

  /** As of a failover under which the name led to a standby for a moment. */
  @Test
  void whoeverCameToAServerThatOnlyReadsComesAwayFromItAgain(Vertx vertx) {
    TestDatabase database = TestDatabase.create();
    String settings = "ALTER DATABASE " + database.name();
    database.execute(settings + " SET default_transaction_read_only = on");
    Pool pool = Database.pool(vertx, new Settings.Database(database.url(), 1));
    assertFalse(mayWrite(vertx, pool));
    database.execute(
        "BEGIN READ WRITE; " + settings + " RESET default_transaction_read_only; COMMIT");
    // Asked so often that the connection is never idle.
    Await.until("a connection that may write", () -> mayWrite(vertx, pool));
  }

  private static boolean mayWrite(Vertx vertx, Pool pool) {
    return RunningGateway.await(
        Database.repeatable(vertx, () -> pool.query("SHOW transaction_read_only").execute())
            .map(rows -> rows.iterator().next().getString(0).equals("off")));
  }

  private static boolean isLetIn(RunningGateway gateway) throws IOException {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      return peer.send(
              "GET /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer "
                  + DemoSeed.SESSION_TOKEN
                  + "\r\n\r\n")
          .readAll()
          .startsWith("HTTP/1.1 200 ");
    }
  }
}
