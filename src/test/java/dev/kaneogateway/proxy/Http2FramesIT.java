package dev.kaneogateway.proxy;

import static dev.kaneogateway.fixtures.Http2Peer.ACK;
import static dev.kaneogateway.fixtures.Http2Peer.CONTINUATION;
import static dev.kaneogateway.fixtures.Http2Peer.DATA;
import static dev.kaneogateway.fixtures.Http2Peer.END_HEADERS;
import static dev.kaneogateway.fixtures.Http2Peer.END_STREAM;
import static dev.kaneogateway.fixtures.Http2Peer.GOAWAY;
import static dev.kaneogateway.fixtures.Http2Peer.HEADERS;
import static dev.kaneogateway.fixtures.Http2Peer.PADDED;
import static dev.kaneogateway.fixtures.Http2Peer.PING;
import static dev.kaneogateway.fixtures.Http2Peer.PRIORITY;
import static dev.kaneogateway.fixtures.Http2Peer.PUSH_PROMISE;
import static dev.kaneogateway.fixtures.Http2Peer.RST_STREAM;
import static dev.kaneogateway.fixtures.Http2Peer.SETTINGS;
import static dev.kaneogateway.fixtures.Http2Peer.WINDOW_UPDATE;
import static dev.kaneogateway.fixtures.Http2Peer.WITH_PRIORITY;
import static dev.kaneogateway.fixtures.Http2Peer.block;
import static dev.kaneogateway.fixtures.Http2Peer.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Http2Peer;
import dev.kaneogateway.fixtures.Http2Peer.Frame;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What RFC 9113 and RFC 7541 have a server refuse, frame by frame: the connection or the stream
 * ends with an error, Kaneo hears of nothing, and others are served on. Where Netty is milder than
 * the RFC (an error of the stream instead of the connection), the case takes either.
 */
class Http2FramesIT {
  private static final int PROTOCOL_ERROR = 1;
  private static final int FLOW_CONTROL_ERROR = 3;
  private static final int STREAM_CLOSED = 5;
  private static final int FRAME_SIZE_ERROR = 6;
  private static final int CANCEL = 8;
  private static final int COMPRESSION_ERROR = 9;

  /** {@code :status: 400} in HPACK's static table. */
  private static final byte STATUS_400 = (byte) 0x8c;

  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;

  private interface Step {
    void on(Http2Peer peer) throws IOException;
  }

  private record Case(String name, Step step, Set<Integer> errors) {
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

  private static Case of(String name, Step step, Integer... errors) {
    return new Case(name, step, Set.of(errors));
  }

  /** A request whose fields are wrong. */
  private static Case fields(String name, String... fields) {
    return of(
        name,
        peer -> peer.frame(HEADERS, END_STREAM | END_HEADERS, 1, block(fields)),
        PROTOCOL_ERROR,
        COMPRESSION_ERROR);
  }

  private static Case field(String name, String... more) {
    return of(name, peer -> peer.get(1, "/refused", more), PROTOCOL_ERROR);
  }

  private static byte[] refused() {
    return request("POST", "/refused");
  }

