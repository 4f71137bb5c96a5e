package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.FreePort;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which of several Kaneo processes a request goes to. */
class SeveralKaneosIT {
  private static final String UNWELL = answer("HTTP/1.1 503 Service Unavailable", "", "unwell");

  private ScriptedUpstream first;
  private ScriptedUpstream second;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws IOException {
    first = new ScriptedUpstream(saying("HTTP/1.1 200 OK", "", "first"));
    second = new ScriptedUpstream(saying("HTTP/1.1 200 OK", "", "second"));
    gateway = RunningGateway.before(first, second);
  }

  @AfterEach
  void stop() throws IOException {
    gateway.close();
    first.close();
    second.close();
  }

  @Test
  void theLeastBusyOverAllEventLoopsIsChosen() throws Exception {
    ScriptedUpstream.Script silent = (head, connection) -> connection.in().read() >= 0;
    first.script(silent);
    second.script(silent);
    List<RawPeer> waiting = new ArrayList<>();
    try {
      // Connections go to the event loops in turn, so each loop alone would count wrong.
      for (int i = 0; i < 4; i++) {
        for (int n = 0; n < 2; n++) {
          waiting.add(new RawPeer(gateway.port()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
          gateway.awaitMetric("kaneo_gateway_requests_in_flight " + waiting.size() + ".0");
        }
        first.nextHead();
        second.nextHead();
      }
    } finally {
      for (RawPeer peer : waiting) {
        peer.close();
      }
    }
  }

  @Test
  void aSickOneIsPassedOverAndTriedAgain() throws Exception {
    first.script(saying("HTTP/1.1 503 Service Unavailable", "", "sick"));
    // While the end of the request before is being noted, the other one may be less busy.
    for (int sick = 0; sick < 5; ) {
      if (get("").startsWith("HTTP/1.1 503 ")) {
        sick++;
      }
    }
    assertTrue(get("").endsWith("second"));
    first.script(saying("HTTP/1.1 200 OK", "", "first again"));
    long deadline = System.nanoTime() + Duration.ofSeconds(15).toNanos();
    // Were it still passed over, single requests in seconds would try it.
    for (int wholesome = 0; wholesome < 20; ) {
      String answer = get("");
      assertTrue(System.nanoTime() < deadline, answer);
      if (answer.endsWith("first again")) {
        wholesome++;
      } else {
        assertTrue(answer.endsWith("second"), answer);
      }
    }
  }

  @Test
  void thoseWithEquallyLittleToDoTakeTurns() throws Exception {
    // One connection stays with one event loop.
    try (RawPeer peer = new RawPeer(gateway.port())) {
      for (int i = 0; i < 4; i++) {
        peer.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("\r\n\r\n");
        gateway.awaitMetric("kaneo_gateway_requests_in_flight 0.0");
      }
    }
    assertEquals(2, first.unseen());
    assertEquals(2, second.unseen());
  }

  /** Its heads look well, and a POST is asked of no other. */
  @Test
  void oneThatBreaksOffItsAnswersIsPassedOver() throws Exception {
    first.script(
        (head, connection) -> {
          connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
          return false;
        });
    for (int broken = 0; broken < 5; ) {
      if (post().endsWith("half")) {
        broken++;
      }
    }
    assertTrue(post().endsWith("second"));
  }

  @Test
  void whatOneHasBrokenOffIsAskedOfAnother() throws Exception {
    first.script(
        (head, connection) -> {
          connection.reset();
          return false;
        });
    for (int i = 0; i < 10; i++) {
      assertTrue(get("").endsWith("second"));
    }
  }

  /** Nor is one waited for that was never there. */
  @Test
  void aWebSocketThatOneRefusesIsAskedOfAnother() throws Exception {
    first.close();
    second.script(
        (head, connection) -> {
          connection.write(
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
          return false;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String head =
          peer.send(
                  "GET /api/ws/user HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                      + "Upgrade: websocket\r\nCookie: better-auth.session_token=a.b\r\n\r\n")
              .readUntil("\r\n\r\n");
      assertTrue(head.startsWith("HTTP/1.1 101 "), head);
    }
  }

  @Test
  @Timeout(60)
  void oneThatFailsItsHealthChecksIsPassedOverUntilItPassesOne() throws Exception {
    first.health(UNWELL);
    gateway.awaitMetric(available(first) + "0.0");
    for (int i = 0; i < 20; i++) {
      assertTrue(get("").endsWith("second"));
    }
    first.health(ScriptedUpstream.ok("well"));
    gateway.awaitMetric(available(first) + "1.0");
    Await.until("an answer of the first", () -> get("").endsWith("first"));
  }

  @Test
  @Timeout(60)
  void whereAllFailTheirHealthChecksTheyAreAskedAsEverAndNobodyWaitsForEver() throws Exception {
    first.health(UNWELL);
    second.health(UNWELL);
    gateway.awaitMetric(available(first) + "0.0");
    gateway.awaitMetric(available(second) + "0.0");
    assertTrue(get("").startsWith("HTTP/1.1 200 "));
    // As where the proxy of a container takes connections for a Kaneo that is not there.
    first.script(
        (head, connection) -> {
          connection.reset();
          return false;
        });
    second.close();
    assertTrue(get("").startsWith("HTTP/1.1 502 "));
  }

  @Test
  @Timeout(60)
  void whatAKaneoThatAlwaysBreaksOffIsAskedAgainIsBounded() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    ScriptedUpstream.Script breakingOff =
        (head, connection) -> {
          asked.incrementAndGet();
          return false;
        };
    try (ScriptedUpstream kaneo = new ScriptedUpstream(breakingOff);
        RunningGateway alone =
            RunningGateway.start(
                TestDatabase.createEmpty(), kaneo.port(), "GATEWAY_UPSTREAM_REPEATS", "2")) {
      for (int i = 0; i < 10; i++) {
        assertTrue(get(alone, "").startsWith("HTTP/1.1 502 "));
      }
      assertEquals(12, asked.get());
      assertTrue(
          alone
              .metrics()
              .contains(
                  "kaneo_gateway_upstream_repeats_total{upstream=\"http://127.0.0.1:"
                      + kaneo.port()
                      + "\"} 2.0"));
    }
  }

  /** All would go to the first that is back, which then takes none of them. */
  @Test
  void whatWaitedForAllOfThemComesAFewAtATime() throws Exception {
    try (RunningGateway waiting =
        RunningGateway.start(
            TestDatabase.createEmpty(),
            first.port(),
            "KANEO_UPSTREAM_URL",
            "http://127.0.0.1:" + first.port() + ",http://127.0.0.1:" + second.port(),
            "GATEWAY_UPSTREAM_CONNECTIONS",
            WaitingCrowd.CONNECTIONS)) {
      Await.until(
          "answers of both", () -> get(waiting, "").endsWith("second") && first.unseen() > 0);
      first.close();
      second.close();
      WaitingCrowd.comesAFewAtATime(waiting, second.port());
    }
  }

  /** As of three that are named while two run. */
  @Test
  void aRestartIsAPauseBesideOneThatNeverCame() throws Exception {
    ScriptedUpstream.Script once =
        (head, connection) -> {
          connection.write(answer("HTTP/1.1 200 OK", "Connection: close\r\n", "first"));
          return false;
        };
    first.script(once);
    String neverThere = "http://127.0.0.1:" + FreePort.find();
    try (RunningGateway waiting =
        RunningGateway.start(
            TestDatabase.createEmpty(),
            first.port(),
            "KANEO_UPSTREAM_URL",
            "http://127.0.0.1:" + first.port() + "," + neverThere)) {
      assertTrue(get(waiting, "").endsWith("first"));
      first.close();
      List<RawPeer> peers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        peers.add(new RawPeer(waiting.port()));
        peers
            .get(i)
            .send("POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      }
      waiting.awaitMetric("kaneo_gateway_requests_held 8.0");
      try (ScriptedUpstream back = new ScriptedUpstream(once, first.port())) {
        for (RawPeer peer : peers) {
          String answer = peer.readAll();
          assertTrue(answer.endsWith("first"), answer);
          peer.close();
        }
        assertEquals(8, back.unseen());
      }
    }
  }

  private static String available(ScriptedUpstream kaneo) {
    return "kaneo_gateway_upstream_available{upstream=\"http://127.0.0.1:" + kaneo.port() + "\"} ";
  }

  private static ScriptedUpstream.Script saying(String status, String fields, String body) {
    return (head, connection) -> {
      connection.write(answer(status, fields, body));
      return true;
    };
  }

  private static String answer(String status, String fields, String body) {
    return status + "\r\n" + fields + "Content-Length: " + body.length() + "\r\n\r\n" + body;
  }

  private String get(String fields) throws IOException {
    return get(gateway, fields);
  }

  private String post() throws IOException {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      return peer.send("POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").readAll();
    }
  }

  private static String get(RunningGateway of, String fields) throws IOException {
    try (RawPeer peer = new RawPeer(of.port())) {
      return peer.send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + fields + "\r\n")
          .readAll();
    }
  }
}
