package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.Detour;
import dev.kaneogateway.fixtures.RedisServer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** Two gateways that count together in a real Redis, and what becomes of them without it. */
@Timeout(60)
class SharedLimitsIT {
  private static final String SIGN_INS = "GATEWAY_LIMIT_SIGN_INS_PER_QUARTER_HOUR";

  private static final String SIGN_IN_KEY = "kaneo-gateway:limit:sign_in:10/900000:203.0.113.5";
  private static final String CODES_KEY =
      "kaneo-gateway:limit:device_user_codes:20/900000:127.0.0.1";

  private final HttpClient http = HttpClient.newHttpClient();
  private RedisServer redis;
  private TestDatabase database;
  private ScriptedUpstream kaneo;

  @BeforeEach
  void start() throws Exception {
    redis = new RedisServer();
    database = TestDatabase.create();
    kaneo = ScriptedUpstream.friendly();
  }

  @AfterEach
  void stop() throws Exception {
    if (kaneo != null) {
      kaneo.close();
      redis.close();
    }
  }

  @Test
  void whatOneLetTheOtherDoesNotLetAgain() throws Exception {
    try (RunningGateway one = gateway();
        RunningGateway other = gateway()) {
      assertEquals(10, letOf(20, one));
      awaitLeft(0, SIGN_IN_KEY, 10);
      // The other may let what it has not heard of yet, which is owed.
      int let = 0;
      while (signIn(other) == 200) {
        awaitLeft(- ++let, SIGN_IN_KEY, 10);
      }
      assertTrue(let < 10, let + " were let again");
    }
  }

  @Test
  void userCodesAreNotGuessedAtTwiceAsOftenAtTwoGateways() throws Exception {
    try (RunningGateway one = gateway();
        RunningGateway other = gateway()) {
      for (int i = 0; i < 20; i++) {
        assertEquals(400, guess(one));
      }
      assertEquals(429, guess(one));
      awaitLeft(0, CODES_KEY, 20);
      int answered = 0;
      while (guess(other) == 400) {
        awaitLeft(- ++answered, CODES_KEY, 20);
      }
      assertTrue(answered < 20, answered + " were answered again");
    }
  }

  @Test
  void withoutRedisEachCountsAloneUntilItIsBack() throws Exception {
    try (RunningGateway one = gateway();
        RunningGateway other = gateway()) {
      assertEquals(200, signIn(one));
      redis.kill();
      one.awaitMetric("kaneo_gateway_redis_up 0.0");
      other.awaitMetric("kaneo_gateway_redis_up 0.0");
      assertEquals(9, letOf(20, one));
      HttpResponse<String> ready = get(one.managementPort(), "/health/ready");
      JsonObject part = new JsonObject(ready.body()).getJsonObject("parts").getJsonObject("redis");
      assertEquals("down", part.getString("status"), ready.body());
      redis.start();
      one.awaitMetric("kaneo_gateway_redis_up 1.0");
      other.awaitMetric("kaneo_gateway_redis_up 1.0");
      // A Redis that forgot frees nobody whom this gateway still remembers.
      assertEquals(429, signIn(one));
      assertTrue(letOf(20, other) <= 10);
      assertEquals("up", part(one).getString("status"));
    }
  }

