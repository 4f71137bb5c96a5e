package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.credentials.TokenDigest;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who asks too often, and what becomes of everybody else. */
class LimitsIT {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final String KEY = "Bearer " + DemoSeed.API_KEY;

  private static TestDatabase database;
  private static ScriptedUpstream kaneo;

  @BeforeAll
  static void start() throws Exception {
    database = TestDatabase.create();
    kaneo = ScriptedUpstream.friendly();
  }

  @BeforeEach
  void startOver() {
    kaneo.startOver();
  }

  @AfterAll
  static void stop() throws IOException {
    kaneo.close();
  }

  @Test
  void anAddressThatAsksTooOftenIsToldWhenToComeAgain() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_LIMIT_ADDRESS_PER_MINUTE", "3")) {
      HttpResponse<String> last = null;
      for (int i = 0; i < 4; i++) {
        last = get(gateway, "/api/config", "203.0.113.5");
      }
      assertEquals(429, last.statusCode());
      assertEquals("20", header(last, "Retry-After"));
      assertEquals("\"address\";q=3;w=60", header(last, "RateLimit-Policy"));
      assertEquals("\"address\";r=0;t=20", header(last, "RateLimit"));
      assertEquals("no-store", header(last, "Cache-Control"));
      JsonObject told = new JsonObject(last.body());
      assertEquals("too_many_requests", told.getString("error"));
      assertFalse(told.getString("message").isEmpty());
      kaneo.nextHead();
      kaneo.nextHead();
      kaneo.nextHead();
      assertEquals(0, kaneo.unseen(), "a refused request reached Kaneo");
      // Its neighbour is not concerned.
      assertEquals(200, get(gateway, "/api/config", "203.0.113.6").statusCode());
    }
  }

  @Test
  void aPageOfAnotherOriginReadsTheRefusalOfItsRequestForItsPreflightIsNone() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_LIMIT_ADDRESS_PER_MINUTE", "1")) {
      get(gateway, "/api/config", "203.0.113.5");
      for (String path : List.of("/api/task/1", "/api/auth/device/token")) {
        HttpResponse<String> preflight = preflight(gateway, path, "http://kaneo.test");
        assertEquals(204, preflight.statusCode(), path);
        assertEquals("x-a,x-b", header(preflight, "Access-Control-Allow-Headers"), path);
      }
      HttpResponse<String> granted = preflight(gateway, "/api/task/1", "http://kaneo.test");
      assertEquals("http://kaneo.test", header(granted, "Access-Control-Allow-Origin"));
      assertEquals("true", header(granted, "Access-Control-Allow-Credentials"));
      assertEquals("PUT", header(granted, "Access-Control-Allow-Methods"));
      assertEquals(429, preflight(gateway, "/api/task/1", "http://else.test").statusCode());
      kaneo.nextHead();
      assertEquals(0, kaneo.unseen(), "a preflight too many reached Kaneo");
    }
  }

  private static HttpResponse<String> preflight(RunningGateway gateway, String path, String origin)
      throws Exception {
    return send(
        request(gateway, path)
            .header("X-Forwarded-For", "203.0.113.5")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "PUT")
            .header("Access-Control-Request-Headers", "x-a,x-b")
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
            .build());
  }

  @Test
  void anIpv6HouseholdIsOneClient() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_LIMIT_ADDRESS_PER_MINUTE", "2")) {
      assertEquals(200, get(gateway, "/", "2001:db8:0:7::1").statusCode());
      assertEquals(200, get(gateway, "/", "2001:db8:0:7::2").statusCode());
      assertEquals(429, get(gateway, "/", "2001:db8:0:7:ffff::3").statusCode());
      assertEquals(200, get(gateway, "/", "2001:db8:0:8::1").statusCode());
    }
  }

  @Test
  void aTrustedProxyThatNamesNobodyIsNotTakenForAClient() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_LIMIT_ADDRESS_PER_MINUTE", "2")) {
      for (int i = 0; i < 10; i++) {
        assertEquals(200, send(request(gateway, "/").build()).statusCode());
        assertEquals(200, get(gateway, "/", "10.1.2.3").statusCode());
      }
    }
  }

  @Test
  void aCredentialIsLimitedWhereverItComesFrom() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_LIMIT_CREDENTIAL_PER_MINUTE", "2")) {
      for (int i = 0; i < 2; i++) {
        assertEquals(
            200, get(gateway, "/api/task", "203.0.113." + i, "Authorization", KEY).statusCode());
      }
      HttpResponse<String> last =
          get(
              gateway,
              "/api/task",
              "203.0.113.9",
              "Authorization",
              KEY,
              "Origin",
              "http://kaneo.test");
      assertEquals(429, last.statusCode());
      assertEquals("\"credential\";q=2;w=60", header(last, "RateLimit-Policy"));
      assertEquals("http://kaneo.test", header(last, "Access-Control-Allow-Origin"));
      assertEquals("true", header(last, "Access-Control-Allow-Credentials"));
      assertTrue(header(last, "Access-Control-Expose-Headers").contains("Retry-After"));
      assertEquals(
          200,
          get(
                  gateway,
                  "/api/task",
                  "203.0.113.9",
                  "Authorization",
                  "Bearer " + DemoSeed.SESSION_TOKEN)
              .statusCode());
    }
  }

  @Test
  void aKeysOwnLimitHoldsOnlyIfTheOperatorWantsIt() throws Exception {
    insertKey("own", "true, 3, 60000");
    insertKey("free", "false, 3, 60000");
    insertKey("vague", "true, NULL, NULL");
    insertKey("vast", "true, 2147483647, 1");
    insertKey("long", "true, 2147483647, 2147483647");
    try (RunningGateway gateway = gateway("GATEWAY_KEY_RATE_LIMITS", "true")) {
      for (int i = 0; i < 3; i++) {
        assertEquals(200, useKey(gateway, "own").statusCode());
      }
      HttpResponse<String> last = useKey(gateway, "own");
      assertEquals(429, last.statusCode());
      assertEquals("\"api_key\";q=3;w=60", header(last, "RateLimit-Policy"));
      assertEquals("20", header(last, "Retry-After"));
      for (int i = 0; i < 5; i++) {
        assertEquals(200, useKey(gateway, "free").statusCode());
        assertEquals(200, useKey(gateway, "vague").statusCode());
        assertEquals(200, useKey(gateway, "vast").statusCode());
        assertEquals(200, useKey(gateway, "long").statusCode());
      }
    }
    try (RunningGateway gateway = gateway()) {
      for (int i = 0; i < 5; i++) {
        assertEquals(200, useKey(gateway, "own").statusCode());
      }
    }
  }

  private static void insertKey(String key, String limits) {
    database.execute(
        "INSERT INTO apikey (id, key, reference_id, created_at, updated_at, rate_limit_enabled,"
            + " rate_limit_max, rate_limit_time_window) VALUES ('"
            + key
            + "', '"
            + TokenDigest.of(key).base64Url()
            + "', 'demoUser', now(), now(), "
            + limits
            + ")");
  }

  private static HttpResponse<String> useKey(RunningGateway gateway, String key) throws Exception {
    return get(gateway, "/api/task", "203.0.113.5", "x-api-key", key);
  }

  @Test
  void passwordsAreNotGuessedAtKaneoNorByThePage() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_LIMIT_SIGN_INS_PER_QUARTER_HOUR", "3")) {
      assertEquals(200, post(gateway, "/api/auth/sign-in/email", "203.0.113.5").statusCode());
      assertEquals(200, post(gateway, "/api/auth/email-otp/x", "203.0.113.5").statusCode());
      // The page's own form counts as well, though this one is refused for lack of an Origin.
      assertEquals(403, post(gateway, "/device/sign-in", "203.0.113.5").statusCode());
      HttpResponse<String> last = post(gateway, "/api/auth/sign-in/email", "203.0.113.5");
      assertEquals(429, last.statusCode());
      assertEquals("300", header(last, "Retry-After"));
      assertEquals("300", header(last, "X-Retry-After"));
      HttpResponse<String> page =
          post(gateway, "/device/sign-in", "203.0.113.5", "Accept", "text/html");
      assertEquals(429, page.statusCode());
      assertTrue(page.body().contains("Too many tries"), page.body());
      // A person reads how long to wait, and has a way on that sends no password again.
      assertTrue(page.body().contains("Try again in 5 min."), page.body());
      assertTrue(page.body().contains("href=\"/device\""), page.body());
      // A preflight guesses nothing, and what else there is to do goes on.
      HttpRequest preflight =
          request(gateway, "/api/auth/sign-in/email")
              .header("X-Forwarded-For", "203.0.113.5")
              .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
              .build();
      assertEquals(200, send(preflight).statusCode());
      assertEquals(200, get(gateway, "/api/auth/get-session", "203.0.113.5").statusCode());
      assertEquals(200, post(gateway, "/api/auth/sign-up/email", "203.0.113.5").statusCode());
    }
  }

  @Test
  void accountsAreNotMadeByTheHundred() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_LIMIT_SIGN_UPS_PER_QUARTER_HOUR", "1")) {
      assertEquals(200, post(gateway, "/api/auth/sign-up/email", "203.0.113.5").statusCode());
      assertEquals(429, post(gateway, "/api/auth/sign-up/email", "203.0.113.5").statusCode());
      assertEquals(200, post(gateway, "/api/auth/sign-up/email", "203.0.113.6").statusCode());
    }
  }

  @Test
  void devicesAreRefusedInTheFormTheyUnderstand() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_LIMIT_DEVICE_PER_MINUTE", "1")) {
      assertEquals(415, post(gateway, "/api/auth/device/code", "203.0.113.5").statusCode());
      HttpResponse<String> code = post(gateway, "/api/auth/device/code", "203.0.113.5");
      assertEquals(429, code.statusCode());
      assertEquals("temporarily_unavailable", new JsonObject(code.body()).getString("error"));
      assertEquals("60", header(code, "Retry-After"));
      assertEquals("\"device\";q=1;w=60", header(code, "RateLimit-Policy"));
      assertEquals("*", header(code, "Access-Control-Allow-Origin"));
      HttpResponse<String> poll = post(gateway, "/api/auth/device/token", "203.0.113.5");
      assertEquals("slow_down", new JsonObject(poll.body()).getString("error"));
      HttpResponse<String> page = get(gateway, "/device", "203.0.113.5");
      assertEquals(429, page.statusCode());
      assertTrue(page.body().contains("Too many tries"), page.body());
    }
  }

  @Test
  void aFloodOfGuessesIsNotLookedUpWhileWhoeverIsKnownGoesOn() throws Exception {
    try (RunningGateway gateway =
        gateway("GATEWAY_LIMIT_FAILED_PER_MINUTE", "20", "GATEWAY_CACHE_TTL_MS", "0")) {
      String attacker = "203.0.113.5";
      assertEquals(200, get(gateway, "/api/task", attacker, "Authorization", KEY).statusCode());
      for (int i = 0; i < 20; i++) {
        assertEquals(401, guess(gateway, attacker, "guess" + i).statusCode());
      }
      double asked = lookedUp(gateway);
      for (int i = 0; i < 200; i++) {
        HttpResponse<String> refused = guess(gateway, attacker, "further" + i);
        assertEquals(429, refused.statusCode());
        assertEquals("\"failed_authentication\";q=20;w=60", header(refused, "RateLimit-Policy"));
      }
      // A token may have come back meanwhile.
      assertTrue(lookedUp(gateway) - asked <= 2, () -> "guesses were looked up");
      // The same address, a credential that held lately, nothing remembered of its verdict.
      assertEquals(200, get(gateway, "/api/task", attacker, "Authorization", KEY).statusCode());
      // And every other address.
      assertEquals(401, guess(gateway, "203.0.113.6", "guess").statusCode());
    }
  }

  @Test
  void guessesAtOnceAreNotAllLookedUpBeforeOneIsCounted() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_LIMIT_FAILED_PER_MINUTE", "20")) {
      double asked = lookedUp(gateway);
      List<CompletableFuture<HttpResponse<String>>> guesses = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        guesses.add(
            HTTP.sendAsync(
                from("203.0.113.5", request(gateway, "/api/task"))
                    .header("Authorization", "Bearer guess" + i)
                    .build(),
                HttpResponse.BodyHandlers.ofString()));
      }
      long wrong = guesses.stream().filter(guess -> guess.join().statusCode() == 401).count();
      // One more comes back every three seconds.
      assertTrue(wrong >= 20 && wrong <= 25, wrong + " were judged");
      assertEquals(wrong, lookedUp(gateway) - asked);
    }
  }

  @Test
  void manyNewCredentialsThatHoldAreNoGuesses() throws Exception {
    database.execute(
        "INSERT INTO session (id, user_id, expires_at, token, updated_at) SELECT 'new' || i,"
            + " 'demoUser', now() + interval '1 day', 'new' || i, now()"
            + " FROM generate_series(1, 60) i");
    try (RunningGateway gateway = gateway("GATEWAY_LIMIT_FAILED_PER_MINUTE", "20")) {
      for (int i = 1; i <= 60; i++) {
        assertEquals(200, guess(gateway, "203.0.113.5", "new" + i).statusCode());
      }
    }
  }

  @Test
  void aHundredPeopleBehindOneAddressMeetNoLimit() throws Exception {
    try (RunningGateway gateway = gateway()) {
      String office = "198.51.100.20";
      // Each signs in with two mistypings, loads the app, and works; a hundred devices wait
      // besides.
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int person = 0; person < 100; person++) {
        List<HttpRequest> morning = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          morning.add(
              from(office, request(gateway, "/api/auth/sign-in/email"))
                  .POST(HttpRequest.BodyPublishers.noBody())
                  .build());
        }
        for (int i = 0; i < 15; i++) {
          morning.add(from(office, request(gateway, "/assets/" + i)).build());
          morning.add(
              from(office, request(gateway, "/api/task/" + i))
                  .header("Authorization", KEY)
                  .build());
        }
        for (int i = 0; i < 3; i++) {
          morning.add(from(office, request(gateway, "/device")).build());
        }
        for (HttpRequest request : morning) {
          answers.add(HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofString()));
        }
        answers.get(answers.size() - 1).join();
      }
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        assertEquals(200, answer.join().statusCode());
      }
    }
  }

  private static RunningGateway gateway(String... settings) throws Exception {
    RunningGateway gateway = RunningGateway.start(database, kaneo.port(), settings);
    // Asked for from an address of its own.
    Await.until(
        "the database is known", () -> guess(gateway, "192.0.2.1", "nobody").statusCode() == 401);
    return gateway;
  }

  private static double lookedUp(RunningGateway gateway) {
    return Double.parseDouble(
        gateway
            .metrics()
            .lines()
            .filter(line -> line.startsWith("kaneo_gateway_credential_lookup_batch_sum "))
            .findFirst()
            .orElseThrow()
            .split(" ")[1]);
  }

  private static HttpResponse<String> guess(RunningGateway gateway, String address, String token)
      throws Exception {
    return get(gateway, "/api/task", address, "Authorization", "Bearer " + token);
  }

  private static HttpResponse<String> get(
      RunningGateway gateway, String path, String address, String... fields) throws Exception {
    HttpRequest.Builder request = from(address, request(gateway, path));
    return send((fields.length == 0 ? request : request.headers(fields)).build());
  }

  private static HttpResponse<String> post(
      RunningGateway gateway, String path, String address, String... fields) throws Exception {
    HttpRequest.Builder request =
        from(address, request(gateway, path)).POST(HttpRequest.BodyPublishers.noBody());
    return send((fields.length == 0 ? request : request.headers(fields)).build());
  }

  private static HttpRequest.Builder from(String address, HttpRequest.Builder request) {
    return request.header("X-Forwarded-For", address);
  }

  private static HttpRequest.Builder request(RunningGateway gateway, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + path));
  }

  private static HttpResponse<String> send(HttpRequest request) throws Exception {
    return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private static String header(HttpResponse<String> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }
}
