package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import dev.kaneogateway.fixtures.Trusting;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.net.SelfSignedCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that have TLS itself work: a further handshake is one in TLS 1.2, and new keys in 1.3.
 */
@Timeout(60)
class TlsFloodIT {
  /** Far more than any client has cause for. */
  private static final int MANY = 500;

  private static final int LONG_BODY = 30_000_000;

  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;
  private static SSLContext trusting;

  @BeforeAll
  static void start() throws Exception {
    SelfSignedCertificate certificate = SelfSignedCertificate.create("localhost");
    kaneo = ScriptedUpstream.friendly();
    gateway =
        RunningGateway.start(
            TestDatabase.createEmpty(),
            kaneo.port(),
            "GATEWAY_TLS_CERT",
            certificate.certificatePath(),
            "GATEWAY_TLS_KEY",
            certificate.privateKeyPath());
    trusting = Trusting.only(certificate, gateway.vertx());
  }

  @AfterAll
  static void stop() throws Exception {
    gateway.close();
    kaneo.close();
  }

  private static SSLSocket connected(String version) throws IOException {
    SSLSocket socket =
        (SSLSocket) trusting.getSocketFactory().createSocket("127.0.0.1", gateway.port());
    socket.setSoTimeout(10_000);
    socket.setEnabledProtocols(new String[] {version});
    socket.startHandshake();
    return socket;
  }

  private static boolean isServed(SSLSocket client) throws IOException {
    client
        .getOutputStream()
        .write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    StringBuilder answer = new StringBuilder();
    int next = 0;
    while (next >= 0 && answer.indexOf("hello") < 0) {
      next = client.getInputStream().read();
      answer.append((char) next);
    }
    return next >= 0;
  }

  /** Whether a request is answered behind new keys, which a client of TLS 1.2 gets as it reads. */
  private static boolean renewsAndIsServed(SSLSocket client) {
    try {
      client.startHandshake();
      return isServed(client);
    } catch (IOException ended) {
      return false;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void aClientMayRenewItsKeysButNotWithoutEnd(String version) throws Exception {
    try (SSLSocket client = connected(version)) {
      int times = 0;
      while (times < MANY && renewsAndIsServed(client)) {
        times++;
      }
      assertTrue(times > 10 && times < MANY, "renewed " + times + " times");
    }
    gateway.awaitMetric("kaneo_gateway_connections_open 0.0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void requestsMayBeAnyNumber(String version) throws Exception {
    try (SSLSocket client = connected(version)) {
      for (int i = 0; i < MANY; i++) {
        assertTrue(isServed(client));
      }
    }
  }

  /** TLS makes records of updates of windows while it reads, and they are none of its own. */
  @Test
  void anUploadMayBeLongOverHttp2() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.read(LONG_BODY);
          connection.write(ScriptedUpstream.ok("all"));
          return false;
        });
    try {
      HttpClient client = Trusting.anybodyOverHttp2(gateway.vertx());
      Buffer answer =
          RunningGateway.await(
              client
                  .request(HttpMethod.POST, gateway.port(), "localhost", "/x")
                  .compose(request -> request.send(Buffer.buffer(new byte[LONG_BODY])))
                  .compose(HttpClientResponse::body));
      assertEquals("all", answer.toString());
    } finally {
      kaneo.startOver();
    }
  }

  @Test
  void aHandshakeIsNotKeptWithoutEnd() throws Exception {
    // The first message of a handshake says that it is of 32 KB.
    byte[] record = new byte[5 + 12_000];
    System.arraycopy(
        new byte[] {22, 3, 1, 0x2e, (byte) 0xe0, 1, 0, 0x7f, 0, 3, 3}, 0, record, 0, 11);
    try (RawPeer client = new RawPeer(gateway.port()).patience(5000)) {
      client.send(new String(record, StandardCharsets.ISO_8859_1));
      client.send(new String(record, StandardCharsets.ISO_8859_1));
      String answer = client.readAll();
      assertTrue(!answer.endsWith("(still open)"), answer);
    }
  }
}
