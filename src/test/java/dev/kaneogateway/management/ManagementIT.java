package dev.kaneogateway.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.FreePort;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The operators' port of a whole gateway. */
class ManagementIT {
  private static ScriptedUpstream first;
  private static ScriptedUpstream second;
  private static ScriptedUpstream web;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws IOException {
    first = ScriptedUpstream.friendly();
    second = ScriptedUpstream.friendly();
    web = ScriptedUpstream.friendly();
    gateway =
        RunningGateway.start(
            TestDatabase.create(),
            first.port(),
            "KANEO_UPSTREAM_URL",
            "http://127.0.0.1:" + first.port() + ",http://127.0.0.1:" + second.port(),
            "KANEO_WEB_UPSTREAM_URL",
            "http://127.0.0.1:" + web.port(),
            "GATEWAY_UPSTREAM_HOLD_MS",
            "0");
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    first.close();
    second.close();
    web.close();
  }

  @Test
  void aGatewayWhosePortIsNotOpenIsNotReady() throws Exception {
    int port = FreePort.find();
    HttpRequest ready =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health/ready")).build();
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThrows(
          AssertionError.class,
          () ->
              RunningGateway.start(
                  TestDatabase.create(),
                  kaneo.port(),
                  "GATEWAY_PORT",
                  Integer.toString(taken.getLocalPort()),
                  "GATEWAY_MANAGEMENT_PORT",
                  Integer.toString(port)));
      HttpClient client = HttpClient.newHttpClient();
      Await.until(
          "database and Kaneo are well",
          () -> {
            JsonObject parts =
                new JsonObject(client.send(ready, HttpResponse.BodyHandlers.ofString()).body())
                    .getJsonObject("parts");
            return parts.stream()
                    .filter(part -> part.getKey().matches("database|kaneo .*"))
                    .filter(part -> part.getValue().toString().contains("\"up\""))
                    .count()
                == 2;
          });
      assertEquals(503, client.send(ready, HttpResponse.BodyHandlers.ofString()).statusCode());
    }
  }

  /** A load balancer would take the old gateway away for one that can serve nobody. */
  @Test
  void aGatewayThatHasNotHeardOfKaneoYetIsNotReady() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 9, InetAddress.getLoopbackAddress());
        RunningGateway early = RunningGateway.start(TestDatabase.create(), silent.getLocalPort());
        RawPeer operator = new RawPeer(early.managementPort())) {
      String ready = "GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
      String answer = operator.send(ready).readAll();
      assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
      assertTrue(answer.contains("not asked yet"), answer);
    }
  }

  @Test
  void theLogTellsWhenKaneoGoesAndReturns() throws Exception {
    ListAppender<ILoggingEvent> heard = new ListAppender<>();
    heard.list = new CopyOnWriteArrayList<>();
    heard.start();
    Logger log = (Logger) LoggerFactory.getLogger(HealthWatch.class);
    log.addAppender(heard);
    int port = FreePort.find();
    String kaneo = "kaneo http://127.0.0.1:" + port;
    try (RunningGateway early = RunningGateway.start(TestDatabase.create(), port)) {
      Await.until("it is missed", () -> heard.list.toString().contains(kaneo + " is down: "));
      assertFalse(early.isReady());
      try (ScriptedUpstream late = ScriptedUpstream.friendly(port)) {
        Await.until("it is seen", () -> heard.list.toString().contains(kaneo + " is up again"));
        assertEquals(port, late.port());
        assertEquals(
            List.of(Level.WARN, Level.INFO),
            heard.list.stream()
                .filter(line -> line.getFormattedMessage().startsWith(kaneo))
                .map(ILoggingEvent::getLevel)
                .toList());
      }
    } finally {
      log.detachAppender(heard);
    }
  }

  /** What held there would cut requests that nobody tells it the end of. */
  @Test
  @Timeout(5)
  void onAPortThatWasOnceForClientsTheirRulesHoldNoMore() throws Exception {
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly()) {
      int port;
      try (RunningGateway before = RunningGateway.start(TestDatabase.create(), kaneo.port())) {
        port = before.port();
      }
      try (RunningGateway after =
              RunningGateway.start(
                  TestDatabase.create(),
                  kaneo.port(),
                  "GATEWAY_MANAGEMENT_PORT",
                  Integer.toString(port));
          RawPeer peer = new RawPeer(after.managementPort())) {
        String request = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n";
        peer.send(request).readUntil("live\"}");
        peer.send(request).readUntil("live\"}");
      }
    }
  }

  @Test
  void readinessNamesEveryPartAndNeedsOneOfEachKind() throws IOException {
    JsonObject parts = awaitReady("HTTP/1.1 200", json -> json.contains("web http"));
    assertEquals("up", parts.getJsonObject("database").getString("status"));
    assertEquals("up", kaneo(parts, first).getString("status"));
    assertEquals("up", kaneo(parts, second).getString("status"));
    assertEquals(
        "up", parts.getJsonObject("web http://127.0.0.1:" + web.port()).getString("status"));
    assertFalse(Instant.parse(kaneo(parts, first).getString("since")).isAfter(Instant.now()));

    first.close();
    parts = awaitReady("HTTP/1.1 200", json -> json.contains("does not answer"));
    assertEquals("down", kaneo(parts, first).getString("status"));
    assertEquals("up", kaneo(parts, second).getString("status"));

    second.close();
    parts = awaitReady("HTTP/1.1 503", json -> true);
    assertEquals("does not answer", kaneo(parts, second).getString("detail"));
  }

  @Test
  void readinessTellsWhatADatabaseSaidThatAnswersWithAnError() throws Exception {
    String url = TestDatabase.createEmpty().url();
    HttpClient client = HttpClient.newHttpClient();
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway alone =
            RunningGateway.start(
                TestDatabase.createEmpty(),
                kaneo.port(),
                "DATABASE_URL",
                url.substring(0, url.lastIndexOf('/') + 1) + "not_there")) {
      HttpRequest ready =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + alone.managementPort() + "/health/ready"))
              .build();
      Await.until(
          "the database's own words",
          () ->
              client
                  .send(ready, HttpResponse.BodyHandlers.ofString())
                  .body()
                  .contains(
                      "answers with an error: database \\\"not_there\\\" does not exist (3D000)"));
    }
  }

  @Test
  void readinessTellsANameThatDoesNotResolveFromAKaneoThatDoesNotAnswer() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    try (RunningGateway alone =
        RunningGateway.start(
            TestDatabase.createEmpty(), 1, "KANEO_UPSTREAM_URL", "http://kaneo.invalid:1337")) {
      HttpRequest ready =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + alone.managementPort() + "/health/ready"))
              .build();
      Await.until(
          "the name is the trouble",
          () ->
              client
                  .send(ready, HttpResponse.BodyHandlers.ofString())
                  .body()
                  .contains("has a name that does not resolve"));
    }
  }

  @Test
  void aRevocationLineThatNobodySetUpIsUnusedAndNotDown() throws IOException {
    JsonObject parts = awaitReady("HTTP/1.1", json -> json.contains("not all, installed"));
    assertEquals("unused", parts.getJsonObject("revocation").getString("status"));
  }

  @Test
  @Timeout(60)
  void anEventLoopThatStandsStillIsToldByTheOthers() throws Exception {
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway stalled =
            RunningGateway.start(TestDatabase.create(), kaneo.port(), "GATEWAY_EVENT_LOOPS", "3")) {
      String told = "";
      // One of them is the management port's own.
      Iterator<EventExecutor> loops =
          ((VertxInternal) stalled.vertx()).nettyEventLoopGroup().iterator();
      while (told.isEmpty() && loops.hasNext()) {
        CountDownLatch released = new CountDownLatch(1);
        loops
            .next()
            .execute(
                () -> {
                  try {
                    released.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
        told = partOnceDown(stalled.managementPort());
        released.countDown();
      }
      assertTrue(told.contains("of which 1 answer nobody"), told);
      stalled.awaitMetric("kaneo_gateway_event_loops_stalled 0.0");
    }
  }

  /** What is said of the event loops as soon as something is; nothing if nobody answers. */
  private static String partOnceDown(int port) throws Exception {
    HttpRequest ready =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health/ready"))
            .timeout(Duration.ofSeconds(3))
            .build();
    HttpClient client = HttpClient.newHttpClient();
    try {
      long patience = System.nanoTime() + Duration.ofSeconds(6).toNanos();
      while (System.nanoTime() < patience) {
        String body = client.send(ready, HttpResponse.BodyHandlers.ofString()).body();
        if (body.contains("answer nobody")) {
          return body;
        }
      }
      return "";
    } catch (HttpTimeoutException itsOwnLoop) {
      return "";
    }
  }

  @Test
  void withoutMetricsAllButTheFiguresIsThere() throws IOException {
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway plain =
            RunningGateway.start(TestDatabase.create(), kaneo.port(), "GATEWAY_METRICS", "false")) {
      String head = " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
      try (RawPeer client = new RawPeer(plain.port())) {
        assertTrue(client.send("GET /api/config" + head).readAll().endsWith("hello"));
      }
      Await.until(
          "Kaneo has been asked",
          () -> {
            try (RawPeer operator = new RawPeer(plain.managementPort())) {
              return operator.send("GET /health/ready" + head).readAll().startsWith("HTTP/1.1 200");
            }
          });
      for (String path : new String[] {"/metrics", "/", "/health/ready"}) {
        try (RawPeer operator = new RawPeer(plain.managementPort())) {
          String answer = operator.send("GET " + path + head).readAll();
          assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
          assertEquals(path.equals("/metrics"), answer.endsWith("\r\n\r\n"), answer);
          assertEquals(path.equals("/"), answer.contains("GATEWAY_METRICS is false"), answer);
          assertFalse(answer.contains("<figure"), answer);
        }
      }
    }
  }

  @Test
  void theFrontPageTellsTheStateWithoutScript() throws IOException {
    String page = get("/");
    assertTrue(page.startsWith("HTTP/1.1 200 OK\r\n"), page);
    assertTrue(page.contains("Content-Type: text/html;charset=UTF-8\r\n"), page);
    assertTrue(page.contains("Content-Security-Policy: default-src 'none'"), page);
    assertTrue(page.contains("Refresh: 10\r\n"), page);
    assertTrue(page.contains("The last 15 minutes"), page);
    assertFalse(page.contains("<script"), page);
    assertFalse(get("/?refresh=off").contains("Refresh: 10\r\n"));
    assertTrue(get("/status.css").contains("Content-Type: text/css"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/metrics", "/health/live", "/status.css"})
  void headIsGetWithoutABody(String path) throws IOException {
    String answer = ask("HEAD", path);
    assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
    assertTrue(answer.endsWith("\r\n\r\n"), answer);
    assertTrue(answer.contains("Content-Type: "), answer);
  }

  @Test
  void whatIsNotHereIsSaidPlainly() throws IOException {
    String nowhere = get("/nowhere");
    assertTrue(nowhere.startsWith("HTTP/1.1 404 "), nowhere);
    assertTrue(nowhere.endsWith("Here are /, /metrics, /health/live, /health/ready.\n"), nowhere);
    String post = ask("POST", "/metrics");
    assertTrue(post.startsWith("HTTP/1.1 405 "), post);
    assertTrue(post.contains("Allow: GET, HEAD\r\n"), post);
  }

  private static JsonObject kaneo(JsonObject parts, ScriptedUpstream upstream) {
    return parts.getJsonObject("kaneo http://127.0.0.1:" + upstream.port());
  }

  /** The parts, once readiness answers so; each look at them is the event waited for. */
  private static JsonObject awaitReady(String status, Predicate<String> and) throws IOException {
    String[] body = new String[1];
    Await.until(
        status,
        () -> {
          String answer = get("/health/ready");
          body[0] = answer.substring(answer.indexOf("\r\n\r\n") + 4);
          return answer.startsWith(status) && and.test(body[0]);
        });
    return new JsonObject(body[0]).getJsonObject("parts");
  }

  private static String get(String path) throws IOException {
    return ask("GET", path);
  }

  private static String ask(String method, String path) throws IOException {
    try (RawPeer peer = new RawPeer(gateway.managementPort())) {
      return peer.send(method + " " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
          .readAll();
    }
  }

  /** An idle one is kept for a minute, so anyone inside could fill the process with them. */
  @Test
  void moreConnectionsThanThereAreForItAreClosedAsTheyCome() throws Exception {
    try (RunningGateway small =
            RunningGateway.start(
                TestDatabase.create(), first.port(), "GATEWAY_MANAGEMENT_CONNECTIONS", "2");
        RawPeer one = new RawPeer(small.managementPort());
        RawPeer two = new RawPeer(small.managementPort())) {
      for (RawPeer peer : List.of(one, two)) {
        peer.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("live");
      }
      for (int n = 0; n < 20; n++) {
        try (RawPeer further = new RawPeer(small.managementPort())) {
          assertEquals("(reset)", further.readAll());
        } catch (IOException e) {
          // So soon that its own connect hears of it.
          assertEquals("Connection reset by peer", e.getMessage());
        }
      }
      one.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
          .readUntil("connections_refused_total{ceiling=\"management\"} 20.0");
      two.reset();
      Await.until("there is room again", () -> isLive(small));
    }
  }

  private static boolean isLive(RunningGateway small) {
    try (RawPeer next = new RawPeer(small.managementPort())) {
      next.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("live");
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
