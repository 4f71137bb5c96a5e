package dev.kaneogateway.oauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Transaction;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * The endpoints as their clients see them; numbers are those of the statements in device-flow.md.
 */
class DeviceEndpointsIT {
  private static final String FORM = "application/x-www-form-urlencoded";
  private static final String JSON = "application/json";
  private static final String GRANT = "urn:ietf:params:oauth:grant-type:device_code";
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static TestDatabase database;
  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws Exception {
    database = TestDatabase.create();
    kaneo = ScriptedUpstream.friendly();
    gateway =
        RunningGateway.start(
            database,
            kaneo.port(),
            "GATEWAY_DEVICE_CODES_PER_MINUTE",
            "10000",
            "GATEWAY_DEVICE_UNKNOWN_POLLS_PER_MINUTE",
            "10000",
            "GATEWAY_DEVICE_WRONG_CODES_PER_USER",
            "1000",
            "GATEWAY_DEVICE_WRONG_CODES_PER_ADDRESS",
            "1000");
    Await.until(
        "the database is known",
        () -> get("/api/auth/device?user_code=x", "Authorization", "Bearer x").statusCode() != 503);
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    kaneo.close();
  }

  /** As when a backup was restored that knew nothing of the gateway. */
  @Test
  void theOwnTablesAreMadeAnewWhenTheyAreGone() {
    database.execute("DROP SCHEMA kaneo_gateway CASCADE");
    assertEquals(200, post("/api/auth/device/code", FORM, "client_id=kaneo-cli").statusCode());
    Await.until(
        "the table",
        () ->
            database
                .query("SELECT coalesce(to_regclass('kaneo_gateway.device_request')::text, '')")
                .equals("kaneo_gateway.device_request"));
  }

  /** 1, 2, 3, 11 to 17. */
  @ParameterizedTest
  @CsvSource({
    "application/x-www-form-urlencoded, client_id=kaneo-cli&scope=&foo=bar",
    "Application/X-WWW-Form-Urlencoded;charset=UTF-8, client_id=kaneo-mcp",
    "application/json, '{\"client_id\":\"kaneo-cli\",\"user_id\":\"demoUser\"}'"
  })
  void aDeviceGetsItsCodesByFormOrJson(String type, String body) {
    HttpResponse<String> answer = post("/api/auth/device/code", type, body);
    JsonObject codes = new JsonObject(answer.body());
    assertEquals(200, answer.statusCode());
    assertEquals("application/json", answer.headers().firstValue("content-type").orElse(""));
    assertEquals("no-store", answer.headers().firstValue("cache-control").orElse(""));
    assertTrue(codes.getString("device_code").matches("[A-Za-z0-9]{40}"));
    assertTrue(codes.getString("user_code").matches("[A-HJ-NP-Z2-9]{8}"));
    assertEquals("http://kaneo.test/device", codes.getString("verification_uri"));
    assertEquals(
        "http://kaneo.test/device?user_code=" + codes.getString("user_code"),
        codes.getString("verification_uri_complete"));
    assertEquals(900, codes.getValue("expires_in"));
    assertEquals(5, codes.getValue("interval"));
    // 20: a body's user_id binds nobody.
    assertEquals(
        "",
        database.query(
            "SELECT user_id FROM device_code WHERE user_code = '"
                + codes.getString("user_code")
                + "'"));
  }

  /** 4, 5, 8, 9, 45. */
  @ParameterizedTest
  @CsvSource({
    "application/x-www-form-urlencoded, scope=x, 400, invalid_request",
    "application/x-www-form-urlencoded, client_id=stranger, 400, invalid_client",
    "application/x-www-form-urlencoded, client_id=kaneo-cli&client_id=kaneo-mcp, 400, invalid_request",
    "application/x-www-form-urlencoded, client_id=kaneo-cli&scope=a%22b, 400, invalid_scope",
    "application/json, '{}', 400, invalid_request",
    "application/json, 'nonsense', 400, invalid_request",
    "text/plain, client_id=kaneo-cli, 415, invalid_request"
  })
  void aBadRequestForCodesIsAnOAuthErrorAndMakesNoRow(
      String type, String body, int status, String error) {
    String before = database.query("SELECT count(*) FROM device_code");
    refused(post("/api/auth/device/code", type, body), status, error);
    assertEquals(before, database.query("SELECT count(*) FROM device_code"));
  }

  /** 9: a person is shown it, and the longest body has room for thirty thousand words. */
  @Test
  void aScopeOfMoreThanAnybodyReadsIsRefused() {
    String asked = "client_id=kaneo-cli&scope=";
    refused(
        post("/api/auth/device/code", FORM, asked + "a+".repeat(30_000) + "a"),
        400,
        "invalid_scope");
    refused(post("/api/auth/device/code", FORM, asked + "a".repeat(60_000)), 400, "invalid_scope");
    assertEquals(
        200, post("/api/auth/device/code", FORM, asked + "a+".repeat(499) + "a").statusCode());
  }

