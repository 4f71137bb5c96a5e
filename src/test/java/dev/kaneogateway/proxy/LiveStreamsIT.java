package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** WebSockets and event streams whose credential ends, or whose gateway goes. */
class LiveStreamsIT {
  private static final String TEXT_FRAME = "\u0081\u0002ok";

  private final BlockingQueue<String> heardByKaneo = new LinkedBlockingQueue<>();
  private final Semaphore asked = new Semaphore(0);
  private volatile CountDownLatch kaneoAnswers = new CountDownLatch(0);
  private TestDatabase database;
  private ScriptedUpstream kaneo;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws Exception {
    database = TestDatabase.create();
    kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              if (head.contains("/api/ws/")) {
                asked.release();
                await(kaneoAnswers);
                connection.write(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                        + TEXT_FRAME);
                heardByKaneo.add(
                    new String(connection.in().readAllBytes(), StandardCharsets.ISO_8859_1));
              } else if (head.contains("/api/events")) {
                connection.write(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "c\r\ndata: tick\n\n\r\n");
                connection.in().readAllBytes();
              } else {
                connection.write(ScriptedUpstream.ok("hello"));
              }
              return !head.contains("/api/ws/") && !head.contains("/api/events");
            });
    gateway =
        RunningGateway.start(
            database,
            kaneo.port(),
            "GATEWAY_STREAM_RECHECK_MS",
            "100",
            "GATEWAY_DRAIN_SPREAD_MS",
            "100",
            "GATEWAY_DRAIN_TIMEOUT_MS",
            "10000");
    awaitDatabase();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(20, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void awaitDatabase() throws Exception {
    while (true) {
      try (RawPeer peer = new RawPeer(gateway.port())) {
        String answer =
            peer.send(
                    "GET /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer no\r\n\r\n")
                .readAll();
        if (answer.startsWith("HTTP/1.1 401")) {
          return;
        }
      }
    }
  }

  @AfterEach
  void stop() throws Exception {
    gateway.close();
    kaneo.close();
  }

  @Test
  void aWebSocketEndsWithItsCredentialAndThoseOfOthersStay() throws Exception {
    try (RawPeer revoked = webSocket(DemoSeed.SESSION_TOKEN);
        RawPeer other = webSocket(DemoSeed.API_KEY)) {
      database.execute("DELETE FROM session WHERE id = 'demoSession'");
      assertEquals(close(4401, "credential ended"), revoked.readUntil("credential ended"));
      assertEquals("", revoked.readAll());
      assertEquals(maskedClose(1001), heardByKaneo.poll(10, TimeUnit.SECONDS));
      other.send(TEXT_FRAME);
      gateway.close();
      assertEquals(close(1012, "gateway restarts"), other.readUntil("gateway restarts"));
      assertEquals(TEXT_FRAME + maskedClose(1001), heardByKaneo.poll(10, TimeUnit.SECONDS));
      gateway = RunningGateway.start(database, kaneo.port());
    }
  }

  @Test
  void aWebSocketEndsWhenItsSessionRunsOut() throws Exception {
    database.execute(
        "UPDATE session SET expires_at = timezone('utc', now()) + interval '1 s' WHERE id = 'demoSession'");
    try (RawPeer peer = webSocket(DemoSeed.SESSION_TOKEN)) {
      assertEquals(close(4401, "credential ended"), peer.readUntil("credential ended"));
    }
  }

  @Test
  void anEventStreamEndsInGoodFormWithItsCredential() throws Exception {
    try (RawPeer peer = events()) {
      database.execute("UPDATE \"user\" SET banned = true");
      assertTrue(peer.readUntil("0\r\n\r\n").endsWith("0\r\n\r\n"));
    }
  }

  @Test
  void anEventStreamEndsInGoodFormWhenTheGatewayGoes() throws Exception {
    try (RawPeer peer = events()) {
      CompletableFuture<Void> stopping = CompletableFuture.runAsync(gateway::close);
      assertTrue(peer.readUntil("0\r\n\r\n").endsWith("0\r\n\r\n"));
      stopping.get(20, TimeUnit.SECONDS);
      gateway = RunningGateway.start(database, kaneo.port());
    }
  }

  @Test
  void aDatabaseThatIsAwayEndsNothing() throws Exception {
    try (RawPeer peer = webSocket(DemoSeed.API_KEY)) {
      database.execute("ALTER TABLE session RENAME TO away");
      awaitFailedLookup();
      database.execute("ALTER TABLE away RENAME TO session");
      peer.send(TEXT_FRAME);
      gateway.close();
      assertTrue(heardByKaneo.poll(10, TimeUnit.SECONDS).startsWith(TEXT_FRAME));
      gateway = RunningGateway.start(database, kaneo.port());
    }
  }

  @Test
  void aWebSocketThatOpensWhileTheGatewayGoesEndsToo() throws Exception {
    try (RawPeer first = webSocket(DemoSeed.API_KEY);
        RawPeer late = new RawPeer(gateway.port())) {
      kaneoAnswers = new CountDownLatch(1);
      late.send(upgrade(DemoSeed.API_KEY));
      assertTrue(asked.tryAcquire(2, 10, TimeUnit.SECONDS));
      CompletableFuture<Void> stopping = CompletableFuture.runAsync(gateway::close);
      first.readUntil("gateway restarts");
      kaneoAnswers.countDown();
      assertTrue(late.readUntil("gateway restarts").endsWith(close(1012, "gateway restarts")));
      stopping.get(5, TimeUnit.SECONDS);
      gateway = RunningGateway.start(database, kaneo.port());
    }
  }

  private void awaitFailedLookup() throws Exception {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      assertTrue(
          peer.send(
                  "GET /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer new\r\n\r\n")
              .readAll()
              .startsWith("HTTP/1.1 503"));
    }
  }

  private RawPeer webSocket(String token) throws Exception {
    RawPeer peer = new RawPeer(gateway.port());
    peer.send(upgrade(token));
    assertTrue(peer.readUntil(TEXT_FRAME).startsWith("HTTP/1.1 101 "));
    return peer;
  }

  private static String upgrade(String token) {
    return "GET /api/ws/user HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer "
        + token
        + "\r\n\r\n";
  }

  private RawPeer events() throws Exception {
    RawPeer peer = new RawPeer(gateway.port());
    peer.send(
        "GET /api/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
            + DemoSeed.SESSION_TOKEN
            + "\r\n\r\n");
    assertTrue(peer.readUntil("data: tick").startsWith("HTTP/1.1 200 "));
    return peer;
  }

  private static String close(int code, String reason) {
    return "\u0088"
        + (char) (2 + reason.length())
        + (char) (code >> 8)
        + (char) (code & 0xff)
        + reason;
  }

  private static String maskedClose(int code) {
    return "\u0088\u0082\0\0\0\0" + (char) (code >> 8) + (char) (code & 0xff);
  }
}
