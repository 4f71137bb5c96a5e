package dev.kaneogateway.db;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
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

  /** As by a pooler that is killed while it has connections wait; each would be a stack trace. */
  @Test
  void aConnectionThatBreaksAtItsBeginningIsNotPrintedPastTheLog(Vertx vertx) throws Exception {
    PrintStream before = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread greets = new Thread(() -> greetAndReset(server));
      greets.start();
      String url = "postgresql://u:pw@127.0.0.1:" + server.getLocalPort() + "/kaneo";
      Pool pool = Database.pool(vertx, new Settings.Database(url, 1));
      assertThrows(
          AssertionError.class, () -> RunningGateway.await(pool.query("SELECT 1").execute()));
      greets.join();
    } finally {
      System.setErr(before);
    }
    String text = printed.toString(StandardCharsets.UTF_8);
    assertFalse(text.contains("Exception"), text);
  }

  private static void greetAndReset(ServerSocket server) {
    try (Socket client = server.accept()) {
      byte[] asked = new byte[1024];
      assertTrue(client.getInputStream().read(asked) > 0);
      // Signed in, and ready for a query.
      client
          .getOutputStream()
          .write(
              "R\0\0\0\10\0\0\0\0S\0\0\0\31client_encoding\0UTF8\0Z\0\0\0\5I"
                  .getBytes(StandardCharsets.ISO_8859_1));
      assertTrue(client.getInputStream().read(asked) > 0);
      client.setSoLinger(true, 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
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