  /** 77, and Better Auth's own client, which a browser lets read no "*" for its cookies. */
  @ParameterizedTest
  @CsvSource({"http://kaneo.test, http://kaneo.test, true", "http://anywhere.test, *, ''"})
  void aPageThatKaneoKnowsMayBringItsCookiesAndAnyOtherNone(
      String origin, String allowed, String credentials) throws Exception {
    HttpRequest preflight =
        HttpRequest.newBuilder(uri("/api/auth/device/code"))
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
            .headers("Origin", origin, "Access-Control-Request-Method", "POST")
            .build();
    for (HttpResponse<?> answer :
        List.of(
            CLIENT.send(preflight, HttpResponse.BodyHandlers.ofString()),
            post("/api/auth/device/code", FORM, "client_id=kaneo-cli", "Origin", origin),
            post("/api/auth/device/token", FORM, pollBody("x"), "Origin", origin))) {
      assertEquals(allowed, answer.headers().firstValue("access-control-allow-origin").orElse(""));
      assertEquals(
          credentials, answer.headers().firstValue("access-control-allow-credentials").orElse(""));
      assertTrue(answer.headers().allValues("vary").contains("Origin"));
    }
  }

  /**
   * 10, 45, C.7.4: never a redirect, always JSON; and nothing near the endpoints reaches Kaneo's
   * own.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /api/auth/device/code",
        "PUT /api/auth/device/token",
        "DELETE /api/auth/device/approve",
        "POST /api/auth/device",
        "POST /api/auth/device/code/",
        "POST /api/auth//device/token",
        "POST /api/auth/device/unknown",
        "POST /api/auth/./device/%74oken/",
        "POST /api/auth%2Fdevice%2fapprove",
        "POST /x//../api/auth/device/approve",
        "GET /api/auth/x/..%2Fdevice?user_code=AAAABBBB"
      })
  void whatIsNoneOfTheEndpointsIsRefusedHere(String asked) throws Exception {
    String[] parts = asked.split(" ");
    HttpResponse<String> answer =
        CLIENT.send(
            HttpRequest.newBuilder(uri(parts[1]))
                .method(parts[0], HttpRequest.BodyPublishers.ofString("client_id=kaneo-cli"))
                .header("Content-Type", FORM)
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertTrue(
        answer.statusCode() == 404 || answer.statusCode() == 405,
        asked + " gave " + answer.statusCode());
    assertEquals("invalid_request", new JsonObject(answer.body()).getString("error"));
    assertEquals(0, kaneo.unseen());
  }

  /** 21 to 31, 44, 46, 47. */
  @Test
  void polls() {
    JsonObject codes = start("kaneo-cli");
    String code = codes.getString("device_code");
    refused(token(FORM, "device_code=" + code + "&client_id=kaneo-cli"), 400, "invalid_request");
    refused(
        token(FORM, "grant_type=password&device_code=" + code + "&client_id=kaneo-cli"),
        400,
        "unsupported_grant_type");
    refused(token(FORM, "grant_type=" + GRANT + "&client_id=kaneo-cli"), 400, "invalid_request");
    refused(
        token(FORM, "grant_type=" + GRANT + "&device_code=&client_id=kaneo-cli"),
        400,
        "invalid_request");
    refused(token(FORM, "grant_type=" + GRANT + "&device_code=" + code), 400, "invalid_request");
    refused(
        token(FORM, "grant_type=" + GRANT + "&client_id=stranger&device_code=" + code),
        400,
        "invalid_client");
    refused(
        token(FORM, "grant_type=" + GRANT + "&client_id=kaneo-mcp&device_code=" + code),
        400,
        "invalid_grant");
    refused(
        token(FORM, "grant_type=" + GRANT + "&client_id=kaneo-cli&device_code=unknown"),
        400,
        "invalid_grant");
    refused(
        token(
            FORM,
            "grant_type="
                + GRANT
                + "&client_id=kaneo-cli&device_code="
                + code
                + "&device_code="
                + code),
        400,
        "invalid_request");
    refused(
        post(
            "/api/auth/device/token?grant_type="
                + GRANT
                + "&client_id=kaneo-cli&device_code="
                + code,
            FORM,
            "x=y"),
        400,
        "invalid_request");
    refused(poll(code), 400, "authorization_pending");
    HttpResponse<String> early = poll(code);
    refused(early, 400, "slow_down");
    assertEquals(10, new JsonObject(early.body()).getValue("interval"));
    assertEquals("10", early.headers().firstValue("retry-after").orElse(""));
    assertTrue(early.headers().firstValue("www-authenticate").isEmpty());
  }

  /** 29, C.1: x/oauth2's Basic attempt costs nothing. */
  @Test
  void aBasicAttemptIsRefusedWithoutTouchingThePollState() {
    String code = start("kaneo-cli").getString("device_code");
    String before =
        database.query("SELECT d::text FROM device_code d WHERE device_code = '" + code + "'");
    HttpResponse<String> answer =
        post(
            "/api/auth/device/token",
            FORM,
            pollBody(code),
            "Authorization",
            "Basic a2FuZW8tY2xpOg==");
    refused(answer, 401, "invalid_client");
    assertTrue(answer.headers().firstValue("www-authenticate").orElse("").startsWith("Basic "));
    assertEquals(
        before,
        database.query("SELECT d::text FROM device_code d WHERE device_code = '" + code + "'"));
  }

