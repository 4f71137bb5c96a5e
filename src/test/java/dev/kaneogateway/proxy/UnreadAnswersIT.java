package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients of HTTP/1 that ask for much at once and do not take the answers, which are whole. */
class UnreadAnswersIT {
  /**
   * Of 16 KB each: together they are several times what the system takes for a client that does not
   * read.
   */
  private static final int REQUESTS = 900;

  private static final int FILLING = 16_000;

  private static final String COUNTED = "kaneo_gateway_requests_counted ";

  private ScriptedUpstream kaneo;

  @BeforeEach
  void start() throws Exception {
    kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              String body = new String(connection.read(3)) + "x".repeat(FILLING);
              connection.write(ScriptedUpstream.ok(body));
              return true;
            });
  }

  @AfterEach
  void stop() throws Exception {
    kaneo.close();
  }

  private RunningGateway gateway(String... pairs) {
    return RunningGateway.start(TestDatabase.createEmpty(), kaneo.port(), pairs);
  }

  private static String request(int number) {
    return "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n" + number;
  }

  private static String requests() {
    StringBuilder all = new StringBuilder();
    IntStream.range(100, 100 + REQUESTS).forEach(n -> all.append(request(n)));
    return all.toString();
  }

  @Test
  void anAnswerThatIsNotTakenKeepsItsPlace() throws Exception {
    try (RunningGateway gateway = gateway();
        RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(requests());
      Await.until(
          "one that is answered and counts",
          () -> {
            String metrics = gateway.metrics();
            return metrics.contains("kaneo_gateway_requests_in_flight 0.0")
                && metrics.contains(COUNTED + "1.0");
          });
    }
  }

  @Test
  void whoTakesNothingHasLittleAskedForAndIsCut() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_PROGRESS_TIMEOUT_MS", "1000");
        RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(requests());
      Await.until("asked for something", () -> kaneo.unseen() > 0);
      gateway.awaitMetric("kaneo_gateway_connections_open 0.0");
      gateway.awaitMetric(COUNTED + "0.0");
      assertTrue(kaneo.unseen() < REQUESTS / 2, "asked for " + kaneo.unseen());
    }
  }

  @Test
  void whoReadsSlowlyIsNotCut() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_PROGRESS_TIMEOUT_MS", "1000");
        RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(requests());
      for (int n = 100; n < 100 + REQUESTS; n++) {
        peer.readUntil("\r\n\r\n");
        assertEquals(n, Integer.valueOf(peer.read(3 + FILLING).substring(0, 3)));
        // That slow.
        LockSupport.parkNanos(4_000_000);
      }
    }
  }

  @Test
  void whoReadsLateGetsAllAnswersInTurn() throws Exception {
    try (RunningGateway gateway = gateway();
        RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(requests());
      gateway.awaitMetric(COUNTED + "1.0");
      List<Integer> answered = new ArrayList<>();
      for (int n = 0; n < REQUESTS; n++) {
        peer.readUntil("\r\n\r\n");
        answered.add(Integer.valueOf(peer.read(3 + FILLING).substring(0, 3)));
      }
      assertEquals(IntStream.range(100, 100 + REQUESTS).boxed().toList(), answered);
      gateway.awaitMetric(COUNTED + "0.0");
    }
  }
}