  @Test
  void aRedisThatHangsDelaysNobody() throws Exception {
    try (RunningGateway gateway = gateway()) {
      redis.freeze();
      long began = System.nanoTime();
      assertEquals(10, letOf(20, gateway));
      // A wait for Redis at each of them would take ten seconds.
      assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(5));
      gateway.awaitMetric("kaneo_gateway_redis_up 0.0");
      redis.thaw();
      gateway.awaitMetric("kaneo_gateway_redis_up 1.0");
    }
  }

  @Test
  void aRedisThatHangsIsNoticedWithoutTraffic() throws Exception {
    try (RunningGateway gateway = gateway()) {
      redis.freeze();
      long began = System.nanoTime();
      gateway.awaitMetric("kaneo_gateway_redis_up 0.0");
      assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(5));
      assertEquals("down", part(gateway).getString("status"));
      redis.thaw();
      gateway.awaitMetric("kaneo_gateway_redis_up 1.0");
    }
  }

  /** Or the log would tell of a loss and a return each second. */
  @Test
  void aRedisTooSlowForTheReportsIsLostOnce() throws Exception {
    Logger log = (Logger) LoggerFactory.getLogger(RedisVerticle.class);
    ListAppender<ILoggingEvent> told = new ListAppender<>();
    try (Detour detour = new Detour(redis.url());
        RunningGateway gateway =
            RunningGateway.start(database, kaneo.port(), "REDIS_URL", detour.url())) {
      gateway.awaitMetric("kaneo_gateway_redis_up 1.0");
      told.start();
      log.addAppender(told);
      detour.delay(300);
      gateway.awaitMetric("kaneo_gateway_redis_up 0.0");
      TimeUnit.SECONDS.sleep(6);
      assertEquals(1, told.list.size(), told.list::toString);
      detour.delay(0);
      gateway.awaitMetric("kaneo_gateway_redis_up 1.0");
    } finally {
      log.detachAppender(told);
    }
  }

  @Test
  void aGatewayStartsWithoutRedisAndFindsItLater() throws Exception {
    redis.kill();
    try (RunningGateway gateway =
        RunningGateway.start(database, kaneo.port(), "REDIS_URL", redis.url(), SIGN_INS, "10")) {
      assertEquals(200, signIn(gateway));
      assertTrue(gateway.metrics().contains("kaneo_gateway_redis_up 0.0"));
      redis.start();
      gateway.awaitMetric("kaneo_gateway_redis_up 1.0");
    }
  }

  /** The script alone, by Redis's own clock. */
  @Test
  void whatIsOwedComesBackFirstAndNobodyWaitsForEver() throws Exception {
    String script = script();
    assertEquals(":7", take(script, 3));
    assertEquals(":7", take(script, 0));
    assertEquals(":9", take(script, -2));
    assertEquals(":10", take(script, -5));
    assertEquals(":7", take(script, 3));
    assertEquals(":-5", take(script, 12));
    assertEquals(":-10", take(script, 1000));
    assertTrue(Long.parseLong(redis.ask("PTTL", "bucket").substring(1)) <= 2_000_000);
    assertEquals(":1", redis.ask("DEL", "bucket"));
    // A tenth of a second brings one back.
    assertEquals(":0", redis.ask("EVAL", script, "1", "quick", "10", "10", "1000"));
    long began = System.nanoTime();
    Await.until(
        "one more", () -> !redis.ask("EVAL", script, "1", "quick", "0", "10", "1000").equals(":0"));
    assertTrue(System.nanoTime() - began > TimeUnit.MILLISECONDS.toNanos(50));
  }

  /** Waits until Redis has heard of all that was taken. */
  private void awaitLeft(int left, String key, int quota) throws IOException {
    String script = script();
    String[] look = {"EVAL", script, "1", key, "0", String.valueOf(quota), "900000"};
    Await.until(left + " left", () -> redis.ask(look).equals(":" + left));
  }

  private String take(String script, int taken) throws IOException {
    return redis.ask("EVAL", script, "1", "bucket", String.valueOf(taken), "10", "1000000");
  }

  private static String script() throws IOException {
    try (var in = RedisVerticle.class.getResourceAsStream("/limits/take.lua")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private RunningGateway gateway() throws Exception {
    RunningGateway gateway =
        RunningGateway.start(database, kaneo.port(), "REDIS_URL", redis.url(), SIGN_INS, "10");
    gateway.awaitMetric("kaneo_gateway_redis_up 1.0");
    gateway.awaitMetric("kaneo_gateway_database_up 1.0");
    return gateway;
  }

  private int letOf(int attempts, RunningGateway gateway) throws Exception {
    int let = 0;
    for (int i = 0; i < attempts; i++) {
      let += signIn(gateway) == 200 ? 1 : 0;
    }
    return let;
  }

  private int signIn(RunningGateway gateway) throws Exception {
    return http.send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + gateway.port() + "/api/auth/sign-in/email"))
                .header("X-Forwarded-For", "203.0.113.5")
                .POST(HttpRequest.BodyPublishers.noBody())
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .statusCode();
  }

  private int guess(RunningGateway gateway) throws Exception {
    return get(gateway.port(), "/api/auth/device?user_code=GUESSEDX").statusCode();
  }

  private JsonObject part(RunningGateway gateway) throws Exception {
    return new JsonObject(get(gateway.managementPort(), "/health/ready").body())
        .getJsonObject("parts")
        .getJsonObject("redis");
  }

  private HttpResponse<String> get(int port, String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
