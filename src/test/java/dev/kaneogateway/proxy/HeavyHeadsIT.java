package dev.kaneogateway.proxy;

import static dev.kaneogateway.fixtures.Http2Peer.CONTINUATION;
import static dev.kaneogateway.fixtures.Http2Peer.END_HEADERS;
import static dev.kaneogateway.fixtures.Http2Peer.HEADERS;
import static dev.kaneogateway.fixtures.Http2Peer.PING;
import static dev.kaneogateway.fixtures.Http2Peer.RST_STREAM;
import static dev.kaneogateway.fixtures.Http2Peer.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.Http2Peer;
import dev.kaneogateway.fixtures.Http2Peer.Frame;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.netty.util.internal.PlatformDependent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Heads that are small on their way and large in memory, many at once. */
class HeavyHeadsIT {
  private static final int REFUSED_STREAM = 7;

  /** Of one connection, which lives through as many resets. */
  private static final int STREAMS = 150;

  private static final String NONE_REFUSED =
      "kaneo_gateway_malformed_requests_total{answer=\"4xx\"} 0.0";

  private static final String NO_FLOOD = "kaneo_gateway_http2_floods_total 0.0";

  private ScriptedUpstream kaneo;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws Exception {
    kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              if (head.startsWith("POST /held ") && head.contains("ength: 5\r\n")) {
                connection.read(5);
              }
              connection.write(ScriptedUpstream.ok("hello"));
              return true;
            });
    gateway =
        RunningGateway.start(
            TestDatabase.createEmpty(),
            kaneo.port(),
            "GATEWAY_IN_FLIGHT",
            "0",
            "GATEWAY_IN_FLIGHT_PER_ADDRESS",
            "0",
            "GATEWAY_HEAD_TIMEOUT_MS",
            "600000",
            "GATEWAY_UPSTREAM_QUEUE",
            "10000",
            "GATEWAY_UPSTREAM_CONNECTIONS",
            "10000");
  }

  @AfterEach
  void stop() throws Exception {
    gateway.close();
    kaneo.close();
  }

  private static void closeAll(List<? extends AutoCloseable> peers) throws Exception {
    for (AutoCloseable peer : peers) {
      peer.close();
    }
  }

  private static byte[] head(int fields) {
    String[] pairs = new String[2 * fields];
    for (int i = 0; i < fields; i++) {
      pairs[2 * i] = "x" + i;
      pairs[2 * i + 1] = "v".repeat(100);
    }
    return request("POST", "/x", pairs);
  }

  private double measured(String what, String share) {
    String line = "kaneo_gateway_memory_share_" + what + "{share=\"" + share + "\"} ";
    return gateway
        .metrics()
        .lines()
        .filter(each -> each.startsWith(line))
        .mapToDouble(each -> Double.parseDouble(each.substring(line.length())))
        .sum();
  }

  @Test
  void aHeadHasNoMoreFieldsThanOverHttp1() throws Exception {
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      String[] pairs = new String[400];
      java.util.Arrays.fill(pairs, "x");
      peer.frame(HEADERS, END_HEADERS, 1, request("POST", "/x", pairs));
      assertEquals(1, peer.await(frame -> frame.type() == RST_STREAM).stream());
      peer.get(3, "/x");
      assertEquals(3, peer.await(frame -> frame.type() == HEADERS).stream());
    }
  }

  /** As browsers send them; over HTTP/1.1 they are one field. */
  @Test
  void manyCookiesAreNotManyFields() throws Exception {
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      String[] pairs = new String[2 * 300];
      for (int i = 0; i < 300; i++) {
        pairs[2 * i] = "cookie";
        pairs[2 * i + 1] = "c" + i + "=v";
      }
      peer.frame(HEADERS, END_HEADERS | 1, 1, request("GET", "/x", pairs));
      assertEquals(HEADERS, peer.await(frame -> frame.stream() == 1).type());
      assertTrue(kaneo.nextHead().contains("c0=v; c1=v; "));
    }
  }

  @Test
  void thoseUnderWayTakeUpSoMuchAndOthersAreServedBeside() throws Exception {
    byte[] heavy = head(100);
    double refused = measured("refused_total", "heads");
    long wanted = Runtime.getRuntime().maxMemory() / 8 / 30_000;
    List<Http2Peer> peers = new ArrayList<>();
    try {
      // Their bodies do not begin.
      for (int sent = 0; sent <= wanted; sent += STREAMS) {
        Http2Peer peer = new Http2Peer(gateway.port());
        peers.add(peer);
        for (int n = 0; n < STREAMS; n++) {
          peer.frame(HEADERS, END_HEADERS, 1 + 2 * n, heavy);
        }
        peer.frame(PING, 0, 0, new byte[8]);
        peer.await(frame -> frame.type() == PING);
      }
      try (Http2Peer last = new Http2Peer(gateway.port())) {
        last.frame(HEADERS, END_HEADERS, 1, heavy);
        assertEquals(REFUSED_STREAM, last.await(frame -> frame.stream() == 1).error());
      }
      assertTrue(measured("refused_total", "heads") > refused);
      assertTrue(measured("bytes", "heads") > measured("max_bytes", "heads") * 0.4);
      try (Http2Peer good = new Http2Peer(gateway.port())) {
        assertEquals(1, good.get(1, "/x").await(frame -> frame.type() == HEADERS).stream());
      }
    } finally {
      closeAll(peers);
    }
    gateway.awaitMetric("kaneo_gateway_requests_counted 0.0");
    try (Http2Peer again = new Http2Peer(gateway.port())) {
      again.frame(HEADERS, END_HEADERS | 1, 1, heavy);
      assertTrue(again.await(frame -> frame.stream() == 1).type() == HEADERS);
    }
  }

  /** What comes behind the fields. */
  private enum Rest {
    NONE(""),
    OF_A_REQUEST_UNDER_WAY("Content-Length: 5\r\n\r\n"),
    A_LINE_WITHOUT_END("x: " + "v".repeat(20_000));

    private final String text;

    Rest(String text) {
      this.text = text;
    }
  }

  @Test
  void thoseOverHttp2ThatHaveNotComeWholeTakeUpSoMuchAndOthersAreServedBeside() throws Exception {
    byte[] begun = new byte[16_000];
    long room = PlatformDependent.maxDirectMemory() / 8 / (2 * begun.length);
    List<Http2Peer> peers = new ArrayList<>();
    try {
      for (int n = 0; n < room; n++) {
        Http2Peer peer = new Http2Peer(gateway.port());
        peers.add(peer);
        peer.frame(HEADERS, 0, 1, begun);
        peer.frame(CONTINUATION, 0, 1, begun);
      }
      Await.until("one is cut", () -> !gateway.metrics().contains(NO_FLOOD));
      try (Http2Peer last = new Http2Peer(gateway.port())) {
        last.frame(HEADERS, 0, 1, begun);
        last.frame(CONTINUATION, 0, 1, begun);
        assertTrue(last.await(Frame::isEnd).isEnd());
      }
      try (Http2Peer good = new Http2Peer(gateway.port())) {
        assertEquals(1, good.get(1, "/x").await(frame -> frame.type() == HEADERS).stream());
      }
    } finally {
      closeAll(peers);
    }
    gateway.awaitMetric("kaneo_gateway_connections_open 0.0");
  }

  @ParameterizedTest
  @EnumSource
  void thoseOverHttp1TakeUpSoMuchAndOthersAreServedBeside(Rest behind) throws Exception {
    String rest = behind.text;
    StringBuilder begun = new StringBuilder("POST /held HTTP/1.1\r\nHost: a\r\n");
    for (int n = 0; n < 190; n++) {
      begun.append("x").append(n).append(": ").append("v").append("\r\n");
    }
    long room = Runtime.getRuntime().maxMemory() / 8 / 40_000;
    List<RawPeer> peers = new ArrayList<>();
    try {
      for (int n = 0; n < room; n++) {
        peers.add(new RawPeer(gateway.port()).send(begun + rest));
      }
      Await.until("one is refused", () -> !gateway.metrics().contains(NONE_REFUSED));
      try (RawPeer last = new RawPeer(gateway.port())) {
        String answer = last.send(begun + rest).readUntil("\r\n");
        assertTrue(answer.contains(" 431 "), answer);
      }
      try (RawPeer good = new RawPeer(gateway.port())) {
        good.send("GET /x HTTP/1.1\r\nHost: a\r\nx: " + "v".repeat(1000) + "\r\n");
        String answer = good.send("\r\n").readUntil("\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
      }
    } finally {
      closeAll(peers);
    }
    gateway.awaitMetric("kaneo_gateway_connections_open 0.0");
    try (RawPeer again = new RawPeer(gateway.port())) {
      String answer = again.send(begun + "Content-Length: 0\r\n\r\n").readUntil("\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    }
  }
}
