package dev.kaneogateway.proxy;

import static dev.kaneogateway.fixtures.Http2Peer.ACK;
import static dev.kaneogateway.fixtures.Http2Peer.CONTINUATION;
import static dev.kaneogateway.fixtures.Http2Peer.DATA;
import static dev.kaneogateway.fixtures.Http2Peer.END_HEADERS;
import static dev.kaneogateway.fixtures.Http2Peer.GOAWAY;
import static dev.kaneogateway.fixtures.Http2Peer.HEADERS;
import static dev.kaneogateway.fixtures.Http2Peer.PING;
import static dev.kaneogateway.fixtures.Http2Peer.RST_STREAM;
import static dev.kaneogateway.fixtures.Http2Peer.SETTINGS;
import static dev.kaneogateway.fixtures.Http2Peer.WINDOW_UPDATE;
import static dev.kaneogateway.fixtures.Http2Peer.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Http2Peer;
import dev.kaneogateway.fixtures.Http2Peer.Frame;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Floods that cost their sender little: the connection ends after a bounded number of frames, no
 * request stays under way, and others are served meanwhile (CVE-2019-9512 and its kin,
 * CVE-2023-44487, CVE-2024-27316, CVE-2025-8671).
 */
@Timeout(60)
class Http2FloodIT {
  /** Far more than any client sends without a cause. */
  private static final int MANY = 200_000;

  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;
  private static int floods;

  private interface Wave {
    void send(Http2Peer peer, int number) throws IOException;
  }

  private record Flood(String name, Wave first, Wave wave) {
    @Override
    public String toString() {
      return name;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    kaneo = ScriptedUpstream.friendly();
    gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port());
  }

  @AfterAll
  static void stop() throws Exception {
    gateway.close();
    kaneo.close();
  }

  private static void nothing(Http2Peer peer, int number) {
    // The flood itself is all there is.
  }

  static Stream<Flood> floods() {
    return Stream.of(
        new Flood(
            "rapid reset",
            Http2FloodIT::nothing,
            (peer, n) -> peer.get(2 * n + 1, "/flood").words(RST_STREAM, 0, 2 * n + 1, 8)),
        new Flood(
            "resets that the gateway is made to send",
            Http2FloodIT::nothing,
            (peer, n) ->
                peer.frame(HEADERS, END_HEADERS, 2 * n + 1, request("POST", "/flood"))
                    .words(WINDOW_UPDATE, 0, 2 * n + 1, 0)),
        new Flood("PING", Http2FloodIT::nothing, (peer, n) -> peer.frame(PING, 0, 0, new byte[8])),
        new Flood("SETTINGS", Http2FloodIT::nothing, (peer, n) -> peer.frame(SETTINGS, 0, 0)),
        new Flood(
            "acknowledged PING",
            Http2FloodIT::nothing,
            (peer, n) -> peer.frame(PING, ACK, 0, new byte[8])),
        new Flood(
            "acknowledged SETTINGS",
            Http2FloodIT::nothing,
            (peer, n) -> peer.frame(SETTINGS, ACK, 0)),
        new Flood(
            "empty DATA",
            (peer, n) -> peer.frame(HEADERS, END_HEADERS, 1, request("POST", "/flood")),
            (peer, n) -> peer.frame(DATA, 0, 1)),
        new Flood(
            "empty CONTINUATION",
            (peer, n) -> peer.frame(HEADERS, 0, 1, request("GET", "/flood")),
            (peer, n) -> peer.frame(CONTINUATION, 0, 1)),
        new Flood(
            "CONTINUATION without end",
            (peer, n) -> peer.frame(HEADERS, 0, 1, request("GET", "/flood")),
            (peer, n) -> peer.frame(CONTINUATION, 0, 1, Http2Peer.block("x-" + n, "y"))));
  }

  @ParameterizedTest
  @MethodSource("floods")
  void endsItsConnectionAndHarmsNobody(Flood flood) throws Exception {
    try (Http2Peer attacker = new Http2Peer(gateway.port());
        Http2Peer others = new Http2Peer(gateway.port())) {
      flood.first().send(attacker, 0);
      int sent = 0;
      while (sent < MANY && !attacker.isGone()) {
        flood.wave().send(attacker, sent);
        sent++;
        if (sent % 1000 == 0) {
          assertServed(others, sent / 500 - 1);
        }
      }
      assertTrue(attacker.isGone(), "still let after " + sent);
      assertServed(others, MANY + 1);
    }
    floods++;
    gateway.awaitMetric("kaneo_gateway_http2_floods_total " + floods + ".0");
    gateway.awaitMetric("kaneo_gateway_requests_in_flight 0.0");
    gateway.awaitMetric("kaneo_gateway_connections_open 0.0");
  }

  private static void assertServed(Http2Peer others, int stream) throws IOException {
    others.get(stream, "/others");
    Frame answer =
        others.await(
            frame -> frame.type() == GOAWAY || (frame.type() == DATA && frame.stream() == stream));
    assertEquals("hello", new String(answer.payload(), StandardCharsets.UTF_8));
  }
}
