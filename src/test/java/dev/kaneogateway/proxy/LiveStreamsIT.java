package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.db.RevocationTriggers;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Vertx;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** WebSockets and event streams whose credential ends, or whose gateway goes. */
class LiveStreamsIT {
  private static final String TEXT_FRAME = "\u0081\u0002ok";

  private final BlockingQueue<String> heardByKaneo = new LinkedBlockingQueue<>();
  private final Semaphore asked = new Semaphore(0);
  private volatile CountDownLatch kaneoAnswers = new CountDownLatch(0);
  private final Semaphore late = new Semaphore(0);
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
                if (head.contains("/api/ws/late")) {
                  late.acquire();
                }
                connection.write(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                        + TEXT_FRAME);
                if (head.contains("/api/ws/flood")) {
                  flood(connection);
                  heardByKaneo.add("cut off");
                  return false;
                }
                heardByKaneo.add(
                    new String(connection.in().readAllBytes(), StandardCharsets.ISO_8859_1));
              } else if (isStream(head)) {
                connection.write(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "c\r\ndata: tick\n\n\r\n");
                connection.in().readAllBytes();
              } else {
                connection.write(ScriptedUpstream.ok("hello"));
              }
              return !head.contains("/api/ws/") && !isStream(head);
            });
    start("100");
  }

  private void start(String recheckMs) throws Exception {
    gateway =
        RunningGateway.start(
            database,
            kaneo.port(),
            "GATEWAY_STREAM_RECHECK_MS",
            recheckMs,
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

  private void install() {
    Vertx vertx = Vertx.vertx();
    try {
      RunningGateway.await(
          RevocationTriggers.install(
              Database.pool(vertx, new Settings.Database(database.url(), 1))));
    } finally {
      RunningGateway.await(vertx.close());
    }
  }

  private static boolean isStream(String head) {
    return head.contains("/api/events") || head.contains("/api/mcp");
  }

  /** Frames of text without end, to a client that does not read them. */
  private static void flood(ScriptedUpstream.Connection connection) {
    try {
      while (true) {
        connection.write("\u0081\u007e\u007f\u00ff" + "x".repeat(0x7fff));
      }
    } catch (java.io.IOException closed) {
      // As it should be.
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
  void aCredentialThatEndsCountsOnceHoweverLongItsClientTakesToHangUp() throws Exception {
    try (RawPeer one = webSocket(DemoSeed.SESSION_TOKEN);
        RawPeer two = webSocket(DemoSeed.SESSION_TOKEN)) {
      database.execute("DELETE FROM session WHERE id = 'demoSession'");
      // Until they are cut off the credential is asked about ten times more.
      one.readAll();
      two.readAll();
      gateway.awaitMetric("kaneo_gateway_credential_streams_open 0.0");
      gateway.awaitMetric("kaneo_gateway_streams_ended_total 1.0");
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

  /** As the web app opens them: Kaneo judges the cookie, the gateway watches over its session. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "other=1; better-auth.session_token=%s",
        "better-auth.session_token=\"%s\"",
        "__Secure-better-auth.session_token=x.y; better-auth.session_token=%s"
      })
  void aWebSocketOpenedWithACookieEndsWithItsSession(String cookies) throws Exception {
    try (RawPeer peer = webSocketByCookie(cookies)) {
      database.execute("DELETE FROM session WHERE id = 'demoSession'");
      assertEquals(close(4401, "credential ended"), peer.readUntil("credential ended"));
    }
  }

  /** Kaneo believes a signed copy of the session, of up to five minutes ago. */
  @Test
  void aWebSocketOpenedWithTheCookieOfAnEndedSessionIsClosed() throws Exception {
    database.execute("DELETE FROM session WHERE id = 'demoSession'");
    try (RawPeer peer = webSocketByCookie("better-auth.session_token=%s")) {
      assertEquals(close(4401, "credential ended"), peer.readUntil("credential ended"));
    }
  }

  @Test
  void aWebSocketOpenedWhileNobodyKnewWhoseItWasEndsWithItsSession() throws Exception {
    database.execute("ALTER TABLE session RENAME TO away");
    try (RawPeer peer = webSocketByCookie("better-auth.session_token=%s")) {
      database.execute("ALTER TABLE away RENAME TO session");
      database.execute("DELETE FROM session WHERE id = 'demoSession'");
      assertEquals(close(4401, "credential ended"), peer.readUntil("credential ended"));
    }
  }

  /** Or everybody would be cut off by a gateway that was given another secret than Kaneo. */
  @Test
  void aSignatureThatOnlyKaneoFindsGoodEndsNothing() throws Exception {
    try (RawPeer peer = webSocketByCookie("better-auth.session_token=%sx")) {
      database.execute("DELETE FROM session WHERE id = 'demoSession'");
      try (RawPeer other = webSocketByCookie("better-auth.session_token=%s")) {
        assertEquals(close(4401, "credential ended"), other.readUntil("credential ended"));
      }
      assertEquals(maskedClose(1001), heardByKaneo.poll(10, TimeUnit.SECONDS));
      peer.send("\u0081\u0080\0\0\0\0");
    }
    assertEquals("\u0081\u0080\0\0\0\0", heardByKaneo.poll(10, TimeUnit.SECONDS));
  }

  private RawPeer webSocketByCookie(String cookies) throws Exception {
    RawPeer peer = new RawPeer(gateway.port());
    peer.send(
        "GET /api/ws/user HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: "
            + cookies.formatted(signedSessionToken())
            + "\r\n\r\n");
    assertTrue(peer.readUntil(TEXT_FRAME).startsWith("HTTP/1.1 101 "));
    return peer;
  }

  /** Kaneo judges these paths itself. */
  @Test
  void aStreamOfMcpEndsWithItsSession() throws Exception {
    try (RawPeer peer = stream("/api/mcp")) {
      // Whose it is the gateway finds out beside, and of a session that is gone by then it cannot.
      gateway.awaitMetric("kaneo_gateway_credential_streams_open 1.0");
      database.execute("DELETE FROM session WHERE id = 'demoSession'");
      assertTrue(peer.readUntil("0\r\n\r\n").endsWith("0\r\n\r\n"));
    }
  }

  /** With triggers, all are asked about again only after 30 rounds. */
  @Test
  void aCredentialThatEndsWhileItsWebSocketOpensClosesIt() throws Exception {
    gateway.close();
    install();
    start("500");
    awaitListening();
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(
          "GET /api/ws/late HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer "
              + DemoSeed.SESSION_TOKEN
              + "\r\n\r\n");
      String head;
      do {
        head = kaneo.nextHead();
      } while (!head.contains("/api/ws/late"));
      database.execute("DELETE FROM session WHERE id = 'demoSession'");
      awaitStatus(401, DemoSeed.SESSION_TOKEN);
      late.release();
      assertTrue(peer.readUntil("credential ended").endsWith(close(4401, "credential ended")));
    }
  }

  /** With triggers the change is told, found to leave it valid for now, and its end is near. */
  @Test
  @Tag("long")
  void anEndThatIsMovedNearerIsKept() throws Exception {
    gateway.close();
    install();
    start("500");
    awaitListening();
    try (RawPeer peer = webSocket(DemoSeed.SESSION_TOKEN)) {
      database.execute(
          "UPDATE session SET expires_at = timezone('utc', now()) + interval '2 s' WHERE id = 'demoSession'");
      assertEquals(close(4401, "credential ended"), peer.readUntil("credential ended"));
    }
  }

  @Test
  void aClientThatDoesNotReadIsCutOffAllTheSame() throws Exception {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(
          "GET /api/ws/flood HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer "
              + DemoSeed.SESSION_TOKEN
              + "\r\n\r\n");
      peer.readUntil("\r\n\r\n");
      database.execute("DELETE FROM session WHERE id = 'demoSession'");
      // Kaneo's side ends, though the client still has not read a byte.
      assertEquals("cut off", heardByKaneo.poll(20, TimeUnit.SECONDS));
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
    awaitStatus(503, "new");
  }

  private void awaitStatus(int status, String token) throws Exception {
    String answer;
    do {
      try (RawPeer peer = new RawPeer(gateway.port())) {
        answer =
            peer.send(
                    "GET /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer "
                        + token
                        + "\r\n\r\n")
                .readAll();
      }
    } while (!answer.startsWith("HTTP/1.1 " + status));
  }

  private void awaitListening() {
    gateway.awaitMetric("kaneo_gateway_revocation_line_up 1.0");
  }

  private static String signedSessionToken() throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(
        new SecretKeySpec(DemoSeed.AUTH_SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    String signature =
        Base64.getEncoder()
            .encodeToString(mac.doFinal(DemoSeed.SESSION_TOKEN.getBytes(StandardCharsets.UTF_8)));
    return URLEncoder.encode(DemoSeed.SESSION_TOKEN + "." + signature, StandardCharsets.UTF_8);
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
    return stream("/api/events");
  }

  private RawPeer stream(String path) throws Exception {
    RawPeer peer = new RawPeer(gateway.port());
    peer.send(
        "GET "
            + path
            + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
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
