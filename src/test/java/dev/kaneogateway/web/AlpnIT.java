package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import dev.kaneogateway.fixtures.Trusting;
import io.vertx.core.net.SelfSignedCertificate;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/**
 * What clients say of themselves in the handshake (RFC 7301, and IANA's names of HTTP there), or
 * without one.
 */
@Timeout(60)
class AlpnIT {
  /** {@code curl --http1.0} offers nothing but what it will speak. */
  @ParameterizedTest
  @CsvSource({"http/1.0, HTTP/1.0", "http/1.1, HTTP/1.1"})
  void aClientOfOneVersionIsServed(String name, String version) throws Exception {
    SelfSignedCertificate certificate = SelfSignedCertificate.create("localhost");
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.createEmpty(),
                kaneo.port(),
                "GATEWAY_TLS_CERT",
                certificate.certificatePath(),
                "GATEWAY_TLS_KEY",
                certificate.privateKeyPath());
        SSLSocket client =
            (SSLSocket)
                Trusting.only(certificate, gateway.vertx())
                    .getSocketFactory()
                    .createSocket("127.0.0.1", gateway.port())) {
      client.setSoTimeout(10_000);
      SSLParameters parameters = client.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {name});
      client.setSSLParameters(parameters);
      client.startHandshake();
      assertEquals(name, client.getApplicationProtocol());
      client
          .getOutputStream()
          .write(
              ("GET / " + version + "\r\nHost: a\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(answer.contains(" 200 ") && answer.endsWith("hello"), answer);
    }
  }

  @Test
  void whoSpeaksWithoutTlsIsToldToUseItAndIsInTheAccessLog() throws Exception {
    Logger access = (Logger) LoggerFactory.getLogger("access");
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    access.addAppender(lines);
    SelfSignedCertificate certificate = SelfSignedCertificate.create("localhost");
    try (RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.createEmpty(),
                1,
                "GATEWAY_TLS_CERT",
                certificate.certificatePath(),
                "GATEWAY_TLS_KEY",
                certificate.privateKeyPath());
        RawPeer peer = new RawPeer(gateway.port())) {
      peer.send("POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n");
      peer.send("x".repeat(300_000));
      String answer = peer.readAll();
      assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
      assertTrue(answer.endsWith("must use TLS.\n"), answer);
      assertEquals(
          List.of("malformed request 400 client=127.0.0.1"),
          lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList());
    } finally {
      access.detachAppender(lines);
    }
  }
}