  static Stream<Case> cases() {
    return Stream.of(
        // RFC 9113 §4.1, §4.2: the frame
        of(
            "4.2 a frame longer than the maximum",
            p -> p.frame(DATA, 0, 1, new byte[16_385]),
            FRAME_SIZE_ERROR),
        of(
            "4.2 a HEADERS longer than the maximum",
            p -> p.frame(HEADERS, END_STREAM | END_HEADERS, 1, new byte[16_385]),
            FRAME_SIZE_ERROR),
        // §4.3: the field block
        of(
            "4.3 a block that is no HPACK",
            p -> p.frame(HEADERS, END_STREAM | END_HEADERS, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
            COMPRESSION_ERROR),
        of(
            "4.3 PRIORITY within a block",
            p ->
                p.frame(HEADERS, END_STREAM, 1, refused())
                    .frame(PRIORITY, 0, 1, 0, 0, 0, 0, 1)
                    .frame(CONTINUATION, END_HEADERS, 1),
            PROTOCOL_ERROR),
        of(
            "4.3 HEADERS of another stream within a block",
            p ->
                p.frame(HEADERS, END_STREAM, 1, refused())
                    .frame(HEADERS, END_STREAM | END_HEADERS, 3, refused()),
            PROTOCOL_ERROR),
        // §5.1: states
        of("5.1 DATA on an idle stream", p -> p.frame(DATA, END_STREAM, 1, 1), PROTOCOL_ERROR),
        of("5.1 RST_STREAM on an idle stream", p -> p.words(RST_STREAM, 0, 1, 8), PROTOCOL_ERROR),
        of(
            "5.1 WINDOW_UPDATE on an idle stream",
            p -> p.words(WINDOW_UPDATE, 0, 1, 1),
            PROTOCOL_ERROR),
        of(
            "5.1 CONTINUATION on an idle stream",
            p -> p.frame(CONTINUATION, END_HEADERS, 1, refused()),
            PROTOCOL_ERROR),
        of(
            "5.1 DATA after the end of the request",
            p -> p.get(1, "/").frame(DATA, END_STREAM, 1, 1),
            STREAM_CLOSED),
        of(
            "5.1 CONTINUATION after the end of the request",
            p -> p.get(1, "/").frame(CONTINUATION, END_HEADERS, 1, refused()),
            STREAM_CLOSED,
            PROTOCOL_ERROR),
        of(
            "5.1 DATA after RST_STREAM",
            p ->
                p.frame(HEADERS, END_HEADERS, 1, request("POST", "/"))
                    .words(RST_STREAM, 0, 1, CANCEL)
                    .frame(DATA, END_STREAM, 1, 1),
            STREAM_CLOSED),
        of("5.1.1 a stream with an even number", p -> p.get(2, "/refused"), PROTOCOL_ERROR),
        of("5.1.1 a request on stream 0", p -> p.get(0, "/refused"), PROTOCOL_ERROR),
        // §5.3, §5.5
        of(
            "5.3 a stream that depends on itself, told by HEADERS",
            p -> {
              byte[] fields = refused();
              byte[] block = new byte[5 + fields.length];
              block[3] = 1;
              System.arraycopy(fields, 0, block, 5, fields.length);
              p.frame(HEADERS, END_STREAM | END_HEADERS | WITH_PRIORITY, 1, block);
            },
            PROTOCOL_ERROR),
        of(
            "5.5 an unknown frame within a block",
            p ->
                p.frame(HEADERS, END_STREAM, 1, refused())
                    .frame(0x16, 0, 0, 1)
                    .frame(CONTINUATION, END_HEADERS, 1),
            PROTOCOL_ERROR),
        // §6: the kinds of frames
        of("6.1 DATA on stream 0", p -> p.frame(DATA, END_STREAM, 0, 1), PROTOCOL_ERROR),
        of(
            "6.1 padding longer than DATA",
            p ->
                p.frame(HEADERS, END_HEADERS, 1, request("POST", "/"))
                    .frame(DATA, PADDED | END_STREAM, 1, 6, 1, 1, 1),
            PROTOCOL_ERROR),
        of(
            "6.2 padding longer than HEADERS",
            p -> p.frame(HEADERS, PADDED | END_STREAM | END_HEADERS, 1, 255, 0, 1),
            PROTOCOL_ERROR),
        of("6.3 PRIORITY on stream 0", p -> p.frame(PRIORITY, 0, 0, 0, 0, 0, 1, 1), PROTOCOL_ERROR),
        of(
            "6.3 PRIORITY of another length",
            p -> p.frame(PRIORITY, 0, 1, 0, 0, 0),
            FRAME_SIZE_ERROR),
        of("6.4 RST_STREAM on stream 0", p -> p.words(RST_STREAM, 0, 0, 8), PROTOCOL_ERROR),
        of(
            "6.4 RST_STREAM of another length",
            p -> p.get(1, "/").frame(RST_STREAM, 0, 1, 0, 0, 8),
            FRAME_SIZE_ERROR),
        of("6.5 SETTINGS on a stream", p -> p.frame(SETTINGS, 0, 1), PROTOCOL_ERROR),
        of(
            "6.5 an acknowledgement with content",
            p -> p.frame(SETTINGS, ACK, 0, 1),
            FRAME_SIZE_ERROR),
        of(
            "6.5 SETTINGS of no multiple of six",
            p -> p.frame(SETTINGS, 0, 0, 0, 3, 0),
            FRAME_SIZE_ERROR),
        of(
            "6.5.2 ENABLE_PUSH of 2",
            p -> p.frame(SETTINGS, 0, 0, 0, 2, 0, 0, 0, 2),
            PROTOCOL_ERROR),
        of(
            "6.5.2 a window beyond the largest",
            p -> p.frame(SETTINGS, 0, 0, 0, 4, 0x80, 0, 0, 0),
            FLOW_CONTROL_ERROR),
        of(
            "6.5.2 frames smaller than the smallest maximum",
            p -> p.frame(SETTINGS, 0, 0, 0, 5, 0, 0, 0x3f, 0xff),
            PROTOCOL_ERROR),
        of(
            "6.5.2 frames larger than the largest maximum",
            p -> p.frame(SETTINGS, 0, 0, 0, 5, 1, 0, 0, 0),
            PROTOCOL_ERROR),
        of(
            "6.6 PUSH_PROMISE from a client",
            p -> p.get(1, "/").frame(PUSH_PROMISE, END_HEADERS, 1, 0, 0, 0, 2),
            PROTOCOL_ERROR),
        of("6.7 PING on a stream", p -> p.frame(PING, 0, 1, new byte[8]), PROTOCOL_ERROR),
        of("6.7 PING of another length", p -> p.frame(PING, 0, 0, new byte[7]), FRAME_SIZE_ERROR),
        of("6.8 GOAWAY on a stream", p -> p.words(GOAWAY, 0, 1, 0, 0), PROTOCOL_ERROR),
        of("6.9 WINDOW_UPDATE of 0", p -> p.words(WINDOW_UPDATE, 0, 0, 0), PROTOCOL_ERROR),
        of(
            "6.9 WINDOW_UPDATE of 0 on a stream",
            p ->
                p.frame(HEADERS, END_HEADERS, 1, request("POST", "/"))
                    .words(WINDOW_UPDATE, 0, 1, 0),
            PROTOCOL_ERROR),
        of(
            "6.9 WINDOW_UPDATE of another length",
            p -> p.frame(WINDOW_UPDATE, 0, 0, 0, 0, 1),
            FRAME_SIZE_ERROR),
        of(
            "6.9.1 a window that overflows",
            p -> p.words(WINDOW_UPDATE, 0, 0, 0x7fffffff).words(WINDOW_UPDATE, 0, 0, 0x7fffffff),
            FLOW_CONTROL_ERROR),
        of(
            "6.9.1 a stream's window that overflows",
            p ->
                p.frame(HEADERS, END_HEADERS, 1, request("POST", "/"))
                    .words(WINDOW_UPDATE, 0, 1, 0x7fffffff)
                    .words(WINDOW_UPDATE, 0, 1, 0x7fffffff),
            FLOW_CONTROL_ERROR),
        of(
            "6.10 CONTINUATION of another stream",
            p ->
                p.frame(HEADERS, END_STREAM, 1, refused())
                    .frame(CONTINUATION, END_HEADERS, 3, block("a", "b")),
            PROTOCOL_ERROR),
        of(
            "6.10 CONTINUATION on stream 0",
            p ->
                p.frame(HEADERS, END_STREAM, 1, refused())
                    .frame(CONTINUATION, END_HEADERS, 0, block("a", "b")),
            PROTOCOL_ERROR),
        of(
            "6.10 CONTINUATION after the end of a block",
            p ->
                p.frame(HEADERS, END_HEADERS, 1, request("POST", "/"))
                    .frame(CONTINUATION, END_HEADERS, 1, block("a", "b")),
            PROTOCOL_ERROR),
        // §8.1, §8.2, §8.3: the message
        of(
            "8.1 trailers that end nothing",
            p ->
                p.frame(HEADERS, END_HEADERS, 1, refused())
                    .frame(HEADERS, END_HEADERS, 1, block("a", "b")),
            PROTOCOL_ERROR),
        of(
            "8.1 trailers with pseudo-fields",
            p ->
                p.frame(HEADERS, END_HEADERS, 1, request("POST", "/"))
                    .frame(HEADERS, END_HEADERS | END_STREAM, 1, block(":path", "/refused")),
            PROTOCOL_ERROR),
        of(
            "8.1.1 less body than Content-Length says",
            p ->
                p.frame(HEADERS, END_HEADERS, 1, request("POST", "/", "content-length", "2"))
                    .frame(DATA, END_STREAM, 1, 'x'),
            PROTOCOL_ERROR),
        of(
            "8.1.1 more body than Content-Length says",
            p ->
                p.frame(HEADERS, END_HEADERS, 1, request("POST", "/", "content-length", "1"))
                    .frame(DATA, END_STREAM, 1, 'x', 'x'),
            PROTOCOL_ERROR),
        field("8.2.1 a name in capitals", "X-A", "b"),
        field("8.2.1 a name with a space", "x a", "b"),
        field("8.2.1 a name with a colon", "x:a", "b"),
        field("8.2.1 a value with CR LF", "x-a", "b\r\nx-c: d"),
        field("8.2.1 a value with NUL", "x-a", "b\0"),
        field("8.2.1 a value that begins with a space", "x-a", " b"),
        field("8.2.1 a value that begins with a tab", "x-a", "\tb"),
        field("8.2.1 a value that ends with a space", "x-a", "b "),
        field("8.2.1 a value that ends with a tab", "x-a", "b\t"),
        field("8.2.1 a value that is a space", "x-a", " "),
        field("8.2.2 Connection", "connection", "keep-alive"),
        field("8.2.2 Transfer-Encoding", "transfer-encoding", "chunked"),
        field("8.2.2 Upgrade", "upgrade", "h2c"),
        field("8.2.2 TE other than trailers", "te", "trailers, deflate"),
        field("8.3 an unknown pseudo-field", ":test", "x"),
        field("8.3 a pseudo-field of answers", ":status", "200"),
        field("8.3 a pseudo-field of what was not offered", ":protocol", "websocket"),
        fields(
            "8.3 a pseudo-field behind others",
            ":method",
            "GET",
            ":scheme",
            "http",
            "x",
            "y",
            ":path",
            "/refused",
            ":authority",
            "k"),
        fields("8.3.1 no :method", ":scheme", "http", ":path", "/refused", ":authority", "k"),
        fields("8.3.1 no :scheme", ":method", "GET", ":path", "/refused", ":authority", "k"),
        fields("8.3.1 no :path", ":method", "GET", ":scheme", "http", ":authority", "k"),
        fields(
            "8.3.1 an empty :path",
            ":method",
            "GET",
            ":scheme",
            "http",
            ":path",
            "",
            ":authority",
            "k"),
        fields(
            "8.3.1 neither :authority nor Host",
            ":method",
            "GET",
            ":scheme",
            "http",
            ":path",
            "/refused"),
        fields(
            "8.3.1 an empty :authority",
            ":method",
            "GET",
            ":scheme",
            "http",
            ":path",
            "/refused",
            ":authority",
            ""),
        field("8.3.1 Host other than :authority", "host", "other"),
        field("8.3.1 a second Host beside :authority", "host", "kaneo", "host", "other"),
        fields(
            "8.3.1 two Host without :authority",
            ":method",
            "GET",
            ":scheme",
            "http",
            ":path",
            "/refused",
            "host",
            "kaneo",
            "host",
            "other"),
        fields(
            "8.3.1 a :scheme that is not HTTP's",
            ":method",
            "GET",
            ":scheme",
            "ftp",
            ":path",
            "/refused",
            ":authority",
            "k"),
        fields(
            "8.3.1 two :method",
            ":method",
            "GET",
            ":method",
            "GET",
            ":scheme",
            "http",
            ":path",
            "/refused"),
        fields(
            "8.3.1 two :path",
            ":method",
            "GET",
            ":scheme",
            "http",
            ":path",
            "/refused",
            ":path",
            "/refused"),
        // RFC 7541
        of(
            "hpack 2.3.3 an index that is not there",
            p -> p.frame(HEADERS, END_STREAM | END_HEADERS, 1, 0xc6),
            COMPRESSION_ERROR),
        of(
            "hpack 4.2 a table larger than agreed",
            p -> p.frame(HEADERS, END_STREAM | END_HEADERS, 1, 0x3f, 0xe1, 0xff, 0x03),
            COMPRESSION_ERROR),
        of(
            "hpack 5.2 padding of Huffman longer than seven bits",
            p -> p.frame(HEADERS, END_STREAM | END_HEADERS, 1, 0x00, 0x82, 0x1f, 0xff, 0x81, 0xff),
            COMPRESSION_ERROR,
            PROTOCOL_ERROR),
        of(
            "hpack 6.1 index 0",
            p -> p.frame(HEADERS, END_STREAM | END_HEADERS, 1, 0x80),
            COMPRESSION_ERROR));
  }

  /** An error, or the 400 that a malformed request may be told first (RFC 9113 §8.1.1). */
  private static boolean isRefusal(Frame frame) {
    return frame.type() == GOAWAY
        || frame.type() == RST_STREAM
        || (frame.type() == HEADERS && frame.block()[0] == STATUS_400);
  }

  /** Only DATA waits for a window (RFC 9113 §5.2.1); a client may open none before the head. */
  @Test
  void theHeadOfAnAnswerWaitsForNoWindow() throws Exception {
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.frame(SETTINGS, 0, 0, 0, 4, 0, 0, 0, 0);
      peer.get(1, "/x");
      assertEquals(HEADERS, peer.await(frame -> frame.stream() == 1 || frame.isEnd()).type());
      peer.words(Http2Peer.WINDOW_UPDATE, 0, 1, 1000);
      assertEquals(
          Http2Peer.DATA, peer.await(frame -> frame.stream() == 1 || frame.isEnd()).type());
    }
  }

