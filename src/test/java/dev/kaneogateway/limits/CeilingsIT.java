package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.SqlConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** More at once than is let. */
@ExtendWith(VertxExtension.class)
@Timeout(60)
class CeilingsIT {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static TestDatabase database;

  private final CountDownLatch answer = new CountDownLatch(1);
  private ScriptedUpstream kaneo;

  @BeforeAll
  static void create() {
    database = TestDatabase.create();
  }

  @BeforeEach
  void start() throws Exception {
    kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              if (head.startsWith("GET /slow")) {
                answer.await(30, TimeUnit.SECONDS);
              } else if (head.startsWith("GET /api/ws/")) {
                connection.write(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                        + "Upgrade: websocket\r\n\r\nopen");
                connection.in().read();
                return false;
              } else if (head.startsWith("GET /events")) {
                connection.write(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n6\r\ndata:\n\r\n");
                connection.in().read();
                return false;
              }
              connection.write(ScriptedUpstream.ok("hello"));
              return true;
            });
  }

  @AfterEach
  void stop() throws Exception {
    answer.countDown();
    kaneo.close();
  }

  @Test
  void whatIsAboveTheCeilingIsRefusedAtOnceAndWhatIsBelowItIsServed() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_IN_FLIGHT", "2");
        RawPeer first = ask(gateway, "/slow", "203.0.113.1");
        RawPeer second = ask(gateway, "/slow", "203.0.113.2")) {
      kaneo.nextHead();
      kaneo.nextHead();
      HttpResponse<String> shed = get(gateway, "/", "203.0.113.3");
      assertEquals(503, shed.statusCode());
      int seconds = Integer.parseInt(shed.headers().firstValue("Retry-After").orElseThrow());
      assertTrue(seconds >= 1 && seconds <= 3);
      assertTrue(shed.body().contains("overloaded"), shed.body());
      assertEquals(503, get(gateway, "/device", "203.0.113.3").statusCode());
      HttpResponse<String> poll = get(gateway, "/api/auth/device/token", "203.0.113.3");
      assertEquals(503, poll.statusCode());
      assertTrue(poll.body().contains("slow_down"), poll.body());
      String metrics = gateway.metrics();
      assertTrue(
          metrics.contains("kaneo_gateway_shed_requests_total{ceiling=\"requests\"} 3.0"), metrics);
      assertTrue(metrics.contains("kaneo_gateway_requests_counted 2.0"), metrics);
      answer.countDown();
      first.readUntil("hello");
      second.readUntil("hello");
      gateway.awaitMetric("kaneo_gateway_requests_counted 0.0");
      assertEquals(200, get(gateway, "/", "203.0.113.3").statusCode());
    }
  }

  @Test
  void oneAddressCannotTakeAllPlaces() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_IN_FLIGHT_PER_ADDRESS", "1");
        RawPeer slow = ask(gateway, "/slow", "203.0.113.1")) {
      kaneo.nextHead();
      assertEquals(503, get(gateway, "/", "203.0.113.1").statusCode());
      assertEquals(200, get(gateway, "/", "203.0.113.2").statusCode());
      // A client that leaves gives its place back.
      slow.reset();
      gateway.awaitMetric("kaneo_gateway_requests_counted 0.0");
      assertEquals(200, get(gateway, "/", "203.0.113.1").statusCode());
    }
  }

  /** Or there could be any number of them, kept by what they wait for. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /api/task HTTP/1.1\r\nAuthorization: Bearer nobody-%d\r\n",
        "GET /api/auth/device?user_code=BCDFGHJK HTTP/1.1\r\nAuthorization: Bearer nobody-%d\r\n"
      })
  void whoLeavesBeforeItsCredentialIsKnownKeepsItsPlaceUntilItIs(String head, Vertx vertx)
      throws Exception {
    try (RunningGateway gateway =
        gateway("GATEWAY_IN_FLIGHT", "2", "GATEWAY_LOOKUP_TIMEOUT_MS", "20000")) {
      SqlConnection other =
          RunningGateway.await(
              PgConnection.connect(vertx, PgConnectOptions.fromUri(database.url())));
      RunningGateway.await(other.query("BEGIN; LOCK TABLE apikey, session").execute());
      for (int i = 1; i <= 2; i++) {
        try (RawPeer leaving = new RawPeer(gateway.port())) {
          leaving.send(head.formatted(i) + "Host: a\r\n\r\n");
          gateway.awaitMetric("kaneo_gateway_requests_counted " + i + ".0");
          leaving.reset();
          gateway.awaitMetric("kaneo_gateway_requests_in_flight 0.0");
        }
      }
      assertEquals(503, get(gateway, "/", "203.0.113.3").statusCode());
      RunningGateway.await(other.close());
      gateway.awaitMetric("kaneo_gateway_requests_counted 0.0");
      assertEquals(200, get(gateway, "/", "203.0.113.3").statusCode());
    }
  }

  @Test
  void aWebSocketIsNoRequestUnderWayButHasACeilingOfItsOwn() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_IN_FLIGHT", "1", "GATEWAY_STREAMS", "1")) {
      try (RawPeer open = upgrade(gateway)) {
        open.readUntil("open");
        assertEquals(200, get(gateway, "/", "203.0.113.1").statusCode());
        gateway.awaitMetric("kaneo_gateway_requests_counted 0.0");
        try (RawPeer further = upgrade(gateway)) {
          assertTrue(further.readUntil("\r\n").startsWith("HTTP/1.1 503 "));
        }
        assertTrue(
            gateway
                .metrics()
                .contains("kaneo_gateway_shed_requests_total{ceiling=\"streams\"} 1.0"));
        assertTrue(gateway.metrics().contains("kaneo_gateway_streams_open 1.0"));
      }
      gateway.awaitMetric("kaneo_gateway_streams_open 0.0");
      try (RawPeer again = upgrade(gateway)) {
        again.readUntil("open");
      }
    }
  }

  @Test
  void anEventStreamIsNoRequestUnderWayButHasACeilingOfItsOwn() throws Exception {
    try (RunningGateway gateway =
        gateway("GATEWAY_IN_FLIGHT", "1", "GATEWAY_STREAMS_PER_ADDRESS", "1")) {
      try (RawPeer events = ask(gateway, "/events", "203.0.113.1")) {
        events.readUntil("data:");
        assertEquals(200, get(gateway, "/", "203.0.113.1").statusCode());
        gateway.awaitMetric("kaneo_gateway_requests_counted 0.0");
        try (RawPeer further = ask(gateway, "/events", "203.0.113.1")) {
          assertTrue(further.readUntil("\r\n").startsWith("HTTP/1.1 503 "));
        }
        assertTrue(
            gateway
                .metrics()
                .contains(
                    "kaneo_gateway_shed_requests_total{ceiling=\"streams_per_address\"} 1.0"));
        // It is no failure of Kaneo's, which would be passed over for it.
        assertFalse(
            gateway
                .metrics()
                .contains(
                    "cause=\"busy\",upstream=\"http://127.0.0.1:" + kaneo.port() + "\"} 1.0"));
        gateway.awaitMetric("kaneo_gateway_requests_counted 0.0");
        try (RawPeer others = ask(gateway, "/events", "203.0.113.2")) {
          others.readUntil("data:");
        }
      }
      gateway.awaitMetric("kaneo_gateway_streams_open 0.0");
    }
  }

  private RunningGateway gateway(String... settings) throws Exception {
    RunningGateway gateway = RunningGateway.start(database, kaneo.port(), settings);
    Await.until(
        "the database is known",
        () ->
            get(gateway, "/api/task", "192.0.2.1", "Authorization", "Bearer nobody").statusCode()
                == 401);
    // An answer is read before it has left its place.
    gateway.awaitMetric("kaneo_gateway_requests_counted 0.0");
    return gateway;
  }

  private static RawPeer ask(RunningGateway gateway, String path, String address) throws Exception {
    return new RawPeer(gateway.port())
        .send("GET " + path + " HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + address + "\r\n\r\n");
  }

  private static RawPeer upgrade(RunningGateway gateway) throws Exception {
    return new RawPeer(gateway.port())
        .send(
            "GET /api/ws/user HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Authorization: Bearer "
                + DemoSeed.API_KEY
                + "\r\n\r\n");
  }

  private static HttpResponse<String> get(
      RunningGateway gateway, String path, String address, String... fields) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + path))
            .header("X-Forwarded-For", address);
    return HTTP.send(
        (fields.length == 0 ? request : request.headers(fields)).build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
