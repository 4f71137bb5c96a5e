package dev.kaneogateway.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.internal.VertxInternal;
import java.io.IOException;
import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which connection to Kaneo a request gets, and when none is used again. */
@Timeout(60)
class ConnectionPoolIT {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static TestDatabase database;

  private ScriptedUpstream kaneo;

  @BeforeAll
  static void create() {
    database = TestDatabase.createEmpty();
  }

  @BeforeEach
  void start() throws IOException {
    kaneo = ScriptedUpstream.friendly();
  }

  @AfterEach
  void stop() throws IOException {
    kaneo.close();
  }

  @Test
  void whoFindsNoneFreeWaitsInOrderAndTheCrowdIsSentAway() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    List<String> order = new CopyOnWriteArrayList<>();
    kaneo.script(
        (head, connection) -> {
          order.add(head.substring(0, 6));
          answer.await();
          connection.write(ScriptedUpstream.ok("hello"));
          return true;
        });
    try (RunningGateway gateway =
            gateway("GATEWAY_UPSTREAM_CONNECTIONS", "1", "GATEWAY_UPSTREAM_QUEUE", "2");
        RawPeer first = new RawPeer(gateway.port());
        RawPeer crowd = new RawPeer(gateway.port())) {
      first.send(get("/1"));
      kaneo.nextHead();
      // One connection of a client keeps its requests in order; so others are needed.
      try (RawPeer second = new RawPeer(gateway.port());
          RawPeer third = new RawPeer(gateway.port())) {
        second.send(get("/2"));
        third.send(get("/3"));
        gateway.awaitMetric("kaneo_gateway_requests_in_flight 3.0");
        String refused = crowd.send(get("/4")).readUntil("}");
        assertTrue(refused.startsWith("HTTP/1.1 503 "), refused);
        assertTrue(refused.contains("\r\nRetry-After: 1\r\n"), refused);
        // A page could not read the refusal of a preflight, so it gets that of its request.
        String preflight =
            "Origin: http://kaneo.test\r\nAccess-Control-Request-Method: PUT\r\n\r\n";
        String granted =
            crowd.send("OPTIONS /api/4 HTTP/1.1\r\nHost: a\r\n" + preflight).readUntil("\r\n\r\n");
        assertTrue(granted.startsWith("HTTP/1.1 204 "), granted);
        answer.countDown();
        first.readUntil("hello");
        second.readUntil("hello");
        third.readUntil("hello");
      }
      assertEquals("GET /1", order.get(0));
      assertEquals(3, order.size());
    }
  }

  @Test
  void eventStreamsTakeNoPlaceOfThosePlainRequestsHave() throws Exception {
    kaneo.script(
        (head, connection) -> {
          if (!head.contains("/events")) {
            connection.write(ScriptedUpstream.ok("hello"));
            return true;
          }
          connection.write(
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                  + "Transfer-Encoding: chunked\r\n\r\n6\r\ndata:\n\r\n");
          return connection.in().read() >= 0;
        });
    try (RunningGateway gateway = gateway("GATEWAY_UPSTREAM_CONNECTIONS", "1");
        RawPeer first = new RawPeer(gateway.port());
        RawPeer second = new RawPeer(gateway.port());
        RawPeer plain = new RawPeer(gateway.port())) {
      first.send(get("/events")).readUntil("data:");
      second.send(get("/events")).readUntil("data:");
      assertTrue(plain.send(get("/1")).readUntil("hello").startsWith("HTTP/1.1 200 "));
      first.reset();
      second.reset();
      gateway.awaitMetric("kaneo_gateway_streams_open 0.0");
      // One place is left, neither more nor less.
      assertTrue(plain.send(get("/2")).readUntil("hello").startsWith("HTTP/1.1 200 "));
      gateway.awaitMetric(
          "kaneo_gateway_upstream_connections{upstream=\"http://127.0.0.1:"
              + kaneo.port()
              + "\"} 1.0");
    }
  }

  @Test
  void nobodyWaitsLongerThanIsSet() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    kaneo.script(heldUntil(answer));
    try (RunningGateway gateway =
            gateway(
                "GATEWAY_UPSTREAM_CONNECTIONS", "1", "GATEWAY_UPSTREAM_CONNECT_TIMEOUT_MS", "200");
        RawPeer first = new RawPeer(gateway.port());
        RawPeer second = new RawPeer(gateway.port())) {
      first.send(get("/1"));
      kaneo.nextHead();
      String refused = second.send(get("/2")).readUntil("}");
      assertTrue(refused.startsWith("HTTP/1.1 503 "), refused);
      answer.countDown();
      first.readUntil("hello");
    }
  }

  @Test
  void aBodyThatDripsMakesWayForWhoWaits() throws Exception {
    kaneo.script(
        (head, connection) -> {
          if (head.startsWith("POST")) {
            connection.read(1000);
            return false;
          }
          connection.write(ScriptedUpstream.ok("hello"));
          return true;
        });
    try (RunningGateway gateway = gateway("GATEWAY_UPSTREAM_CONNECTIONS", "1");
        RawPeer drips = new RawPeer(gateway.port());
        RawPeer other = new RawPeer(gateway.port())) {
      drips.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx");
      kaneo.nextHead();
      String answer = other.send(get("/2")).readUntil("hello");
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
      gateway.awaitMetric(
          "kaneo_gateway_upstream_slow_clients_ended_total{upstream=\"http://127.0.0.1:"
              + kaneo.port()
              + "\"} 1.0");
      String ended = drips.readUntil("}");
      assertTrue(ended.startsWith("HTTP/1.1 408 "), ended);
    }
  }

  @Test
  void bodiesThatDripLeaveRoomBeforeAnybodyWaits() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.read(1000);
          return false;
        });
    List<RawPeer> peers = new ArrayList<>();
    try (RunningGateway gateway = gateway("GATEWAY_UPSTREAM_CONNECTIONS", "64")) {
      for (int n = 0; n < 60; n++) {
        RawPeer drips = new RawPeer(gateway.port());
        peers.add(drips);
        drips.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx");
      }
      Await.until("an eighth is free", () -> number(gateway, "slow_clients_ended_total") >= 4);
      assertTrue(number(gateway, "connections") <= 56);
    } finally {
      for (RawPeer peer : peers) {
        peer.close();
      }
    }
  }

  private double number(RunningGateway gateway, String metric) {
    String sample =
        "kaneo_gateway_upstream_"
            + metric
            + "{upstream=\"http://127.0.0.1:"
            + kaneo.port()
            + "\"} ";
    return gateway
        .metrics()
        .lines()
        .filter(line -> line.startsWith(sample))
        .mapToDouble(line -> Double.parseDouble(line.substring(sample.length())))
        .sum();
  }

  @Test
  @Tag("long")
  void anAnswerThatIsNotReadMakesWayForWhoWaits() throws Exception {
    CountDownLatch cancelled = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          if (head.startsWith("GET /1")) {
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
            try {
              while (true) {
                connection.write("x".repeat(1 << 16));
              }
            } catch (IOException cut) {
              cancelled.countDown();
            }
            return false;
          }
          connection.write(ScriptedUpstream.ok("hello"));
          return true;
        });
    try (RunningGateway gateway =
            gateway(
                "GATEWAY_UPSTREAM_CONNECTIONS",
                "1",
                "GATEWAY_PROGRESS_TIMEOUT_MS",
                "600000",
                // What fits into the sockets' buffers before the client stands still is quick.
                "GATEWAY_UPSTREAM_CONNECT_TIMEOUT_MS",
                "600000");
        RawPeer stalled = new RawPeer(gateway.port());
        RawPeer other = new RawPeer(gateway.port())) {
      stalled.send(get("/1"));
      kaneo.nextHead();
      other.patience(0).send(get("/2")).readUntil("hello");
      cancelled.await();
    }
  }

  @Test
  void aConnectionIsUsedAgain() throws Exception {
    assertEquals(1, connectionsOfTwoRequests(ScriptedUpstream.ok("hello")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more than was announced",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
            + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200"
      })
  void aConnectionThatMayEndOrSaysTooMuchIsNotUsedAgain(String answer) throws Exception {
    assertEquals(2, connectionsOfTwoRequests(answer));
  }

  /** As behind a pause of the process, in which Kaneo restarted. */
  @Test
  void whoComesTogetherWithTheEndOfAConnectionGetsAnother() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    CountDownLatch pauseIsOver = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          connection.write(ScriptedUpstream.ok("hello"));
          if (head.startsWith("GET")) {
            end.await();
            connection.close();
            ended.countDown();
          }
          return true;
        });
    try (RunningGateway gateway = gateway();
        RawPeer client = new RawPeer(gateway.port())) {
      client.send(get("/1")).readUntil("hello");
      for (EventExecutor each : ((VertxInternal) gateway.vertx()).nettyEventLoopGroup()) {
        each.submit(
            () -> {
              pauseIsOver.await();
              return null;
            });
      }
      end.countDown();
      ended.await();
      client.send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      pauseIsOver.countDown();
      String answer = client.readUntil("\r\n\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    }
  }

  /** Of that end epoll tells only behind the read that has met it. */
  @Test
  void whoWaitsForAConnectionDoesNotGetOneThatEndedWithItsAnswer() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    CountDownLatch pauseBegins = new CountDownLatch(1);
    CountDownLatch pauseIsOver = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          answer.await();
          connection.write(ScriptedUpstream.ok("hello"));
          if (head.startsWith("GET")) {
            connection.close();
            ended.countDown();
          }
          return true;
        });
    try (RunningGateway gateway = gateway("GATEWAY_UPSTREAM_CONNECTIONS", "1");
        RawPeer first = new RawPeer(gateway.port());
        RawPeer second = new RawPeer(gateway.port())) {
      first.send(get("/1"));
      kaneo.nextHead();
      second.send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      gateway.awaitMetric("kaneo_gateway_requests_in_flight 2.0");
      for (EventExecutor each : ((VertxInternal) gateway.vertx()).nettyEventLoopGroup()) {
        each.submit(
            () -> {
              pauseBegins.countDown();
              pauseIsOver.await();
              return null;
            });
      }
      pauseBegins.await();
      answer.countDown();
      ended.await();
      pauseIsOver.countDown();
      first.readUntil("hello");
      String next = second.readUntil("\r\n\r\n");
      assertTrue(next.startsWith("HTTP/1.1 200 "), next);
    }
  }

  /** The one before it lets go of its own only when the next has begun. */
  @Test
  void aBodyBehindARefusedOneIsReadNoFurtherThanAnother() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          answer.await();
          connection.write(ScriptedUpstream.ok("hello"));
          return true;
        });
    try (RunningGateway gateway = gateway("GATEWAY_UPSTREAM_CONNECTIONS", "1");
        RawPeer first = new RawPeer(gateway.port());
        RawPeer refused = new RawPeer(gateway.port())) {
      first.send(get("/1"));
      kaneo.nextHead();
      refused.send(
          "POST /api/project HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer nobody\r\n"
              + "Content-Length: 3\r\n\r\nabc"
              + "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n");
      refused.readUntil("\r\n\r\n");
      refused.send("x".repeat(30_000));
      Await.until(
          "something waits",
          () -> !gateway.metrics().contains("memory_share_bytes{share=\"bodies\"} 0.0"));
      refused.reset();
      gateway.awaitMetric("kaneo_gateway_memory_share_bytes{share=\"bodies\"} 0.0");
      answer.countDown();
      first.readUntil("hello");
    }
  }

  /** Whose connection is read no further meanwhile. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoLeavesWhileMuchOfABodyWaitsKeepsNoPlace(boolean reset) throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          answer.await();
          connection.write(ScriptedUpstream.ok("hello"));
          return true;
        });
    try (RunningGateway gateway = gateway("GATEWAY_UPSTREAM_CONNECTIONS", "1");
        RawPeer first = new RawPeer(gateway.port())) {
      first.send(get("/1"));
      kaneo.nextHead();
      try (RawPeer leaves = new RawPeer(gateway.port())) {
        leaves.send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n");
        leaves.send("x".repeat(30_000));
        gateway.awaitMetric("kaneo_gateway_requests_in_flight 2.0");
        Await.until(
            "something waits",
            () -> !gateway.metrics().contains("memory_share_bytes{share=\"bodies\"} 0.0"));
        if (reset) {
          leaves.reset();
        }
      }
      gateway.awaitMetric("kaneo_gateway_requests_in_flight 1.0");
      gateway.awaitMetric("kaneo_gateway_memory_share_bytes{share=\"bodies\"} 0.0");
      answer.countDown();
      first.readUntil("hello");
    }
  }

  @Test
  void aConnectionWhoseAnswerBeganBeforeTheBodyHadLeftIsNotUsedAgain() throws Exception {
    List<Integer> connections = new CopyOnWriteArrayList<>();
    kaneo.script(
        (head, connection) -> {
          connections.add(connection.clientPort());
          if (connections.size() == 1) {
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
            connection.read(10);
            connection.write("lo");
          } else {
            connection.write(ScriptedUpstream.ok("bye"));
          }
          return true;
        });
    try (RunningGateway gateway = gateway()) {
      try (RawPeer client = new RawPeer(gateway.port())) {
        client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfirst");
        client.readUntil("hel");
        client.send("after").readUntil("lo");
      }
      try (RawPeer client = new RawPeer(gateway.port())) {
        client.send(get("/2")).readUntil("bye");
      }
    }
    assertEquals(2, connections.stream().distinct().count());
  }

  private long connectionsOfTwoRequests(String answer) throws Exception {
    List<Integer> connections = new CopyOnWriteArrayList<>();
    kaneo.script(
        (head, connection) -> {
          connections.add(connection.clientPort());
          connection.write(connections.size() == 1 ? answer : ScriptedUpstream.ok("bye"));
          return true;
        });
    try (RunningGateway gateway = gateway();
        RawPeer client = new RawPeer(gateway.port())) {
      client.send(get("/1")).readUntil("hello");
      String second = client.send(get("/2")).readUntil("bye");
      assertTrue(!second.contains("forged"), second);
    }
    return connections.stream().distinct().count();
  }

  @Test
  void anAnswerThatEndsWithItsConnectionLeavesNoneToWhoWaits() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          if (head.startsWith("POST")) {
            connection.write(ScriptedUpstream.ok("hello"));
            return true;
          }
          connection.write("HTTP/1.1 200 OK\r\n\r\nall of it");
          end.await();
          return false;
        });
    try (RunningGateway gateway = gateway("GATEWAY_UPSTREAM_CONNECTIONS", "1");
        RawPeer first = new RawPeer(gateway.port());
        RawPeer second = new RawPeer(gateway.port())) {
      first.send(get("/1"));
      kaneo.nextHead();
      second.send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      gateway.awaitMetric("kaneo_gateway_requests_in_flight 2.0");
      end.countDown();
      first.readUntil("all of it");
      String answer = second.readUntil("hello");
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    }
  }

  /** One more client beside the one that has the connection, and gone again. */
  private static void leaveWhileWaiting(RunningGateway gateway) throws Exception {
    try (RawPeer second = new RawPeer(gateway.port())) {
      second.send(get("/2"));
      gateway.awaitMetric("kaneo_gateway_requests_in_flight 2.0");
      second.reset();
    }
    gateway.awaitMetric("kaneo_gateway_requests_in_flight 1.0");
  }

  @Test
  void aClientWhoLeftWhileWaitingKeepsNoPlaceInTheQueue() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    kaneo.script(heldUntil(answer));
    try (RunningGateway gateway =
            gateway("GATEWAY_UPSTREAM_CONNECTIONS", "1", "GATEWAY_UPSTREAM_QUEUE", "1");
        RawPeer first = new RawPeer(gateway.port());
        RawPeer last = new RawPeer(gateway.port())) {
      first.send(get("/1"));
      kaneo.nextHead();
      leaveWhileWaiting(gateway);
      last.send(get("/3"));
      gateway.awaitMetric("kaneo_gateway_requests_in_flight 2.0");
      answer.countDown();
      first.readUntil("hello");
      String answered = last.readUntil("o");
      assertTrue(answered.startsWith("HTTP/1.1 200 "), answered);
    }
  }

  /** Its end with the body unread resets the connection, which a write meets before the answer. */
  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 4000000", "Transfer-Encoding: chunked"})
  void anAnswerThatKaneoHangsUpBehindIsReadAlthoughTheBodyIsRefused(String framing)
      throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write("HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
          return false;
        });
    String size = framing.startsWith("T") ? Integer.toHexString(4_000_000) + "\r\n" : "";
    try (RunningGateway gateway = gateway()) {
      for (int n = 0; n < 100; n++) {
        try (RawPeer peer = new RawPeer(gateway.port())) {
          peer.send("POST /x HTTP/1.1\r\nHost: a\r\n" + framing + "\r\n\r\n" + size);
          peer.send("x".repeat(4_000_000));
          String answer = peer.readUntil("\r\n\r\n");
          assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
        }
      }
    }
  }

  @Test
  void aClientWhoLeftWhileWaitingCostsKaneoNothing() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    kaneo.script(heldUntil(answer));
    try (RunningGateway gateway = gateway("GATEWAY_UPSTREAM_CONNECTIONS", "1");
        RawPeer first = new RawPeer(gateway.port());
        RawPeer last = new RawPeer(gateway.port())) {
      first.send(get("/1"));
      kaneo.nextHead();
      leaveWhileWaiting(gateway);
      last.send(get("/3"));
      answer.countDown();
      first.readUntil("hello");
      last.readUntil("hello");
      assertEquals("GET /3 ", kaneo.nextHead().substring(0, 7));
    }
  }

  @Test
  void anInterimAnswerOfNoUseIsPassedOver() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write("HTTP/1.1 102 Processing\r\n\r\n" + ScriptedUpstream.ok("hello"));
          return true;
        });
    try (RunningGateway gateway = gateway();
        RawPeer client = new RawPeer(gateway.port())) {
      String answer = client.send(get("/1")).readUntil("hello");
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    }
  }

  private static ScriptedUpstream.Script heldUntil(CountDownLatch answer) {
    return (head, connection) -> {
      answer.await();
      connection.write(ScriptedUpstream.ok("hello"));
      return true;
    };
  }

  private RunningGateway gateway(String... settings) {
    String[] all = new String[settings.length + 2];
    System.arraycopy(settings, 0, all, 0, settings.length);
    all[settings.length] = "GATEWAY_EVENT_LOOPS";
    all[settings.length + 1] = "1";
    return RunningGateway.start(database, kaneo.port(), all);
  }

  private static String get(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
}