  /** 39 to 43, 48, 80, 86, 89. */
  @Test
  void anApprovedDeviceGetsOneTokenAndMayHandItBack() throws Exception {
    JsonObject codes = start("kaneo-cli");
    String userCode = codes.getString("user_code");
    String typed =
        userCode.substring(0, 4).toLowerCase(java.util.Locale.ROOT) + "-" + userCode.substring(4);
    assertEquals(
        "pending",
        new JsonObject(get("/api/auth/device?user_code=" + typed, "X", "y").body())
            .getString("status"));
    // Nobody has claimed it yet.
    refused(
        approve(userCode, "Authorization", "Bearer " + DemoSeed.SESSION_TOKEN),
        400,
        "invalid_request");
    JsonObject claimed =
        new JsonObject(
            get(
                    "/api/auth/device?user_code=" + userCode,
                    "Authorization",
                    "Bearer " + DemoSeed.SESSION_TOKEN)
                .body());
    assertEquals("kaneo-cli", claimed.getString("client_id"));
    HttpResponse<String> approved =
        approve(userCode, "Authorization", "Bearer " + DemoSeed.SESSION_TOKEN);
    assertEquals("{\"success\":true}", approved.body());
    refused(
        approve(userCode, "Authorization", "Bearer " + DemoSeed.SESSION_TOKEN),
        400,
        "invalid_request");
    HttpResponse<String> answer = poll(codes.getString("device_code"));
    JsonObject token = new JsonObject(answer.body());
    assertEquals(200, answer.statusCode());
    assertEquals("Bearer", token.getString("token_type"));
    assertEquals(604_800, token.getValue("expires_in"));
    assertFalse(token.containsKey("scope") || token.containsKey("refresh_token"));
    assertEquals("no-cache", answer.headers().firstValue("pragma").orElse(""));
    refused(poll(codes.getString("device_code")), 400, "invalid_grant");
    String bearer = "Bearer " + token.getString("access_token");
    assertEquals(200, get("/api/project", "Authorization", bearer).statusCode());
    kaneo.nextHead();
    assertEquals(
        200,
        post("/api/auth/device/revoke", FORM, "token=" + token.getString("access_token"))
            .statusCode());
    assertEquals(401, get("/api/project", "Authorization", bearer).statusCode());
    assertEquals(200, post("/api/auth/device/revoke", FORM, "token=unknown").statusCode());
    refused(post("/api/auth/device/revoke", FORM, "x=y"), 400, "invalid_request");
  }

  /** 36, 52, and the key that would make itself a session. */
  @Test
  void onlyAPersonDecides() throws Exception {
    JsonObject codes = start("kaneo-cli");
    String userCode = codes.getString("user_code");
    // RFC 9110 §15.5.2, RFC 6750 §3.1
    HttpResponse<String> none = approve(userCode, "X", "y");
    refused(none, 401, "unauthorized");
    assertEquals(
        Optional.of("Bearer realm=\"kaneo\""), none.headers().firstValue("www-authenticate"));
    HttpResponse<String> wrong = approve(userCode, "Authorization", "Bearer wrong");
    refused(wrong, 401, "unauthorized");
    assertEquals(
        Optional.of("Bearer realm=\"kaneo\", error=\"invalid_token\""),
        wrong.headers().firstValue("www-authenticate"));
    refused(approve(userCode, "x-api-key", DemoSeed.API_KEY), 403, "access_denied");
    refused(approve(userCode, "Authorization", "Bearer " + DemoSeed.API_KEY), 403, "access_denied");
    String cookie = sessionCookie();
    get("/api/auth/device?user_code=" + userCode, "Cookie", cookie);
    refused(approve(userCode, "Cookie", cookie), 403, "access_denied");
    refused(
        approve(userCode, "Cookie", cookie, "Origin", "http://evil.test"), 403, "access_denied");
    refused(
        approve(
            userCode,
            "Cookie",
            "better-auth.session_token=" + DemoSeed.SESSION_TOKEN,
            "Origin",
            "http://kaneo.test"),
        401,
        "unauthorized");
    HttpResponse<String> denied =
        post(
            "/api/auth/device/deny",
            JSON,
            "{\"userCode\":\"" + userCode + "\"}",
            "Cookie",
            cookie,
            "Origin",
            "http://kaneo.test");
    assertEquals("{\"success\":true}", denied.body());
    refused(poll(codes.getString("device_code")), 400, "access_denied");
    refused(poll(codes.getString("device_code")), 400, "access_denied");
  }

  /** RFC 6454 §6.1: browsers write it in lower case and leave out the port that goes without. */
  @Test
  void aPageIsKnownHoweverItsAddressIsWrittenInTheSettings() throws Exception {
    String userCode = start("kaneo-cli").getString("user_code");
    String cookie = sessionCookie();
    get("/api/auth/device?user_code=" + userCode, "Cookie", cookie);
    try (RunningGateway other =
        RunningGateway.start(database, kaneo.port(), "KANEO_CLIENT_URL", "http://Kaneo.Test:80/")) {
      Await.until(
          "the approval",
          () ->
              send(
                      "http://127.0.0.1:" + other.port() + "/api/auth/device/approve",
                      JSON,
                      "{\"userCode\":\"" + userCode + "\"}",
                      "Cookie",
                      cookie,
                      "Origin",
                      "http://kaneo.test")
                  .body()
                  .equals("{\"success\":true}"));
    }
  }

