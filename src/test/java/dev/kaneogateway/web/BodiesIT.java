package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
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

  @Tag("long")
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

  /** Its turn comes when that answer has left, which the loop tells and not Vert.x. */
  @Test
  void oneBehindALargeAnswerIsReadAsAnyOther() throws Exception {
    String large = "x".repeat(16_000);
    kaneo.script(
        (head, connection) -> {
          connection.write(ScriptedUpstream.ok(large));
          return true;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(
          "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
              + "POST /api/auth/device/code HTTP/1.1\r\nHost: a\r\n"
              + FORM
              + "Content-Length: 14\r\n\r\nclient_id=evil");
      peer.readUntil(large);
      String answer = peer.readUntil("}");
      assertTrue(answer.contains("invalid_client"), answer);
    }
    kaneo.startOver();
  }

  /** RFC 9113 §8.2.2: there a connection has no field of its own. */
  @Test
  void overHttp2ItIsGivenUpWithoutAFieldOfHttp1() {
    HttpClient client =
        gateway
            .vertx()
            .createHttpClient(
                new HttpClientOptions()
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false));
    for (String path : new String[] {"/api/auth/device/code", "/device/sign-in"}) {
      HttpClientResponse answer =
          RunningGateway.await(
              client
                  .request(HttpMethod.POST, gateway.port(), "127.0.0.1", path)
                  .compose(
                      request -> {
                        request.putHeader("Content-Type", "application/x-www-form-urlencoded");
                        request.putHeader("Origin", "http://kaneo.test");
                        request.setChunked(true).write("client");
                        return request.response();
                      }));
      assertEquals(408, answer.statusCode());
      assertNull(answer.getHeader("Connection"));
    }
    RunningGateway.await(client.close());
  }
}
