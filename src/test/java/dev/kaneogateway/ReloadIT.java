package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kaneogateway.config.SettingsFiles;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Settings that change under a running gateway. */
class ReloadIT {
  private static final String UPGRADE =
      "GET /api/ws/user HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: a=b\r\n\r\n";

  private final HttpClient http = HttpClient.newHttpClient();
  private ScriptedUpstream first;
  private ScriptedUpstream second;
  private Path file;
  private Path kaneos;
  private Gateway gateway;
  private Reload reload;
  private Future<Void> stopping;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    first = ScriptedUpstream.friendly();
    second = ScriptedUpstream.friendly();
    file = directory.resolve("gateway.yaml");
    Files.writeString(file, "KANEO_UPSTREAM_URL: http://127.0.0.1:" + first.port() + "\n");
    kaneos = Files.createFile(directory.resolve(".env"));
    start("0");
  }

  private void start(String drainDelay) throws Exception {
    SettingsFiles files =
        new SettingsFiles(
            Map.of(
                "DATABASE_URL", TestDatabase.create().url(),
                "AUTH_SECRET", DemoSeed.AUTH_SECRET,
                "GATEWAY_HOST", "127.0.0.1",
                "GATEWAY_PORT", "0",
                "GATEWAY_MANAGEMENT_PORT", "0",
                "GATEWAY_CACHE_TTL_MS", "0",
                "GATEWAY_DRAIN_DELAY_MS", drainDelay,
                "GATEWAY_DRAIN_SPREAD_MS", "10",
                "GATEWAY_DRAIN_TIMEOUT_MS", "5000"),
            Optional.of(kaneos),
            Optional.of(file));
    Vertx vertx = Gateway.vertx(files.read());
    gateway = RunningGateway.await(Gateway.start(vertx, files.read(), Clock.systemUTC()));
    reload = new Reload(gateway, files);
  }

  @AfterEach
  void stop() throws Exception {
    RunningGateway.await(stopping == null ? gateway.stop() : stopping);
    first.close();
    second.close();
  }

  @Test
  void anotherUpstreamServesFromNowOnWhileRequestsUnderWayEndAtTheirs() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    first.script(
        (head, connection) -> {
          asked.countDown();
          answer.await(20, TimeUnit.SECONDS);
          connection.write(ScriptedUpstream.ok("from the first"));
          return true;
        });
    CompletableFuture<HttpResponse<String>> underWay =
        http.sendAsync(get("/slow"), HttpResponse.BodyHandlers.ofString());
    assertTrue(asked.await(20, TimeUnit.SECONDS));
    Files.writeString(file, "KANEO_UPSTREAM_URL: http://127.0.0.1:" + second.port() + "\n");
    RunningGateway.await(reload.now());
    assertEquals("hello", send(get("/next")).body());
    assertTrue(second.nextHead().startsWith("GET /next "));
    answer.countDown();
    assertEquals("from the first", underWay.get(20, TimeUnit.SECONDS).body());
  }

  @Test
  void aWebSocketOfBeforeIsToldWhenTheGatewayGoes() throws Exception {
    first.script(
        (head, connection) -> {
          if (head.startsWith("GET /api/ws/")) {
            connection.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
            connection.in().readAllBytes();
            return false;
          }
          connection.write(ScriptedUpstream.ok("hello"));
          return true;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(UPGRADE);
      assertTrue(peer.readUntil("\r\n\r\n").startsWith("HTTP/1.1 101 "));
      append("DEVICE_AUTH_CLIENT_IDS: new-client");
      RunningGateway.await(reload.now());
      stopping = gateway.stop();
      assertTrue(peer.readUntil("gateway restarts").endsWith("gateway restarts"));
    }
  }

  @Test
  void aWebSocketWhoseClientHasLeftIsNotCutAtKaneo() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch reloaded = new CountDownLatch(1);
    CompletableFuture<String> heard = new CompletableFuture<>();
    first.script(
        (head, connection) -> {
          asked.countDown();
          reloaded.await(20, TimeUnit.SECONDS);
          connection.socketTimeout(500);
          try {
            heard.complete("byte " + connection.in().read());
          } catch (SocketTimeoutException silence) {
            heard.complete("nothing");
          }
          return false;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(UPGRADE);
      assertTrue(asked.await(20, TimeUnit.SECONDS));
    }
    awaitMetric("kaneo_gateway_requests_in_flight 0.0");
    append("DEVICE_AUTH_CLIENT_IDS: new-client");
    RunningGateway.await(reload.now());
    reloaded.countDown();
    assertEquals("nothing", heard.get(20, TimeUnit.SECONDS));
    awaitMetric("kaneo_gateway_streams_open 0.0");
  }

  private void awaitMetric(String line) {
    HttpRequest scrape =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + gateway.managementPort() + "/metrics"))
            .build();
    Await.until(line, () -> send(scrape).body().contains(line));
  }

  @Test
  void aClientAddedToTheListMaySignIn() throws Exception {
    assertEquals(400, send(code("new-client")).statusCode());
    append("DEVICE_AUTH_CLIENT_IDS: kaneo-cli,new-client");
    RunningGateway.await(reload.now());
    assertEquals(200, send(code("new-client")).statusCode());
  }

  @Test
  void aStrangerIsBelievedOnceItsAddressIsTrusted() throws Exception {
    append("TRUSTED_PROXIES: 192.0.2.1");
    RunningGateway.await(reload.now());
    send(forwardedFor("198.51.100.7"));
    assertTrue(first.nextHead().contains("X-Forwarded-For: 127.0.0.1"));
    Files.writeString(
        file,
        Files.readString(file).replace("TRUSTED_PROXIES: 192.0.2.1", "TRUSTED_PROXIES: 127.0.0.1"));
    RunningGateway.await(reload.now());
    send(forwardedFor("198.51.100.7"));
    assertTrue(first.nextHead().contains("X-Forwarded-For: 198.51.100.7"));
  }

  @Test
  void aLimitHoldsFromNowOn() throws Exception {
    for (int i = 0; i < 3; i++) {
      assertEquals(200, send(forwardedFor("198.51.100.7")).statusCode());
    }
    append("GATEWAY_LIMIT_ADDRESS_PER_MINUTE: 1");
    RunningGateway.await(reload.now());
    assertEquals(200, send(forwardedFor("198.51.100.7")).statusCode());
    assertEquals(429, send(forwardedFor("198.51.100.7")).statusCode());
  }

  @Test
  void whoIsKnownGoesOnDuringAFloodOfGuessesThatSettingsAreChangedFor() throws Exception {
    append("GATEWAY_LIMIT_FAILED_PER_MINUTE: 2");
    RunningGateway.await(reload.now());
    assertEquals(200, statusWith(DemoSeed.API_KEY));
    assertEquals(401, statusWith("a guess"));
    assertEquals(401, statusWith("another guess"));
    assertEquals(429, statusWith("a third guess"));
    append("GATEWAY_IN_FLIGHT: 1000");
    RunningGateway.await(reload.now());
    assertEquals(429, statusWith("a fourth guess"));
    assertEquals(200, statusWith(DemoSeed.API_KEY));
  }

  private int statusWith(String key) throws Exception {
    return send(HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + gateway.port() + "/api/task/7"))
            .header("X-Forwarded-For", "192.0.2.1")
            .header("x-api-key", key)
            .build())
        .statusCode();
  }

  @Test
  void aBadChangeIsRefusedWhole() throws Exception {
    append("DEVICE_AUTH_CLIENT_IDS: new-client");
    append("GATEWAY_UPSTREAM_QUEUE: many");
    assertThrows(AssertionError.class, () -> RunningGateway.await(reload.now()));
    assertEquals(400, send(code("new-client")).statusCode());
    assertEquals(200, send(code("kaneo-cli")).statusCode());
  }

  @Test
  void aMisspeltNameIsToldOf() throws Exception {
    Logger log = (Logger) LoggerFactory.getLogger(Reload.class);
    ListAppender<ILoggingEvent> told = new ListAppender<>();
    told.start();
    log.addAppender(told);
    try {
      Files.writeString(kaneos, "GATEWAY_UPSTREAM_QEUE=7\n");
      RunningGateway.await(reload.now());
    } finally {
      log.detachAppender(told);
    }
    assertEquals(
        List.of(
            kaneos
                + ": GATEWAY_UPSTREAM_QEUE is not a setting; did you mean GATEWAY_UPSTREAM_QUEUE?",
            "the settings were read again, and none has changed that can be taken up"),
        told.list.stream().map(ILoggingEvent::getFormattedMessage).toList());
  }

  @Test
  void whatOnlyAStartTakesUpHindersNoOtherChange() throws Exception {
    append("GATEWAY_CACHE_SIZE: 5");
    append("DEVICE_AUTH_CLIENT_IDS: new-client");
    RunningGateway.await(reload.now());
    assertEquals(200, send(code("new-client")).statusCode());
  }

  /** Such as when both come with a new release. */
  @Test
  void whatIsTakenUpDuringAStopSaysGoodbyeToo() throws Exception {
    RunningGateway.await(gateway.stop());
    start("5000");
    stopping = gateway.stop();
    append("DEVICE_AUTH_CLIENT_IDS: new-client");
    RunningGateway.await(reload.now());
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String answer = peer.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("hello");
      assertTrue(answer.toLowerCase(Locale.ROOT).contains("\r\nconnection: close\r\n"), answer);
    }
  }

  private void append(String line) throws Exception {
    Files.writeString(file, Files.readString(file) + line + "\n");
  }

  private HttpRequest get(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + path)).build();
  }

  private HttpRequest forwardedFor(String address) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + "/x"))
        .header("X-Forwarded-For", address)
        .build();
  }

  private HttpRequest code(String client) {
    return HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + gateway.port() + "/api/auth/device/code"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString("client_id=" + client))
        .build();
  }

  private HttpResponse<String> send(HttpRequest request) throws Exception {
    return http.send(request, HttpResponse.BodyHandlers.ofString());
  }
}
