package dev.kaneogateway.credentials;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.TestDatabase;
import dev.kaneogateway.metrics.GatewayMetrics;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.ext.auth.authentication.TokenCredentials;
import io.vertx.junit5.VertxExtension;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The verticle, the bus and the statement on a real PostgreSQL. */
@ExtendWith(VertxExtension.class)
class CredentialsIT {
  private static TestDatabase database;
  private final GatewayMetrics metrics = new GatewayMetrics();
  private Credentials credentials;

  @BeforeAll
  static void createDatabase() {
    database = TestDatabase.create();
  }

  @BeforeEach
  void deploy(Vertx vertx) {
    credentials = deploy(vertx, database.url(), Duration.ofMillis(1));
  }

  private Credentials deploy(Vertx vertx, String url, Duration ttl) {
    return deploy(vertx, url, ttl, 150);
  }

  private Credentials deploy(Vertx vertx, String url, Duration ttl, int statementsPerSecond) {
    return deploy(vertx, url, ttl, statementsPerSecond, Ticker.systemTicker());
  }

  private Credentials deploy(
      Vertx vertx, String url, Duration ttl, int statementsPerSecond, Ticker ticker) {
    Settings.Credentials settings =
        new Settings.Credentials(
            Optional.of(DemoSeed.AUTH_SECRET),
            Duration.ofSeconds(10),
            512,
            statementsPerSecond,
            100_000,
            ttl,
            1000,
            ttl,
            1000,
            Duration.ofSeconds(10),
            true);
    Bus bus = Bus.on(vertx);
    CredentialCache cache = new CredentialCache(settings, Clock.systemUTC(), ticker);
    RunningGateway.await(
        vertx.deployVerticle(
            new CredentialVerticle(
                bus,
                Database.pool(vertx, new Settings.Database(url, 4)),
                cache,
                settings,
                metrics,
                Clock.systemUTC())));
    Credentials deployed =
        new Credentials(
            // More than a busy machine needs: what is tested is who is asked together.
            bus, cache, new SessionTokens(settings.authSecret()), Duration.ofSeconds(15));
    awaitKnown(deployed);
    return deployed;
  }

  private static void awaitKnown(Credentials credentials) {
    Await.until(
        "the database is known",
        () -> !(judge(credentials, "whatever") instanceof Verdict.Unknown));
  }

  @AfterEach
  void closeMetrics() {
    metrics.close();
  }

  @Test
  void aKeyAndASessionStandForTheirOwner() {
    Verdict key = judge(credentials, DemoSeed.API_KEY);
    Verdict session = judge(credentials, DemoSeed.SESSION_TOKEN);
    assertEquals("api_key:demoKey", ((Verdict.Valid) key).identity().label());
    assertEquals("session:demoSession", ((Verdict.Valid) session).identity().label());
    assertEquals(DemoSeed.USER_ID, ((Verdict.Valid) session).identity().userId());
  }

  @Test
  void expiredDisabledAndUnknownTokensStandForNobody() {
    key("disabledKey", "false", "NULL");
    assertEquals(Verdict.INVALID, judge(credentials, DemoSeed.EXPIRED_KEY));
    assertEquals(Verdict.INVALID, judge(credentials, "disabledKey"));
    assertEquals(Verdict.INVALID, judge(credentials, "nobody"));
    assertEquals(Verdict.INVALID, judge(credentials, DemoSeed.SESSION_TOKEN + ".c2lnbmF0dXJl"));
  }

  @Test
  void timesAreUtcWhateverTheZoneOfThisMachine() {
    assertEquals("Pacific/Chatham", java.time.ZoneId.systemDefault().getId());
    key("endsSoon", "true", "timezone('utc', now()) + interval '10 minutes'");
    key("endedLately", "true", "timezone('utc', now()) - interval '10 minutes'");
    assertTrue(judge(credentials, "endsSoon") instanceof Verdict.Valid);
    assertEquals(Verdict.INVALID, judge(credentials, "endedLately"));
  }