  /** As Better Auth has it. */
  @ParameterizedTest
  @CsvSource({
    "http://kaneo.test/device?x=|, 200, ''",
    "http://Kaneo.Test:80, 200, ''",
    "http://evil.test/http://kaneo.test/, 403, INVALID_ORIGIN",
    "http://kaneo.test@evil.test/, 403, INVALID_ORIGIN",
    "http://kaneo.test.evil.test/, 403, INVALID_ORIGIN",
    "http://evil.test\\@kaneo.test/, 403, INVALID_ORIGIN",
    "//kaneo.test/, 403, INVALID_ORIGIN",
    "null, 403, MISSING_OR_NULL_ORIGIN"
  })
  void whoNamesNoOriginIsKnownByReferer(String referer, int status, String code) throws Exception {
    String userCode = start("kaneo-cli").getString("user_code");
    String cookie = sessionCookie();
    get("/api/auth/device?user_code=" + userCode, "Cookie", cookie);
    refused(
        approve(
            userCode, "Cookie", cookie, "Referer", "http://kaneo.test/", "Origin", "http://e.test"),
        403,
        "access_denied");
    HttpResponse<String> answer = approve(userCode, "Cookie", cookie, "Referer", referer);
    assertEquals(status, answer.statusCode(), answer::body);
    assertEquals(code, new JsonObject(answer.body()).getString("code", ""));
  }

  /** 88. */
  @Test
  void aBrowserTabIsSentToThePage() throws Exception {
    HttpResponse<String> answer =
        get("/api/auth/device?user_code=QKVW-R8HE", "Sec-Fetch-Dest", "document");
    assertEquals(302, answer.statusCode());
    assertEquals(
        "http://kaneo.test/device?user_code=QKVWR8HE",
        answer.headers().firstValue("location").orElse(""));
  }

  /** 66 to 71. */
  @Test
  void theMetadataTellsTheTruthUnderItsOwnIssuer() throws Exception {
    for (String path :
        new String[] {
          "/.well-known/oauth-authorization-server/api/auth",
          "/api/auth/.well-known/oauth-authorization-server"
        }) {
      HttpResponse<String> answer = get(path, "Origin", "http://anywhere.test");
      JsonObject document = new JsonObject(answer.body());
      assertEquals("http://kaneo.test/api/auth", document.getString("issuer"));
      assertTrue(document.getJsonArray("grant_types_supported").contains(GRANT));
      assertEquals("*", answer.headers().firstValue("access-control-allow-origin").orElse(""));
    }
    // Kaneo's own documents pass.
    assertEquals(200, get("/.well-known/oauth-authorization-server/api", "X", "y").statusCode());
    kaneo.nextHead();
  }

  @Test
  void guessersAreSlowedDownInTheirOwnForm() throws Exception {
    try (RunningGateway strict =
        RunningGateway.start(
            database,
            kaneo.port(),
            "GATEWAY_DEVICE_CODES_PER_MINUTE",
            "2",
            "GATEWAY_DEVICE_UNKNOWN_POLLS_PER_MINUTE",
            "2",
            "TRUSTED_PROXIES",
            "192.0.2.1")) {
      String base = "http://127.0.0.1:" + strict.port();
      HttpResponse<String> last = null;
      for (int i = 0; i < 3; i++) {
        last = send(base + "/api/auth/device/code", FORM, "client_id=kaneo-cli");
      }
      refused(last, 429, "temporarily_unavailable");
      assertEquals("30", last.headers().firstValue("retry-after").orElse(""));
      for (int i = 0; i < 3; i++) {
        last = send(base + "/api/auth/device/token", FORM, pollBody("unknown" + i));
      }
      refused(last, 429, "slow_down");
      // Who has a code of his own is not locked out by them.
      refused(
          send(
              base + "/api/auth/device/token",
              FORM,
              pollBody(start("kaneo-cli").getString("device_code"))),
          400,
          "authorization_pending");
    }
  }

  @Test
  void aCodeGivenTwiceIsNone() throws Exception {
    String code = start("kaneo-cli").getString("user_code");
    String path = "/api/auth/device?user_code=" + code + "&user_code=" + code;
    refused(get(path, "X", "y"), 400, "invalid_request");
  }

  @Test
  void whoIsBehindAProxyThatNamesNobodySharesALargerQuota() throws Exception {
    try (RunningGateway strict =
        RunningGateway.start(database, kaneo.port(), "GATEWAY_DEVICE_CODES_PER_MINUTE", "2")) {
      String url = "http://127.0.0.1:" + strict.port() + "/api/auth/device/code";
      for (int i = 0; i < 20; i++) {
        assertEquals(200, send(url, FORM, "client_id=kaneo-cli").statusCode());
      }
      refused(send(url, FORM, "client_id=kaneo-cli"), 429, "temporarily_unavailable");
      String[] named = {"X-Forwarded-For", "192.0.2.7"};
      assertEquals(200, send(url, FORM, "client_id=kaneo-cli", named).statusCode());
    }
  }

  @Test
  void strangersBehindAProxyThatNamesNobodyLockOutNobodyWhoIsSignedIn() throws Exception {
    strangersLockOutNobodyWhoIsSignedIn("X", "y");
  }

  /** Twenty pictures on a foreign page are enough to use up what strangers at an address have. */
  @Test
  void strangersAtAnAddressLockOutNobodyWhoIsSignedInThere() throws Exception {
    strangersLockOutNobodyWhoIsSignedIn("X-Forwarded-For", "192.0.2.7");
  }