  /** A client may have the gateway remember 4 GB of fields (RFC 7541 §4.2), which it need not. */
  @Test
  void aClientDoesNotSayHowMuchIsRememberedForIt() throws Exception {
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.frame(SETTINGS, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff);
      byte[] block =
          peer.get(1, "/x").await(frame -> frame.type() == HEADERS || frame.isEnd()).block();
      assertTrue(sizeOfTable(block) <= 4096, "table of " + sizeOfTable(block));
    }
  }

  /** What the updates at the beginning of a block (RFC 7541 §6.3) end with, or 4096. */
  private static long sizeOfTable(byte[] block) {
    long size = 4096;
    int at = 0;
    while ((block[at] & 0xe0) == 0x20) {
      size = block[at] & 0x1f;
      if (size == 0x1f) {
        int shift = 0;
        do {
          at++;
          size += (long) (block[at] & 0x7f) << shift;
          shift += 7;
        } while ((block[at] & 0x80) != 0);
      }
      at++;
    }
    return size;
  }

  /** RFC 9113 §8.3.1: one Host does for :authority, and schemes have no case. */
  @Test
  void aRequestNamedByHostIsServed() throws Exception {
    kaneo.startOver();
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.frame(
          HEADERS,
          END_STREAM | END_HEADERS,
          1,
          block(":method", "GET", ":scheme", "HTTP", ":path", "/", "host", "kaneo"));
      assertServed(peer, 1);
    }
    String head = kaneo.nextHead();
    assertTrue(head.contains("host: kaneo\r\n"), head);
  }

  /** As Envoy ends a request: with a body it could be asked of Kaneo only once. */
  @Test
  void aFrameOfNothingIsNoBody() throws Exception {
    kaneo.startOver();
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.frame(HEADERS, END_HEADERS, 1, request("GET", "/")).frame(DATA, END_STREAM, 1);
      assertServed(peer, 1);
    }
    String head = kaneo.nextHead();
    assertFalse(head.toLowerCase(Locale.ROOT).contains("transfer-encoding"), head);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isRefusedAndHarmsNobody(Case refused) throws Exception {
    kaneo.startOver();
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      refused.step().on(peer);
      Frame end = peer.await(Http2FramesIT::isRefusal);
      assertTrue(
          end.isEnd() || end.type() == HEADERS || refused.errors().contains(end.error()),
          end::toString);
    }
    try (Http2Peer others = new Http2Peer(gateway.port())) {
      others.get(1, "/others");
      assertServed(others, 1);
    }
    for (String head = kaneo.nextHead(); !head.contains("/others"); head = kaneo.nextHead()) {
      assertTrue(!head.contains("/refused"), head);
    }
  }

  /** RFC 9113 §5.1: both sides have ended it, so nothing can be under way. */
  @ParameterizedTest
  @ValueSource(ints = {HEADERS, DATA})
  void whatComesOnAStreamThatIsOverEndsTheConnection(int type) throws Exception {
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.get(1, "/");
      assertServed(peer, 1);
      // Once this one is served, the gateway knows that the first is over.
      peer.get(3, "/");
      assertServed(peer, 3);
      peer.frame(type, END_STREAM | END_HEADERS, 1, type == DATA ? new byte[1] : refused());
      assertEquals(STREAM_CLOSED, peer.await(frame -> frame.type() == GOAWAY).error());
    }
  }

  /** RFC 9113 §5.1.1. */
  @Test
  void aStreamOlderThanOneBeforeEndsTheConnection() throws Exception {
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.get(5, "/").get(3, "/refused");
      assertEquals(PROTOCOL_ERROR, peer.await(frame -> frame.type() == GOAWAY).error());
    }
  }

  /** RFC 9113 §5.1: a client may have sent them before it heard of the reset. */
  @Test
  void whatWasUnderWayToAStreamThatTheGatewayResetIsLet() throws Exception {
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.frame(HEADERS, END_HEADERS, 1, request("POST", "/")).words(WINDOW_UPDATE, 0, 1, 0);
      peer.frame(HEADERS, END_HEADERS, 3, request("G@T", "/"));
      peer.await(frame -> frame.type() == RST_STREAM && frame.stream() == 3);
      for (int stream : new int[] {1, 3}) {
        peer.frame(DATA, 0, stream, 1);
        peer.frame(HEADERS, END_STREAM | END_HEADERS, stream, block("x-trailer", "y"));
      }
      peer.get(5, "/");
      assertServed(peer, 5);
    }
  }

  /** RFC 9113 §5.1 has its stream end for that, and others may share the connection. */
  @Test
  void whatComesOnAStreamThatTheClientResetEndsNoOther() throws Exception {
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.frame(HEADERS, END_HEADERS, 1, request("POST", "/"))
          .words(RST_STREAM, 0, 1, CANCEL)
          .frame(DATA, END_STREAM, 1, 1)
          .get(3, "/");
      assertServed(peer, 3);
    }
  }

  private static void assertServed(Http2Peer peer, int stream) throws IOException {
    Frame answer =
        peer.await(
            frame -> frame.type() == GOAWAY || (frame.type() == DATA && frame.stream() == stream));
    assertEquals("hello", new String(answer.payload(), StandardCharsets.UTF_8));
  }
}
