package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes that two parties could read differently: refused and hung up on, Kaneo not bothered. */
class FramingIT {
  private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws IOException {
    kaneo = ScriptedUpstream.friendly();
    gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port());
  }

  @org.junit.jupiter.api.BeforeEach
  void startOver() {
    kaneo.startOver();
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    kaneo.close();
  }

  static Stream<String> illegal() {
    String post = "POST /x HTTP/1.1\r\nHost: a\r\n";
    String get = "GET /x HTTP/1.1\r\n";
    return Stream.of(
        get + "\r\n",
        get + "Host: a\r\nHost: b\r\n\r\n",
        get + "Host: a\r\nHost: a\r\n\r\n",
        get + "Host: a b\r\n\r\n",
        get + "Host: a/b\r\n\r\n",
        get + "Host: a@b\r\n\r\n",
        get + "Host : a\r\n\r\n",
        get + "Host: a\r\nX: a\u0000b\r\n\r\n",
        get + "Host: a\r\nX: a\rb\r\n\r\n",
        get + "Host: a\r\n: x\r\n\r\n",
        get + "Host: a\r\nX Y: z\r\n\r\n",
        get + "Host: a\r\nno colon\r\n\r\n",
        "GET x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x HTTP/9.9x\r\nHost: a\r\n\r\n",
        "GET /" + "x".repeat(20_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
        get + "Host: a\r\nX: " + "y".repeat(40_000) + "\r\n\r\n",
        post + "Content-Length: +3\r\n\r\nabc",
        post + "Content-Length: -3\r\n\r\nabc",
        post + "Content-Length: 3x\r\n\r\nabc",
        post + "Content-Length: 0x3\r\n\r\nabc",
        post + "Content-Length: 3, 3\r\n\r\nabc",
        post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        post + "Content-Length: 99999999999999999999\r\n\r\nabc",
        post + "Content-Length:\r\n\r\nabc",
        post + "Transfer-Encoding: xchunked\r\n\r\n" + SMUGGLED,
        post + "Transfer-Encoding: identity\r\n\r\n" + SMUGGLED,
        post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n",
        post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        post
            + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nHost: b\r\nContent-Length: 0\r\n\r\n",
        "GET /x HTTP/1.0\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nX A: b\r\n\r\n",
        "POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  }

  @ParameterizedTest
  @MethodSource("illegal")
  void isRefusedAndHungUpOn(String bytes) throws Exception {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String answer = peer.send(bytes + SMUGGLED).readAll();
      assertTrue(
          answer.startsWith("HTTP/1.1 4")
              || answer.startsWith("HTTP/1.0 4")
              || answer.startsWith("HTTP/1.1 501"),
          answer);
      assertFalse(answer.contains("still open"), answer);
      assertFalse(answer.contains("hello"), answer);
    }
    assertEquals(0, kaneo.unseen());
  }

  @org.junit.jupiter.api.Test
  void aWishForH2cIsIgnored() throws Exception {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String wish =
          "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
      String answer =
          peer.send("GET /x HTTP/1.1\r\nHost: a\r\n" + wish + "\r\n").readUntil("hello");
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    }
    String head = kaneo.nextHead().toLowerCase(java.util.Locale.ROOT);
    assertFalse(head.contains("upgrade") || head.contains("http2-settings"), head);
  }

  /** RFC 9112 §2.2: one empty line may come before a request, in however many packets. */
  @org.junit.jupiter.api.Test
  void anEmptyLineBeforeTheFirstRequestMayComeInTwoPackets() throws Exception {
    try (RunningGateway one =
            RunningGateway.start(
                TestDatabase.createEmpty(), kaneo.port(), "GATEWAY_EVENT_LOOPS", "1");
        RawPeer peer = new RawPeer(one.port());
        RawPeer another = new RawPeer(one.port())) {
      peer.send("\r");
      // By then the one event loop has read what came before.
      another.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("hello");
      String answer = peer.send("\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("hello");
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    }
  }

  static Stream<String> ambiguous() {
    String post = "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    return Stream.of(
        post
            + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
            + SMUGGLED,
        post + "Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcXX0\r\n\r\n");
  }

  @ParameterizedTest
  @MethodSource("ambiguous")
  void isAtMostOneRequest(String bytes) throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
          return false;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String answer = peer.send(bytes).readAll();
      assertFalse(answer.contains("still open"), answer);
    }
    int seen = 0;
    while (kaneo.unseen() > 0) {
      String head = kaneo.nextHead();
      assertTrue(head.startsWith("POST /x "), head);
      assertFalse(head.toLowerCase(java.util.Locale.ROOT).contains("content-length"), head);
      seen++;
    }
    assertTrue(seen <= 1);
  }

  /** The end of the request before it must not make the gateway wait for the rest of the body. */
  @ParameterizedTest
  @ValueSource(strings = {"", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"})
  void aMalformedBodyIsRefusedAtOnceAlsoBehindAnotherRequest(String before) throws Exception {
    kaneo.script(
        (head, connection) -> {
          if (head.startsWith("GET ")) {
            connection.write(ScriptedUpstream.ok("hello"));
          } else {
            connection.read(1000);
          }
          return true;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(
          before + "POST /y HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
      if (!before.isEmpty()) {
        peer.readUntil("hello");
      }
      String head = kaneo.nextHead();
      while (!head.startsWith("POST /y ")) {
        head = kaneo.nextHead();
      }
      String answer = peer.send("zz\r\n").readAll();
      assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
      assertFalse(answer.contains("still open"), answer);
    }
  }
}
