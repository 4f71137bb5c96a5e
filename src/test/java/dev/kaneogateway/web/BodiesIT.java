package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that the gateway itself reads. */
class BodiesIT {
  private static final String FORM = "Content-Type: application/x-www-form-urlencoded\r\n";

  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws IOException {
    kaneo = ScriptedUpstream.friendly();
    gateway =
        RunningGateway.start(
            TestDatabase.create(), kaneo.port(), "GATEWAY_PROGRESS_TIMEOUT_MS", "300");
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    kaneo.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/auth/device/code",
        "/api/auth/device/token",
        "/api/auth/device/revoke",
        "/api/auth/device/approve",
        "/api/auth/device/deny",
        "/device/sign-in"
      })
  void oneThatStandsStillIsGivenUp(String path) throws Exception {
    String head = "POST " + path + " HTTP/1.1\r\nHost: a\r\nOrigin: http://kaneo.test\r\n" + FORM;
    for (String begun :
        new String[] {
          "Content-Length: 100\r\n\r\nclient", "Transfer-Encoding: chunked\r\n\r\n5\r\nclien"
        }) {
      try (RawPeer peer = new RawPeer(gateway.port())) {
        String answer = peer.send(head + begun).readUntil("\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
        assertTrue(answer.toLowerCase(java.util.Locale.ROOT).contains("connection: close"), answer);
      }
    }
    gateway.awaitMetric("kaneo_gateway_requests_counted 0.0");
  }
}
