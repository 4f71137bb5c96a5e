package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets through to Kaneo and who does not (kaneo-contract section 2). */
class AuthenticationIT {
  private static TestDatabase database;
  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws Exception {
    database = TestDatabase.create();
    kaneo = ScriptedUpstream.friendly();
    gateway = RunningGateway.start(database, kaneo.port());
    Await.until(
        "the database is known",
        () -> ask("/api/x", "Authorization: Bearer nobody").startsWith("HTTP/1.1 401"));
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Authorization: Bearer " + DemoSeed.API_KEY,
        "authorization: bearer " + DemoSeed.SESSION_TOKEN,
        "x-api-key: " + DemoSeed.READ_ONLY_KEY,
        "Authorization: Bearer nope\r\nx-api-key: " + DemoSeed.API_KEY,
        "Authorization: Bearer " + DemoSeed.API_KEY + "\r\nx-api-key: nope",
        "Authorization: Basic YTpi\r\nCookie: better-auth.session_token=x",
        "Authorization: Bearerx y\r\nCookie: a=b",
        "Cookie: better-auth.session_token=whatever"
      })
  void theseGetThroughAndTheirCredentialWithThem(String fields) throws Exception {
    assertTrue(ask("/api/project", fields).startsWith("HTTP/1.1 200"), fields);
    String head = kaneo.nextHead();
    for (String field : fields.split("\r\n")) {
      assertTrue(
          head.toLowerCase(java.util.Locale.ROOT)
              .contains(field.toLowerCase(java.util.Locale.ROOT)),
          head);
    }
  }

  @Test
  void aRefusalOfKaneosGetsTheChallengeThatItForgets() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 12\r\n\r\nUnauthorized");
          return true;
        });
    String answer = ask("/api/project", "Cookie: better-auth.session_token=ended");
    assertTrue(answer.startsWith("HTTP/1.1 401 "), answer);
    assertTrue(answer.contains("WWW-Authenticate: Bearer realm=\"kaneo\"\r\n"), answer);
  }

  @ParameterizedTest
  @CsvSource({
    "'X: y', 'Bearer realm=\"kaneo\"'",
    "'Authorization: Bearer nope', 'Bearer realm=\"kaneo\", error=\"invalid_token\"'",
    "'Authorization: Bearer nope\r\nCookie: good=1', 'Bearer realm=\"kaneo\", error=\"invalid_token\"'",
    "'Authorization: Bearer a b\r\nx-api-key: k', 'Bearer realm=\"kaneo\", error=\"invalid_request\"'",
    "'Authorization: Bearer "
        + DemoSeed.SESSION_TOKEN
        + "\r\nx-api-key: nope', 'Bearer realm=\"kaneo\", error=\"invalid_token\"'",
    "'x-api-key: "
        + DemoSeed.SESSION_TOKEN
        + "', 'Bearer realm=\"kaneo\", error=\"invalid_token\"'",
    "'x-api-key: "
        + DemoSeed.API_KEY
        + "\r\nx-api-key: "
        + DemoSeed.API_KEY
        + "', 'Bearer realm=\"kaneo\", error=\"invalid_token\"'",
    "'Authorization: Bearer "
        + DemoSeed.EXPIRED_KEY
        + "', 'Bearer realm=\"kaneo\", error=\"invalid_token\"'"
  })
  void theseAreRefusedAsKaneoRefusesWithAChallengeBesides(String fields, String challenge)
      throws Exception {
    String answer = ask("/api/project", fields);
    assertTrue(
        answer.startsWith("HTTP/1.1 401 Unauthorized\r\n")
            && answer.endsWith("\r\n\r\nUnauthorized"),
        answer);
    assertTrue(answer.contains("content-type: text/plain;charset=UTF-8"), answer);
    assertTrue(answer.contains("WWW-Authenticate: " + challenge + "\r\n"), answer);
    assertEquals(0, kaneo.unseen());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/health",
        "/api/auth/get-session",
        "/api/mcp",
        "/api/public-project/1",
        "/api/%68ealth",
        "/api/x/../health",
        "/",
        "/assets/app.js",
        "/.well-known/oauth-authorization-server/api"
      })
  void theseAreKaneosToJudgeEvenWithABadCredential(String path) throws Exception {
    assertTrue(ask(path, "Authorization: Bearer nope").startsWith("HTTP/1.1 200"), path);
    kaneo.nextHead();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api",
        "/api/",
        "/api/health/",
        "/api/health/../project",
        "/%61pi/project",
        "/x/../api/project",
        "/api/public-project/",
        "/api//health",
        "/api%2Fproject",
        "/x//../api/project",
        "/api/auth/..%2fproject"
      })
  void theseAreGuardedHoweverTheyAreSpelt(String path) throws Exception {
    assertTrue(ask(path, "X: y").startsWith("HTTP/1.1 401"), path);
    assertEquals(0, kaneo.unseen());
  }

  @Test
  void aPageOfAnAllowedOriginCanReadTheRefusal() throws Exception {
    String allowed = ask("/api/project", "Origin: http://kaneo.test");
    assertTrue(allowed.contains("access-control-allow-origin: http://kaneo.test\r\n"), allowed);
    assertTrue(
        allowed.contains("access-control-allow-credentials: true")
            && allowed.contains("vary: Origin"));
    assertFalse(ask("/api/project", "Origin: http://evil.test").contains("allow-origin"));
  }

  @Test
  void aRevokedKeyIsRefusedWithinASecondAndALookup() throws Exception {
    database.execute(
        "INSERT INTO apikey (id, key, reference_id, created_at, updated_at) VALUES ('rev', '"
            + dev.kaneogateway.credentials.TokenDigest.of("revocable").base64Url()
            + "', 'demoUser', now(), now())");
    assertTrue(ask("/api/project", "x-api-key: revocable").startsWith("HTTP/1.1 200"));
    kaneo.nextHead();
    database.execute("DELETE FROM apikey WHERE id = 'rev'");
    long deleted = System.nanoTime();
    while (ask("/api/project", "x-api-key: revocable").startsWith("HTTP/1.1 200")) {
      kaneo.nextHead();
      assertTrue(System.nanoTime() - deleted < 1_500_000_000L);
    }
  }

  @Test
  void withoutADatabaseTheAnswerIsTryAgainAndNeverNo() throws Exception {
    try (RunningGateway blind =
        RunningGateway.start(
            TestDatabase.create(),
            kaneo.port(),
            "DATABASE_URL",
            "postgresql://a:b@127.0.0.1:1/x")) {
      try (RawPeer peer = new RawPeer(blind.port())) {
        String answer =
            peer.send(
                    "GET /api/project HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer x\r\n\r\n")
                .readAll();
        assertTrue(
            answer.startsWith("HTTP/1.1 503 ") && answer.contains("Retry-After: 1\r\n"), answer);
      }
    }
  }

  private static String ask(String path, String fields) throws IOException {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      return peer.send(
              "GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + fields + "\r\n\r\n")
          .readAll();
    }
  }
}
