package dev.kaneogateway.db;

import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.Detour;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The database is another from one moment to the next. */
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