  private void strangersLockOutNobodyWhoIsSignedIn(String... from) throws Exception {
    try (RunningGateway strict =
        RunningGateway.start(
            database, kaneo.port(), "GATEWAY_DEVICE_WRONG_CODES_PER_ADDRESS", "2")) {
      String url = "http://127.0.0.1:" + strict.port() + "/api/auth/device?user_code=";
      HttpRequest guess =
          HttpRequest.newBuilder(URI.create(url + "GUESSEDA")).headers(from).build();
      Await.until(
          "a stranger is stopped",
          () -> CLIENT.send(guess, HttpResponse.BodyHandlers.discarding()).statusCode() == 429);
      String code = start("kaneo-cli").getString("user_code");
      HttpRequest look =
          HttpRequest.newBuilder(URI.create(url + code))
              .headers(from)
              .header("Authorization", "Bearer " + DemoSeed.SESSION_TOKEN)
              .build();
      assertEquals(200, CLIENT.send(look, HttpResponse.BodyHandlers.discarding()).statusCode());
    }
  }

  /** B.3-23: of many wrong codes at once no more are answered than the limit lets. */
  @Test
  void guessesInParallelAreCountedAllTheSame() throws Exception {
    // Sixty at once may take their time on a busy machine, and an answer of 503 would be no guess.
    try (RunningGateway strict =
        RunningGateway.start(database, kaneo.port(), "GATEWAY_LOOKUP_TIMEOUT_MS", "20000")) {
      java.util.List<java.util.concurrent.CompletableFuture<HttpResponse<String>>> guesses =
          java.util.stream.IntStream.range(0, 60)
              .mapToObj(
                  i ->
                      CLIENT.sendAsync(
                          HttpRequest.newBuilder(
                                  URI.create(
                                      "http://127.0.0.1:"
                                          + strict.port()
                                          + "/api/auth/device?user_code=GUESSED"
                                          + "ABCDEFGHJK".charAt(i % 10)))
                              .build(),
                          HttpResponse.BodyHandlers.ofString()))
              .toList();
      long answered = guesses.stream().filter(g -> g.join().statusCode() == 400).count();
      assertEquals(20, answered);
      assertEquals(40, guesses.stream().filter(g -> g.join().statusCode() == 429).count());
    }
  }

