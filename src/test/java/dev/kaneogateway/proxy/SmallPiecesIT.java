package dev.kaneogateway.proxy;

import static dev.kaneogateway.fixtures.Http2Peer.DATA;
import static dev.kaneogateway.fixtures.Http2Peer.END_HEADERS;
import static dev.kaneogateway.fixtures.Http2Peer.END_STREAM;
import static dev.kaneogateway.fixtures.Http2Peer.HEADERS;
import static dev.kaneogateway.fixtures.Http2Peer.WINDOW_UPDATE;
import static dev.kaneogateway.fixtures.Http2Peer.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.Http2Peer;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import dev.kaneogateway.fixtures.Trusting;
import io.vertx.core.net.SelfSignedCertificate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bodies in pieces of a byte, of which a client can send thousands while nobody takes them. */
class SmallPiecesIT {
  private static final int PIECES = 1000;

  private final CompletableFuture<String> carried = new CompletableFuture<>();
  private final CountDownLatch reading = new CountDownLatch(1);
  private ScriptedUpstream kaneo;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws Exception {
    kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              StringBuilder body = new StringBuilder();
              reading.await(20, TimeUnit.SECONDS);
              while (body.indexOf("0\r\n\r\n") < 0) {
                body.append((char) connection.in().read());
              }
              carried.complete(body.toString());
              connection.write(ScriptedUpstream.ok("done"));
              return true;
            });
    gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port());
  }

  @AfterEach
  void stop() throws Exception {
    reading.countDown();
    gateway.close();
    kaneo.close();
  }

  private static String unchunked(String body) {
    return body.replaceAll("(?m)^[0-9a-f]+\r\n", "").replace("\r\n", "");
  }

  @Test
  void chunksThatComeAtOnceAreCarriedAsOne() throws Exception {
    reading.countDown();
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(
          "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
              + "1\r\nx\r\n".repeat(PIECES)
              + "0\r\n\r\n");
      assertEquals("HTTP/1.1 200 OK\r\n", peer.readUntil("\r\n"));
    }
    String body = carried.get(10, TimeUnit.SECONDS);
    assertEquals("x".repeat(PIECES), unchunked(body));
    assertTrue(body.length() < PIECES * 3 / 2, body.length() + " bytes");
  }

  /** Lets several records of TLS leave in one packet. */
  private static final class Gathering extends Socket {
    private final ByteArrayOutputStream gathered = new ByteArrayOutputStream();
    private boolean gathers;

    Gathering(int port) throws IOException {
      super("127.0.0.1", port);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      OutputStream out = super.getOutputStream();
      return new OutputStream() {
        @Override
        public void write(int octet) throws IOException {
          write(new byte[] {(byte) octet});
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
          (gathers ? gathered : out).write(bytes, from, length);
        }
      };
    }

    void leave() throws IOException {
      gathers = false;
      super.getOutputStream().write(gathered.toByteArray());
    }
  }

  @Test
  void recordsOfTlsThatComeAtOnceAreCarriedAsOne() throws Exception {
    reading.countDown();
    SelfSignedCertificate certificate = SelfSignedCertificate.create("localhost");
    try (RunningGateway secure =
            RunningGateway.start(
                TestDatabase.createEmpty(),
                kaneo.port(),
                "GATEWAY_TLS_CERT",
                certificate.certificatePath(),
                "GATEWAY_TLS_KEY",
                certificate.privateKeyPath());
        Gathering packets = new Gathering(secure.port())) {
      SSLContext trusting = Trusting.only(certificate, secure.vertx());
      SSLSocket peer =
          (SSLSocket)
              trusting.getSocketFactory().createSocket(packets, "localhost", secure.port(), true);
      peer.setSoTimeout(10_000);
      peer.startHandshake();
      packets.gathers = true;
      OutputStream out = peer.getOutputStream();
      out.write(
          "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII));
      for (int n = 0; n < PIECES; n++) {
        out.write("1\r\nx\r\n".getBytes(StandardCharsets.US_ASCII));
      }
      out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      packets.leave();
      String body = carried.get(10, TimeUnit.SECONDS);
      assertEquals("x".repeat(PIECES), unchunked(body));
      assertTrue(body.length() < PIECES * 3 / 2, body.length() + " bytes");
    }
  }

  @Test
  void framesOfNothingBetweenThoseOfAnUploadAreNothing() throws Exception {
    reading.countDown();
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.frame(HEADERS, END_HEADERS, 1, request("POST", "/x"));
      for (int n = 0; n < PIECES; n++) {
        peer.frame(DATA, 0, 1).frame(DATA, 0, 1, 'x');
      }
      peer.frame(DATA, END_STREAM, 1);
      assertEquals(1, peer.await(frame -> frame.type() == HEADERS).stream());
    }
    assertEquals("x".repeat(PIECES), unchunked(carried.get(10, TimeUnit.SECONDS)));
  }

  @Test
  void framesOfAByteThatAreTakenTakeUpNothing() throws Exception {
    int room = (int) (Runtime.getRuntime().maxMemory() / 8 / 300);
    kaneo.script(
        (head, connection) -> {
          for (int last = connection.in().read(); last != '!'; last = connection.in().read()) {
            // Until the end.
          }
          connection.write(ScriptedUpstream.ok("done"));
          return false;
        });
    try (Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.frame(HEADERS, END_HEADERS, 1, request("POST", "/x"));
      int window = 60_000;
      for (int left = 3 * room; left > 0; ) {
        int now = Math.min(left, window);
        peer.raw(Http2Peer.frames(DATA, 1, now, 'x'));
        left -= now;
        window =
            ByteBuffer.wrap(
                    peer.await(frame -> frame.type() == WINDOW_UPDATE && frame.stream() == 1)
                        .payload())
                .getInt();
      }
      peer.frame(DATA, END_STREAM, 1, '!');
      assertEquals(1, peer.await(frame -> frame.type() == HEADERS).stream());
    }
  }

  @Test
  void framesOfAByteThatWaitTakeUpSoMuchAndThenTheirStreamsEnd() throws Exception {
    long room = Runtime.getRuntime().maxMemory() / 8 / 300;
    List<Http2Peer> peers = new ArrayList<>();
    try (RunningGateway busy =
            RunningGateway.start(
                TestDatabase.createEmpty(),
                kaneo.port(),
                "GATEWAY_UPSTREAM_CONNECTIONS",
                "1",
                "GATEWAY_UPSTREAM_CONNECT_TIMEOUT_MS",
                "60000");
        RawPeer first = new RawPeer(busy.port())) {
      first.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
      kaneo.nextHead();
      // The connection is taken, so these wait with all that comes of them.
      byte[] frames = Http2Peer.frames(DATA, 1, 60_000, 'x');
      for (long sent = 0; sent < room + 300_000; sent += 60_000) {
        Http2Peer peer = new Http2Peer(busy.port());
        peers.add(peer);
        peer.frame(HEADERS, END_HEADERS, 1, request("POST", "/x")).raw(frames);
      }
      Await.until(
          "a stream is reset",
          () -> !busy.metrics().contains("kaneo_gateway_http2_floods_total 0.0"));
    } finally {
      for (Http2Peer peer : peers) {
        peer.close();
      }
    }
  }
}
