package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.fixtures.Http2Peer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import dev.kaneogateway.fixtures.Trusting;
import io.vertx.core.net.SelfSignedCertificate;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The end of a connection that has no request for too long: a client is told, not cut off. */
@Timeout(60)
class IdleConnectionsIT {
  /** The content type of an alert (RFC 5246 §6.2.1). */
  private static final int ALERT = 21;

  private static ScriptedUpstream kaneo;

  @BeforeAll
  static void start() throws Exception {
    kaneo = ScriptedUpstream.friendly();
  }

  @AfterAll
  static void stop() throws Exception {
    kaneo.close();
  }

  private static RunningGateway gateway(String... settings) throws Exception {
    String[] all = new String[settings.length + 2];
    all[0] = "GATEWAY_IDLE_TIMEOUT_MS";
    all[1] = "300";
    System.arraycopy(settings, 0, all, 2, settings.length);
    return RunningGateway.start(TestDatabase.createEmpty(), kaneo.port(), all);
  }

  /**
   * RFC 9113 §6.8: without it nobody knows whether a request that was on its way was acted upon.
   */
  @Test
  void http2SaysWhichRequestWasTheLast() throws Exception {
    try (RunningGateway gateway = gateway();
        Http2Peer peer = new Http2Peer(gateway.port())) {
      peer.get(1, "/x");
      Http2Peer.Frame farewell = peer.await(frame -> frame.type() == Http2Peer.GOAWAY);
      assertEquals(0, farewell.error(), farewell.toString());
      assertEquals(1, farewell.payload()[3]);
    }
  }

  /** RFC 5246 §7.2.1: without it the end might be anybody's, and OpenSSL takes it for an error. */
  @Test
  void tlsSaysThatNothingFollows() throws Exception {
    SelfSignedCertificate certificate = SelfSignedCertificate.create("localhost");
    try (RunningGateway gateway =
            gateway(
                "GATEWAY_TLS_CERT",
                certificate.certificatePath(),
                "GATEWAY_TLS_KEY",
                certificate.privateKeyPath());
        RecordReader tcp = new RecordReader(gateway.port());
        SSLSocket client =
            (SSLSocket)
                Trusting.only(certificate, gateway.vertx())
                    .getSocketFactory()
                    .createSocket(tcp, "localhost", gateway.port(), true)) {
      // The types of its records are not encrypted.
      client.setEnabledProtocols(new String[] {"TLSv1.2"});
      client
          .getOutputStream()
          .write("GET /x HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      client.getInputStream().readAllBytes();
      assertEquals(ALERT, tcp.lastType);
    }
  }

  /** A connection that notes of what type the last record was. */
  private static final class RecordReader extends Socket {
    private int lastType;
    private int left;
    private final byte[] head = new byte[5];
    private int headRead;

    RecordReader(int port) throws IOException {
      super("127.0.0.1", port);
      setSoTimeout(10_000);
    }

    private void came(byte b) {
      if (left > 0) {
        left--;
        return;
      }
      head[headRead++] = b;
      if (headRead == head.length) {
        headRead = 0;
        lastType = head[0];
        left = (head[3] & 0xff) << 8 | (head[4] & 0xff);
      }
    }

    @Override
    public InputStream getInputStream() throws IOException {
      return new FilterInputStream(super.getInputStream()) {
        @Override
        public int read(byte[] into, int from, int length) throws IOException {
          int read = super.read(into, from, length);
          for (int i = 0; i < read; i++) {
            came(into[from + i]);
          }
          return read;
        }
      };
    }
  }
}