  /** A link a foreign page makes a browser fetch claims nothing, and neither does a HEAD. */
  @Test
  void onlyAGetOfOnesOwnClaims() throws Exception {
    String userCode = start("kaneo-cli").getString("user_code");
    String cookie =
        "better-auth.session_token="
            + java.net.URLEncoder.encode(
                signed(DemoSeed.SESSION_TOKEN), java.nio.charset.StandardCharsets.UTF_8);
    get("/api/auth/device?user_code=" + userCode, "Cookie", cookie, "Origin", "http://evil.test");
    get("/api/auth/device?user_code=" + userCode, "Cookie", cookie, "Sec-Fetch-Site", "cross-site");
    CLIENT.send(
        HttpRequest.newBuilder(uri("/api/auth/device?user_code=" + userCode))
            .method("HEAD", HttpRequest.BodyPublishers.noBody())
            .header("Authorization", "Bearer " + DemoSeed.SESSION_TOKEN)
            .build(),
        HttpResponse.BodyHandlers.discarding());
    assertEquals(
        "", database.query("SELECT user_id FROM device_code WHERE user_code = '" + userCode + "'"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "?user_code=%zz",
        "?user_code=%",
        "?%=1",
        "?user_code=QKVWR8HE&x=%zz",
        "",
        "?user_code=",
        "?user_code=%00"
      })
  void aBadQueryIsABadRequestAndNoAccident(String query) throws Exception {
    try (dev.kaneogateway.fixtures.RawPeer peer =
        new dev.kaneogateway.fixtures.RawPeer(gateway.port())) {
      String answer =
          peer.send(
                  "GET /api/auth/device"
                      + query
                      + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
              .readAll();
      assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
      assertTrue(answer.contains("\"error\":\"invalid_request\""), answer);
    }
  }

  @Test
  void whoAsksBeforeSendingIsToldToContinue() throws Exception {
    try (dev.kaneogateway.fixtures.RawPeer peer =
        new dev.kaneogateway.fixtures.RawPeer(gateway.port())) {
      peer.send(
          "POST /api/auth/device/code HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: "
              + FORM
              + "\r\nContent-Length: 19\r\n\r\n");
      assertTrue(peer.readUntil("\r\n\r\n").startsWith("HTTP/1.1 100 "));
      assertTrue(
          peer.send("client_id=kaneo-cli").readUntil("\r\n\r\n").startsWith("HTTP/1.1 200 "));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/auth/device/code", "/device/sign-in"})
  void whoLeavesInTheMiddleOfABodyIsNoTroubleOfTheGateways(String path) throws Exception {
    ListAppender<ILoggingEvent> told = new ListAppender<>();
    told.start();
    Logger all = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    all.addAppender(told);
    try (RawPeer leaves = new RawPeer(gateway.port())) {
      leaves.send(
          "POST %s HTTP/1.1\r\nHost: kaneo.test\r\nOrigin: http://kaneo.test\r\nContent-Type: %s\r\nContent-Length: 999\r\n\r\nclient_id="
              .formatted(path, FORM));
      gateway.awaitMetric("kaneo_gateway_requests_in_flight 1.0");
      leaves.reset();
      gateway.awaitMetric("kaneo_gateway_requests_in_flight 0.0");
    } finally {
      all.detachAppender(told);
    }
    List<ILoggingEvent> lines = List.copyOf(told.list);
    assertTrue(lines.toString().contains(path + " 499"), lines.toString());
    assertTrue(
        lines.stream().noneMatch(line -> line.getLevel().isGreaterOrEqual(Level.WARN)),
        lines.toString());
  }

  @Test
  void withoutADatabaseClientsAreToldToTryAgain() throws Exception {
    try (RunningGateway blind =
        RunningGateway.start(
            database, kaneo.port(), "DATABASE_URL", "postgresql://a:b@127.0.0.1:1/x")) {
      String url = "http://127.0.0.1:" + blind.port() + "/api/auth/device";
      HttpResponse<String> answer = send(url + "/code", FORM, "client_id=kaneo-cli");
      refused(answer, 503, "temporarily_unavailable");
      assertNotEquals("", answer.headers().firstValue("retry-after").orElse(""));
      // Most clients take every other error for the end.
      refused(send(url + "/token", FORM, pollBody("x")), 400, "authorization_pending");
    }
  }

  /** The row is locked, so the database does what it was asked only after everyone gave up. */
  @Test
  void aTokenMadeByALateAnswerIsHandedOutOnceAndOnlyToItsClient() throws Exception {
    try (RunningGateway hasty =
        RunningGateway.start(database, kaneo.port(), "GATEWAY_LOOKUP_TIMEOUT_MS", "200")) {
      String url = "http://127.0.0.1:" + hasty.port() + "/api/auth/device/token";
      JsonObject codes = start("kaneo-cli");
      String body = pollBody(codes.getString("device_code"));
      String sessions = "SELECT count(*) FROM session";
      approveInDatabase(codes);
      int before = Integer.parseInt(database.query(sessions));
      HeldRow row = HeldRow.of(codes);
      refused(send(url, FORM, body), 400, "authorization_pending");
      row.letGo();
      Await.until("a session", () -> Integer.parseInt(database.query(sessions)) != before);
      String anothers = body.replace("kaneo-cli", "kaneo-mcp");
      refused(send(url, FORM, anothers), 400, "invalid_grant");
      HttpResponse<String> answer = send(url, FORM, body);
      assertEquals(200, answer.statusCode(), answer::body);
      assertEquals(
          "1",
          database.query(
              "SELECT count(*) FROM session WHERE token = '"
                  + new JsonObject(answer.body()).getString("access_token")
                  + "'"));
      refused(send(url, FORM, body), 400, "invalid_grant");
      assertEquals(before + 1, Integer.parseInt(database.query(sessions)));
    }
  }

  /** All of them come while it is in doubt who has the token. */
  @Test
  void ofManyPollsAfterALateAnswerOneIsHandedTheToken() throws Exception {
    try (RunningGateway hasty =
        RunningGateway.start(database, kaneo.port(), "GATEWAY_LOOKUP_TIMEOUT_MS", "1000")) {
      String url = "http://127.0.0.1:" + hasty.port() + "/api/auth/device/token";
      JsonObject codes = start("kaneo-cli");
      String body = pollBody(codes.getString("device_code"));
      String sessions = "SELECT count(*) FROM session";
      approveInDatabase(codes);
      String before = database.query(sessions);
      HeldRow row = HeldRow.of(codes);
      refused(send(url, FORM, body), 400, "authorization_pending");
      row.letGo();
      Await.until("a session", () -> !database.query(sessions).equals(before));
      List<CompletableFuture<HttpResponse<String>>> polls = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        polls.add(CompletableFuture.supplyAsync(() -> send(url, FORM, body)));
      }
      List<Integer> statuses =
          polls.stream().map(poll -> poll.join().statusCode()).sorted().toList();
      assertEquals(List.of(200, 400), statuses.subList(0, 2), statuses::toString);
    }
  }

  /** As a client's polls go to either of two; the first has made a session and cannot know. */
  @Test
  void aTokenThatAnotherGatewayHasDeliveredIsNotHandedOutAgain() throws Exception {
    try (RunningGateway hasty =
            RunningGateway.start(database, kaneo.port(), "GATEWAY_LOOKUP_TIMEOUT_MS", "200");
        RunningGateway other =
            RunningGateway.start(database, kaneo.port(), "GATEWAY_LOOKUP_TIMEOUT_MS", "200")) {
      String path = "/api/auth/device/token";
      JsonObject codes = start("kaneo-cli");
      String body = pollBody(codes.getString("device_code"));
      approveInDatabase(codes);
      HeldRow row = HeldRow.of(codes);
      String first = "http://127.0.0.1:" + hasty.port() + path;
      refused(send(first, FORM, body), 400, "authorization_pending");
      row.letGo();
      String second = "http://127.0.0.1:" + other.port() + path;
      Await.until("the token", () -> send(second, FORM, body).statusCode() == 200);
      String delivered =
          "SELECT count(*) FROM kaneo_gateway.redemption WHERE delivered AND user_code = '";
      Await.until(
          "the note",
          () -> database.query(delivered + codes.getString("user_code") + "'").equals("1"));
      refused(send(first, FORM, body), 400, "invalid_grant");
    }
  }

  /** Both wait for the row; the client has given up the one that gets it. */
  @Test
  void aPollThatAnotherGatewaysOvertakesIsToldToWait() throws Exception {
    try (RunningGateway hasty =
        RunningGateway.start(database, kaneo.port(), "GATEWAY_LOOKUP_TIMEOUT_MS", "200")) {
      String url = "http://127.0.0.1:" + hasty.port() + "/api/auth/device/token";
      JsonObject codes = start("kaneo-cli");
      String body = pollBody(codes.getString("device_code"));
      approveInDatabase(codes);
      HeldRow row = HeldRow.of(codes);
      refused(send(url, FORM, body), 400, "authorization_pending");
      CompletableFuture<HttpResponse<String>> second =
          CompletableFuture.supplyAsync(() -> poll(codes.getString("device_code")));
      String waiting =
          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '";
      Await.until(
          "two that wait for the row",
          () -> database.query(waiting + database.name() + "'").equals("2"));
      row.letGo();
      refused(second.get(), 400, "authorization_pending");
      assertEquals(200, send(url, FORM, body).statusCode());
    }
  }

  /** The first poll dies with its connection, the second is made without the device knowing. */
  @Test
  void aPollWhoseConnectionDiesIsAskedAgain() throws Exception {
    JsonObject codes = start("kaneo-cli");
    approveInDatabase(codes);
    HeldRow row = HeldRow.of(codes);
    CompletableFuture<HttpResponse<String>> answer =
        CompletableFuture.supplyAsync(() -> poll(codes.getString("device_code")));
    String waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '";
    String cut = "SELECT count(pg_terminate_backend(pid)) " + waiting + database.name() + "'";
    Await.until("one that waits for the row", () -> !database.query(cut).equals("0"));
    row.letGo();
    assertEquals(200, answer.get().statusCode(), () -> answer.join().body());
  }

  /** The code is redeemed for a client that has hung up, and asks again. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTokenThatItsClientDidNotWaitForIsThereForItsNextPoll(boolean noticed) throws Exception {
    JsonObject codes = start("kaneo-cli");
    String body = pollBody(codes.getString("device_code"));
    approveInDatabase(codes);
    HeldRow row = HeldRow.of(codes);
    try (RawPeer client = new RawPeer(gateway.port())) {
      client.send(
          "POST /api/auth/device/token HTTP/1.1\r\nHost: a\r\nContent-Type: "
              + FORM
              + "\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body);
      String waiting =
          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '";
      Await.until(
          "one that waits for the row",
          () -> !database.query(waiting + database.name() + "'").equals("0"));
      client.reset();
    }
    if (noticed) {
      gateway.awaitMetric("kaneo_gateway_requests_in_flight 0.0");
    }
    row.letGo();
    String left =
        "SELECT count(*) FROM device_code WHERE user_code = '" + codes.getString("user_code") + "'";
    Await.until("the end of the code", () -> database.query(left).equals("0"));
    String anothers = body.replace("kaneo-cli", "kaneo-mcp");
    refused(post("/api/auth/device/token", FORM, anothers), 400, "invalid_grant");
    HttpResponse<String> answer = poll(codes.getString("device_code"));
    assertEquals(200, answer.statusCode(), answer::body);
    refused(poll(codes.getString("device_code")), 400, "invalid_grant");
  }

  /**
   * Where only its memory knows of a token that nobody has got; the tables are slow, one by one.
   */
  @Test
  void aTokenIsKeptWhenItIsFoundTooLateForAnyoneToWait() throws Exception {
    String role = "slow_" + database.name();
    database.execute(
        """
        CREATE ROLE %1$s LOGIN PASSWORD 'pw';
        CREATE SCHEMA %1$s;
        CREATE FUNCTION %1$s.held(key int) RETURNS boolean STABLE LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_advisory_xact_lock_shared(key); RETURN true; END $$;
        CREATE VIEW %1$s.device_code AS SELECT * FROM public.device_code WHERE %1$s.held(1);
        CREATE VIEW %1$s.session AS SELECT * FROM public.session WHERE %1$s.held(2);
        GRANT USAGE ON SCHEMA %1$s TO %1$s;
        GRANT ALL ON ALL TABLES IN SCHEMA %1$s, public TO %1$s;
        ALTER ROLE %1$s SET search_path = %1$s, public
        """
            .formatted(role));
    try (RunningGateway slow =
        RunningGateway.start(
            database,
            kaneo.port(),
            "GATEWAY_LOOKUP_TIMEOUT_MS",
            "2000",
            "DATABASE_URL",
            database.url().replaceAll("//[^@]*@", "//" + role + ":pw@"))) {
      String url = "http://127.0.0.1:" + slow.port() + "/api/auth/device/token";
      JsonObject codes = start("kaneo-cli");
      String body = pollBody(codes.getString("device_code"));
      approveInDatabase(codes);
      HeldRow row = HeldRow.of(codes);
      refused(send(url, FORM, body), 400, "authorization_pending");
      row.letGo();
      String left =
          "SELECT count(*) FROM device_code WHERE user_code = '"
              + codes.getString("user_code")
              + "'";
      Await.until("the end of the code", () -> database.query(left).equals("0"));
      HeldRow codeTable = HeldRow.by("SELECT pg_advisory_xact_lock(1)");
      HeldRow sessionTable = HeldRow.by("SELECT pg_advisory_xact_lock(2)");
      CompletableFuture<HttpResponse<String>> late =
          CompletableFuture.supplyAsync(() -> send(url, FORM, body));
      String waiting =
          "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND usename = '"
              + role
              + "'";
      Await.until(
          "most of its patience to be over",
          () ->
              database
                  .query(waiting + " AND query_start < clock_timestamp() - interval '1.2 s'")
                  .equals("1"));
      codeTable.letGo();
      refused(late.get(), 400, "authorization_pending");
      sessionTable.letGo();
      Await.until("all to be answered", () -> database.query(waiting).equals("0"));
      HttpResponse<String> answer = send(url, FORM, body);
      assertEquals(200, answer.statusCode(), answer::body);
      refused(send(url, FORM, body), 400, "invalid_grant");
    }
  }

  /** A gateway that has just begun does not know yet where to look for the lost token. */
  @Test
  void aTokenLostInACrashIsNotLostToAPollThatComesEarlyAfterIt() {
    JsonObject codes = start("kaneo-cli");
    approveInDatabase(codes);
    String code = codes.getString("device_code");
    String body = pollBody(code);
    assertEquals(200, token(FORM, body).statusCode());
    String ofCode =
        " FROM kaneo_gateway.redemption WHERE user_code = '" + codes.getString("user_code") + "'";
    Await.until("the note", () -> database.query("SELECT delivered" + ofCode).equals("t"));
    database.execute(
        "UPDATE kaneo_gateway.redemption SET delivered = false, since = since - interval '1 min'"
            + ofCode.substring(ofCode.indexOf(" WHERE")));
    HeldRow turn = HeldRow.by("SELECT pg_advisory_xact_lock(hashtext('kaneo_gateway.schema'))");
    try (RunningGateway anew = RunningGateway.start(database, kaneo.port())) {
      String url = "http://127.0.0.1:" + anew.port() + "/api/auth/device/token";
      refused(send(url, FORM, body), 400, "authorization_pending");
      turn.letGo();
      Await.until("the token", () -> send(url, FORM, body).statusCode() == 200);
    }
  }

  /** A code's row that is locked, so that who changes it waits. */
  private record HeldRow(Pool pool, Transaction transaction) {
    static HeldRow of(JsonObject codes) {
      return by(
          "SELECT 1 FROM device_code WHERE user_code = '"
              + codes.getString("user_code")
              + "' FOR UPDATE");
    }

    static HeldRow by(String lock) {
      Pool pool = Database.pool(gateway.vertx(), new Settings.Database(database.url(), 1));
      SqlConnection connection = RunningGateway.await(pool.getConnection());
      Transaction transaction = RunningGateway.await(connection.begin());
      RunningGateway.await(connection.query(lock).execute());
      return new HeldRow(pool, transaction);
    }

    void letGo() {
      RunningGateway.await(transaction.commit());
      RunningGateway.await(pool.close());
    }
  }

  private static void approveInDatabase(JsonObject codes) {
    database.execute(
        "UPDATE device_code SET status = 'approved', user_id = 'demoUser' WHERE user_code = '"
            + codes.getString("user_code")
            + "'");
  }

  private static JsonObject start(String client) {
    return new JsonObject(post("/api/auth/device/code", FORM, "client_id=" + client).body());
  }

  private static String pollBody(String code) {
    return "grant_type=" + GRANT + "&client_id=kaneo-cli&device_code=" + code;
  }

  private static HttpResponse<String> poll(String code) {
    return token(
        JSON,
        new JsonObject()
            .put("grant_type", GRANT)
            .put("client_id", "kaneo-cli")
            .put("device_code", code)
            .encode());
  }

  private static HttpResponse<String> token(String type, String body) {
    return post("/api/auth/device/token", type, body);
  }

  private static HttpResponse<String> approve(String userCode, String... headers) {
    return post("/api/auth/device/approve", JSON, "{\"userCode\":\"" + userCode + "\"}", headers);
  }

  private static void refused(HttpResponse<String> answer, int status, String error) {
    assertEquals(status, answer.statusCode(), answer::body);
    assertEquals(error, new JsonObject(answer.body()).getString("error"), answer::body);
    assertEquals("application/json", answer.headers().firstValue("content-type").orElse(""));
    assertEquals("no-store", answer.headers().firstValue("cache-control").orElse(""));
  }

  private static HttpResponse<String> post(
      String path, String type, String body, String... headers) {
    return send("http://127.0.0.1:" + gateway.port() + path, type, body, headers);
  }

  private static HttpResponse<String> send(
      String url, String type, String body, String... headers) {
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(url))
              .header("Content-Type", type)
              .POST(HttpRequest.BodyPublishers.ofString(body));
      if (headers.length > 0) {
        request.headers(headers);
      }
      return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static HttpResponse<String> get(String path, String... headers) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(uri(path)).headers(headers).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static URI uri(String path) {
    return URI.create("http://127.0.0.1:" + gateway.port() + path);
  }

  private static String sessionCookie() throws Exception {
    return "better-auth.session_token="
        + java.net.URLEncoder.encode(
            signed(DemoSeed.SESSION_TOKEN), java.nio.charset.StandardCharsets.UTF_8);
  }

  private static String signed(String token) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(
        new SecretKeySpec(
            DemoSeed.AUTH_SECRET.getBytes(java.nio.charset.StandardCharsets.UTF_8), "HmacSHA256"));
    return token
        + "."
        + Base64.getEncoder()
            .encodeToString(mac.doFinal(token.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
  }
}