  /** PostgreSQL takes none, and would refuse the whole statement with it. */
  @Test
  void aTokenWithNulIsNoTokenAndSpoilsNoOther() {
    String odd = DemoSeed.SESSION_TOKEN + "\0";
    Future<Verdict> first = credentials.ask(odd, TokenDigest.of(odd));
    List<Future<Verdict>> others = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      String token = "beside" + i;
      others.add(credentials.ask(token, TokenDigest.of(token)));
      String spoilt = odd + i;
      others.add(credentials.ask(spoilt, TokenDigest.of(spoilt)));
    }
    RunningGateway.await(Future.join(others));
    assertEquals(Verdict.INVALID, RunningGateway.await(first));
    assertTrue(others.stream().allMatch(verdict -> verdict.result() == Verdict.INVALID));
  }

  @Test
  void aBanEndsWhenItEnds() {
    user("banned", "true", "NULL");
    user("bannedStill", "true", "timezone('utc', now()) + interval '1 hour'");
    user("bannedOnce", "true", "timezone('utc', now()) - interval '1 hour'");
    assertEquals(Verdict.INVALID, judge(credentials, "key-banned"));
    assertEquals(Verdict.INVALID, judge(credentials, "session-banned"));
    assertEquals(Verdict.INVALID, judge(credentials, "key-bannedStill"));
    assertTrue(judge(credentials, "key-bannedOnce") instanceof Verdict.Valid);
    assertTrue(judge(credentials, "session-bannedOnce") instanceof Verdict.Valid);
  }

  /** Kaneo deletes the sessions with an account, and leaves its keys. */
  @Test
  void aKeyEndsWithTheAccountOfItsOwner() {
    user("leaves", "false", "NULL");
    assertTrue(judge(credentials, "key-leaves") instanceof Verdict.Valid);
    database.execute("DELETE FROM \"user\" WHERE id = 'leaves'");
    Await.until("the end", () -> judge(credentials, "key-leaves") == Verdict.INVALID);
  }

  /** As an older Kaneo is, and is updated while the gateway runs. */
  @Test
  void whereKaneoCannotBanNobodyIsBannedUntilItCan() {
    TestDatabase old = TestDatabase.create();
    old.execute("ALTER TABLE \"user\" DROP COLUMN banned, DROP COLUMN ban_expires");
    Credentials deployed = deploy(Vertx.vertx(), old.url(), Duration.ofMillis(1));
    assertTrue(judge(deployed, DemoSeed.API_KEY) instanceof Verdict.Valid);
    assertTrue(judge(deployed, DemoSeed.SESSION_TOKEN) instanceof Verdict.Valid);
    old.execute(
        "ALTER TABLE \"user\" ADD COLUMN banned boolean DEFAULT true, ADD COLUMN ban_expires timestamp");
    Await.until("the ban", () -> judge(deployed, DemoSeed.API_KEY) == Verdict.INVALID);
    Await.until("the ban", () -> judge(deployed, DemoSeed.SESSION_TOKEN) == Verdict.INVALID);
  }

  @Test
  void questionsOfOneMomentLeaveInFewStatements() {
    database.execute(
        "INSERT INTO session (id, token, user_id, expires_at, updated_at) SELECT 'b' || i, 'burst' || i, '"
            + DemoSeed.USER_ID
            + "', now() + interval '1 day', now() FROM generate_series(1, 20000) i");
    double before = statements();
    long began = System.nanoTime();
    List<Future<Verdict>> asked = new ArrayList<>();
    for (int i = 1; i <= 20_000; i++) {
      String token = "burst" + i;
      asked.add(credentials.ask(token, TokenDigest.of(token)));
    }
    RunningGateway.await(Future.join(asked));
    assertTrue(asked.stream().allMatch(v -> v.result() instanceof Verdict.Valid));
    // Within a second not more than 200.
    double most = atMost(150, began);
    assertTrue(statements() - before <= most, () -> (statements() - before) + " of " + most);
  }

  @Test
  void aFloodOfUnknownTokensCostsNoMoreStatementsThanThePace() {
    Credentials paced = deploy(Vertx.vertx(), database.url(), Duration.ofMillis(1), 40);
    double before = statements();
    long began = System.nanoTime();
    for (int i = 0; i < 30; i++) {
      assertEquals(Verdict.INVALID, judge(paced, "one after another " + i));
    }
    List<Future<Verdict>> asked = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      String token = "all at once " + i;
      asked.add(paced.ask(token, TokenDigest.of(token)));
    }
    RunningGateway.await(Future.join(asked));
    double most = atMost(40, began);
    assertTrue(statements() - before <= most, () -> (statements() - before) + " of " + most);
  }

  @Test
  void whoIsBusyWaitsForNoLookup() {
    key("busyKey", "true", "NULL");
    AtomicLong nanos = new AtomicLong();
    Credentials timed =
        deploy(Vertx.vertx(), database.url(), Duration.ofSeconds(1), 150, nanos::get);
    TokenDigest digest = TokenDigest.of("busyKey");
    assertTrue(judge(timed, "busyKey") instanceof Verdict.Valid);
    nanos.addAndGet(Duration.ofMillis(800).toNanos());
    assertNotNull(timed.remembered("busyKey", digest));
    nanos.addAndGet(Duration.ofMillis(800).toNanos());
    Await.until("it is remembered", () -> timed.remembered("busyKey", digest) != null);
    database.execute("UPDATE apikey SET enabled = false WHERE id = 'busyKey'");
    // A lookup that was under way before that may come in late, so one more may be needed.
    Await.until(
        "it is forgotten",
        () -> {
          nanos.addAndGet(Duration.ofMillis(200).toNanos());
          return timed.remembered("busyKey", digest) == null;
        });
  }

  /** A person who decides on a device is asked about anew each time, also after a trouble. */
  @Test
  void whoCannotDoWithoutTheDatabaseIsToldOfItsReturnAtOnce() {
    assertTrue(judge(credentials, DemoSeed.SESSION_TOKEN) instanceof Verdict.Valid);
    database.execute("ALTER TABLE session RENAME TO elsewhere");
    try {
      assertEquals(Verdict.UNKNOWN, judge(credentials, DemoSeed.SESSION_TOKEN));
    } finally {
      database.execute("ALTER TABLE elsewhere RENAME TO session");
    }
    assertTrue(judge(credentials, DemoSeed.SESSION_TOKEN) instanceof Verdict.Valid);
  }

  @Test
  void vertxsOwnVocabularyIsSpoken() {
    KaneoAuthenticationProvider provider = new KaneoAuthenticationProvider(credentials);
    var user = RunningGateway.await(provider.authenticate(new TokenCredentials(DemoSeed.API_KEY)));
    assertEquals(DemoSeed.USER_ID, user.subject());
    Future<?> refused = provider.authenticate(new TokenCredentials("wrong"));
    RunningGateway.await(refused.otherwiseEmpty());
    assertTrue(refused.failed());
  }

  @Test
  void aSchemaWithoutReferenceIdIsServed(Vertx vertx) {
    TestDatabase older = TestDatabase.create();
    older.execute(
        "UPDATE apikey SET user_id = reference_id; ALTER TABLE apikey DROP COLUMN reference_id, DROP COLUMN config_id");
    Credentials old = deploy(Vertx.vertx(), older.url(), Duration.ofMillis(1));
    assertEquals(
        DemoSeed.USER_ID, ((Verdict.Valid) judge(old, DemoSeed.API_KEY)).identity().userId());
  }

  /** As Kaneo's update to Better Auth's own package of API keys does it. */
  @Test
  void keysThatGetAnotherOwnerColumnWhileTheGatewayRunsHaveAnOwner() {
    TestDatabase older = TestDatabase.create();
    older.execute(
        "UPDATE apikey SET user_id = reference_id; ALTER TABLE apikey DROP COLUMN reference_id, DROP COLUMN config_id");
    Credentials deployed = deploy(Vertx.vertx(), older.url(), Duration.ofMillis(1));
    assertTrue(judge(deployed, DemoSeed.API_KEY) instanceof Verdict.Valid);
    older.execute(
        "ALTER TABLE apikey ADD COLUMN reference_id text, ADD COLUMN config_id text;"
            + "UPDATE apikey SET reference_id = user_id, user_id = NULL;"
            + "UPDATE \"user\" SET banned = true");
    Await.until("the ban", () -> judge(deployed, DemoSeed.API_KEY) == Verdict.INVALID);
    older.execute("UPDATE \"user\" SET banned = false; ALTER TABLE apikey DROP COLUMN user_id");
    Await.until("the key holds", () -> judge(deployed, DemoSeed.API_KEY) instanceof Verdict.Valid);
  }

  /** By the pace, with what may run ahead of it and a statement that was due before. */
  private static double atMost(int perSecond, long since) {
    return perSecond * ((System.nanoTime() - since) / 1e9 + 0.05) + 2;
  }

  private double statements() {
    String line =
        metrics
            .scrape("text/plain")
            .lines()
            .filter(l -> l.startsWith("kaneo_gateway_credential_lookup_seconds_count"))
            .findFirst()
            .orElseThrow();
    return Double.parseDouble(line.substring(line.lastIndexOf(' ')));
  }

  private static Verdict judge(Credentials credentials, String token) {
    return RunningGateway.await(credentials.ask(token, TokenDigest.of(token)));
  }

  private static void key(String key, String enabled, String expiresAt) {
    database.execute(
        "INSERT INTO apikey (id, key, reference_id, enabled, expires_at, created_at, updated_at) VALUES ('"
            + key
            + "', '"
            + TokenDigest.of(key).base64Url()
            + "', '"
            + DemoSeed.USER_ID
            + "', "
            + enabled
            + ", "
            + expiresAt
            + ", now(), now())");
  }

  private static void user(String id, String banned, String banExpires) {
    database.execute(
        "INSERT INTO \"user\" (id, name, email, banned, ban_expires) VALUES ('"
            + id
            + "', 'x', '"
            + id
            + "@x', "
            + banned
            + ", "
            + banExpires
            + ");"
            + "INSERT INTO apikey (id, key, reference_id, created_at, updated_at) VALUES ('k"
            + id
            + "', '"
            + TokenDigest.of("key-" + id).base64Url()
            + "', '"
            + id
            + "', now(), now());"
            + "INSERT INTO session (id, token, user_id, expires_at, updated_at) VALUES ('s"
            + id
            + "', 'session-"
            + id
            + "', '"
            + id
            + "', now() + interval '1 day', now())");
  }
}
