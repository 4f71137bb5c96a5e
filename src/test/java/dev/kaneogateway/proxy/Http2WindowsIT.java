package dev.kaneogateway.proxy;

import static dev.kaneogateway.fixtures.Http2Peer.DATA;
import static dev.kaneogateway.fixtures.Http2Peer.HEADERS;
import static dev.kaneogateway.fixtures.Http2Peer.RST_STREAM;
import static dev.kaneogateway.fixtures.Http2Peer.SETTINGS;
import static dev.kaneogateway.fixtures.Http2Peer.WINDOW_UPDATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Http2Peer;
import dev.kaneogateway.fixtures.Http2Peer.Frame;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.netty.handler.codec.http2.Http2Error;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Clients of HTTP/2 that ask and do not take the answers, which are whole and wait for them. */
class Http2WindowsIT {
  private static final int PLACES = 10;
  private static final String COUNTED = "kaneo_gateway_requests_counted ";

  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws Exception {
    kaneo = ScriptedUpstream.friendly();
    gateway =
        RunningGateway.start(
            TestDatabase.createEmpty(),
            kaneo.port(),
            "GATEWAY_IN_FLIGHT",
            String.valueOf(PLACES),
            "GATEWAY_PROGRESS_TIMEOUT_MS",
            "4000");
  }

  @AfterAll
  static void stop() throws Exception {
    gateway.close();
    kaneo.close();
  }

  @Test
  @Tag("long")
  void answersThatWaitForAWindowKeepTheirPlacesAndAreResetInTime() throws Exception {
    try (Http2Peer peer = withoutWindow(gateway)) {
      for (int n = 0; n < PLACES; n++) {
        peer.get(2 * n + 1, "/x");
      }
      gateway.awaitMetric(COUNTED + PLACES + ".0");
      try (RawPeer other = new RawPeer(gateway.port())) {
        String answer =
            other.send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").readAll();
        assertTrue(answer.startsWith("HTTP/1.1 503"), answer);
      }
      peer.get(2 * PLACES + 1, "/x");
      assertCancelled(peer, 2 * PLACES + 1);
      assertCancelled(peer, 1);
      gateway.awaitMetric(COUNTED + "0.0");
    }
  }

  @Test
  void aWindowThatOpensLateGetsItsAnswer() throws Exception {
    try (Http2Peer peer = withoutWindow(gateway)) {
      peer.get(1, "/x");
      gateway.awaitMetric(COUNTED + "1.0");
      gateway.awaitMetric("kaneo_gateway_requests_in_flight 0.0");
      peer.words(WINDOW_UPDATE, 0, 1, 1000);
      assertEquals(5, peer.await(frame -> frame.type() == DATA || frame.isEnd()).payload().length);
      gateway.awaitMetric(COUNTED + "0.0");
    }
  }

  /** Nor need the answer be whole by then, of which Kaneo has far more. */
  @Test
  void whoOpensItsWindowByLittleIsNotReset() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write(ScriptedUpstream.ok("x".repeat(1_000_000)));
          return true;
        });
    try (RunningGateway hasty =
            RunningGateway.start(
                TestDatabase.createEmpty(), kaneo.port(), "GATEWAY_PROGRESS_TIMEOUT_MS", "300");
        Http2Peer peer = withoutWindow(hasty)) {
      peer.get(1, "/x");
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(4 * 300);
      while (System.nanoTime() < end) {
        peer.words(WINDOW_UPDATE, 0, 1, 1);
        assertEquals(
            1,
            peer.await(frame -> frame.type() != HEADERS && frame.stream() == 1).payload().length);
      }
      assertCancelled(peer, 1);
    } finally {
      kaneo.startOver();
    }
  }

  private static Http2Peer withoutWindow(RunningGateway gateway) throws IOException {
    Http2Peer peer = new Http2Peer(gateway.port());
    peer.frame(SETTINGS, 0, 0, 0, 4, 0, 0, 0, 0);
    return peer;
  }

  private static void assertCancelled(Http2Peer peer, int stream) throws IOException {
    Frame reset =
        peer.await(
            frame -> frame.isEnd() || (frame.type() == RST_STREAM && frame.stream() == stream));
    assertEquals(Http2Error.CANCEL.code(), reset.error());
  }
}
