package dev.kaneogateway.pages;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Signing in on the page while one of several Kaneo processes is away. */
class SignInAtSeveralKaneosIT {
  private static final String SIGNED_IN =
      "HTTP/1.1 200 OK\r\nSet-Cookie: better-auth.session_token=a.b; Path=/\r\n"
          + "Content-Length: 2\r\n\r\n{}";

  /** It is known by then to those who carry requests. */
  @Test
  void theFirstMayHang() throws Exception {
    try (ScriptedUpstream hung = new ScriptedUpstream((head, connection) -> true);
        ScriptedUpstream second = signingIn();
        RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.createEmpty(),
                second.port(),
                "KANEO_UPSTREAM_URL",
                "http://127.0.0.1:" + hung.port() + ",http://127.0.0.1:" + second.port(),
                "GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_MS",
                "100",
                "GATEWAY_UPSTREAM_BREAKER_FAILURES",
                "1")) {
      String carried = get(gateway, "/api/config");
      assertTrue(carried.startsWith("HTTP/1.1 504 "), carried);
      String answer = signIn(gateway);
      assertTrue(answer.startsWith("HTTP/1.1 303 "), answer);
    }
  }

  @Test
  void theFirstMayBeAway() throws Exception {
    ScriptedUpstream away = ScriptedUpstream.friendly();
    away.close();
    try (ScriptedUpstream second = signingIn();
        RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.createEmpty(),
                second.port(),
                "KANEO_UPSTREAM_URL",
                "http://127.0.0.1:" + away.port() + ",http://127.0.0.1:" + second.port())) {
      String answer = signIn(gateway);
      assertTrue(answer.startsWith("HTTP/1.1 303 "), answer);
    }
  }

  /** Without Kaneo's secret it is asked whose cookie came. */
  @Test
  void theFirstMayBeAwayForAnybodyWhoIsSignedIn() throws Exception {
    ScriptedUpstream away = ScriptedUpstream.friendly();
    away.close();
    String session = "{\"session\":{\"id\":\"demoSession\",\"userId\":\"demoUser\"}}";
    try (ScriptedUpstream second =
            new ScriptedUpstream(
                (head, connection) -> {
                  connection.write(ScriptedUpstream.ok(session));
                  return true;
                });
        RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.create(),
                second.port(),
                "AUTH_SECRET",
                "",
                "KANEO_UPSTREAM_URL",
                "http://127.0.0.1:" + away.port() + ",http://127.0.0.1:" + second.port());
        RawPeer browser = new RawPeer(gateway.port())) {
      String answer =
          browser
              .send(
                  "GET /device HTTP/1.1\r\nHost: kaneo.test\r\nConnection: close\r\n"
                      + "Cookie: better-auth.session_token=a.b\r\n\r\n")
              .readAll();
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
      assertTrue(answer.contains("Signed in as"), answer);
    }
  }

  private static ScriptedUpstream signingIn() throws IOException {
    return new ScriptedUpstream(
        (head, connection) -> {
          connection.write(SIGNED_IN);
          return false;
        });
  }

  private static String signIn(RunningGateway gateway) throws IOException {
    String form = "email=a%40b.test&password=secret";
    try (RawPeer browser = new RawPeer(gateway.port())) {
      return browser
          .send(
              "POST /device/sign-in HTTP/1.1\r\nHost: kaneo.test\r\nOrigin: http://kaneo.test\r\n"
                  + "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
                  + "Content-Length: "
                  + form.length()
                  + "\r\n\r\n"
                  + form)
          .readAll();
    }
  }

  private static String get(RunningGateway gateway, String path) throws IOException {
    try (RawPeer client = new RawPeer(gateway.port())) {
      return client
          .send("GET " + path + " HTTP/1.1\r\nHost: kaneo.test\r\nConnection: close\r\n\r\n")
          .readAll();
    }
  }
}
