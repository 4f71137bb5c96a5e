package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kaneogateway.credentials.TokenDigest;
import dev.kaneogateway.credentials.UsageVerticle;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.PgBouncer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Credentials that change in the database under running gateways. */
class RevocationIT {
  private static final Duration BOUND = Duration.ofSeconds(10);

  private TestDatabase database;
  private Path configuration;
  private ScriptedUpstream kaneo;
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<RunningGateway> gateways = new ArrayList<>();

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    database = TestDatabase.create();
    configuration =
        Files.writeString(directory.resolve("gateway.yaml"), "DATABASE_URL: " + database.url());
    kaneo = ScriptedUpstream.friendly();
  }

  @AfterEach
  void stop() throws Exception {
    gateways.forEach(RunningGateway::close);
    kaneo.close();
  }

  private RunningGateway gateway(String... settings) {
    RunningGateway started = RunningGateway.start(database, kaneo.port(), settings);
    gateways.add(started);
    return started;
  }

  /** One that hears of changes, and else would believe for minutes. */
  private RunningGateway listeningGateway() {
    RunningGateway started = gateway("GATEWAY_LISTEN_HEARTBEAT_MS", "100");
    awaitListening(started, true);
    return started;
  }

  private void install(String action) {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    String[] command = {"triggers", action, "--config", configuration.toString()};
    assertEquals(0, Main.run(command, out, out), () -> said.toString(StandardCharsets.UTF_8));
  }

  @Test
  void everyWayACredentialEndsIsSeenByAllGateways() {
    install("install");
    RunningGateway one = listeningGateway();
    RunningGateway two = listeningGateway();
    RunningGateway three = listeningGateway();
    for (String change :
        List.of(
            "UPDATE apikey SET enabled = false WHERE id = 'k'",
            "UPDATE apikey SET expires_at = timezone('utc', now()) - interval '1 s' WHERE id = 'k'",
            "UPDATE apikey SET key = 'rotated' WHERE id = 'k'",
            "DELETE FROM apikey WHERE id = 'k'",
            "DELETE FROM session WHERE id = 's'",
            "UPDATE session SET expires_at = timezone('utc', now()) WHERE id = 's'",
            "UPDATE \"user\" SET banned = true WHERE id = 'u'",
            "DELETE FROM apikey WHERE id = 'k'; DELETE FROM \"user\" WHERE id = 'u'",
            "SET session_replication_role = replica; DELETE FROM session WHERE id = 's'; RESET session_replication_role",
            "TRUNCATE apikey, session")) {
      person();
      String token = change.contains("session") ? "session-token" : "key-token";
      for (RunningGateway gateway : List.of(one, two, three)) {
        awaitStatus(gateway, token, 200);
      }
      database.execute(change);
      for (RunningGateway gateway : List.of(one, two, three)) {
        awaitStatus(gateway, token, 401);
      }
    }
  }

  @Test
  void aNewCredentialWorksAtOnceThoughItWasRefusedJustBefore() {
    install("install");
    RunningGateway gateway =
        gateway("GATEWAY_LISTEN_HEARTBEAT_MS", "100", "GATEWAY_REFUSED_CACHE_TTL_MS", "60000");
    awaitListening(gateway, true);
    assertEquals(401, status(gateway, "session-token"));
    assertEquals(401, status(gateway, "key-token"));
    person();
    awaitStatus(gateway, "session-token", 200);
    awaitStatus(gateway, "key-token", 200);
  }

  @Test
  void whatOnlyCountsUseIsNotTold() {
    install("install");
    RunningGateway gateway = listeningGateway();
    person();
    awaitStatus(gateway, "key-token", 200);
    double before = metric(gateway, "kaneo_gateway_credential_changes_total");
    database.execute(
        "UPDATE apikey SET request_count = 5, last_request = now(), updated_at = now() WHERE id = 'k';"
            + "UPDATE session SET updated_at = now() WHERE id = 's';"
            + "UPDATE \"user\" SET name = 'Another Name' WHERE id = 'u'");
    database.execute("UPDATE apikey SET enabled = false WHERE id = 'k'");
    awaitStatus(gateway, "key-token", 401);
    assertEquals(before + 1, metric(gateway, "kaneo_gateway_credential_changes_total"));
  }

  @Test
  void triggersComeAndGoUnderARunningGateway() {
    RunningGateway gateway = gateway("GATEWAY_LISTEN_HEARTBEAT_MS", "100");
    awaitListening(gateway, false);
    install("install");
    awaitListening(gateway, true);
    install("install");
    database.execute("ALTER TABLE apikey DISABLE TRIGGER kaneo_gateway_credential");
    awaitListening(gateway, false);
    install("install");
    awaitListening(gateway, true);
    install("remove");
    awaitListening(gateway, false);
    assertEquals("0", database.query("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"));
    person();
    awaitStatus(gateway, "key-token", 200);
    database.execute("UPDATE apikey SET enabled = false WHERE id = 'k'");
    awaitStatus(gateway, "key-token", 401);
  }

  @Test
  void aCutLineForgetsEverythingAndComesBack() {
    install("install");
    RunningGateway gateway = listeningGateway();
    person();
    awaitStatus(gateway, "key-token", 200);
    // Nobody is told of this one.
    database.execute(
        "ALTER TABLE apikey DISABLE TRIGGER USER;"
            + "UPDATE apikey SET enabled = false WHERE id = 'k';"
            + "ALTER TABLE apikey ENABLE TRIGGER USER;"
            + "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            + " AND pid <> pg_backend_pid()");
    awaitStatus(gateway, "key-token", 401);
    awaitListening(gateway, true);
  }

  @Test
  void aStandbyIsCalledSoAndLeftForThePrimary() {
    install("install");
    database.execute(
        "CREATE FUNCTION pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true';"
            + "ALTER DATABASE "
            + database.name()
            + " SET search_path = public, pg_catalog");
    RunningGateway gateway = gateway("GATEWAY_LISTEN_HEARTBEAT_MS", "100");
    Await.until("a standby is noticed", () -> readiness(gateway).contains("a standby"));
    database.execute("ALTER DATABASE " + database.name() + " RESET search_path");
    awaitListening(gateway, true);
  }

  /** Its own statements' notifications come with their answers, all others get lost. */
  @Test
  void aPoolerThatKeepsNotificationsBackIsNotTrusted() throws Exception {
    install("install");
    try (PgBouncer pooler = new PgBouncer(database.url(), "transaction", 3)) {
      RunningGateway gateway =
          gateway("DATABASE_URL", pooler.url(), "GATEWAY_LISTEN_HEARTBEAT_MS", "100");
      person();
      awaitStatus(gateway, "key-token", 200);
      Await.until(
          "what keeps them back is known",
          () -> readiness(gateway).contains("a pooler that keeps notifications back"));
      database.execute("UPDATE apikey SET enabled = false WHERE id = 'k'");
      awaitStatus(gateway, "key-token", 401);
    }
  }

  /** What comes while the line asks something comes by chance. */
  @Test
  void aPoolerThatLendsForATransactionIsNeverTrusted() throws Exception {
    install("install");
    try (PgBouncer pooler = new PgBouncer(database.url(), "transaction", 3)) {
      RunningGateway gateway =
          gateway("DATABASE_URL", pooler.url(), "GATEWAY_LISTEN_HEARTBEAT_MS", "50");
      Await.until(
          "what keeps them back is known",
          () -> readiness(gateway).contains("a pooler that keeps notifications back"));
      long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
      while (System.nanoTime() < end) {
        assertEquals(0, metric(gateway, "kaneo_gateway_revocation_line_up"));
      }
    }
  }

  @Test
  void byAPoolerThatLendsForASessionChangesAreHeardOf() throws Exception {
    install("install");
    try (PgBouncer pooler = new PgBouncer(database.url(), "session", 30)) {
      RunningGateway gateway =
          gateway("DATABASE_URL", pooler.url(), "GATEWAY_LISTEN_HEARTBEAT_MS", "100");
      awaitListening(gateway, true);
      person();
      awaitStatus(gateway, "key-token", 200);
      database.execute("UPDATE apikey SET enabled = false WHERE id = 'k'");
      awaitStatus(gateway, "key-token", 401);
    }
  }

  /** As a dump is restored in one transaction, its triggers last. */
  @Test
  void tablesThatCameInPlaceOfOthersWithTriggersOfTheirOwnAreNoted() {
    install("install");
    RunningGateway gateway = listeningGateway();
    person();
    awaitStatus(gateway, "key-token", 200);
    database.execute(
        "BEGIN; ALTER TABLE apikey RENAME TO before;"
            + "CREATE TABLE apikey (LIKE before INCLUDING ALL);"
            + "CREATE TRIGGER kaneo_gateway_credential AFTER INSERT OR UPDATE OR DELETE ON apikey"
            + " FOR EACH ROW EXECUTE FUNCTION kaneo_gateway.notify_change();"
            + "CREATE TRIGGER kaneo_gateway_truncate AFTER TRUNCATE ON apikey"
            + " FOR EACH STATEMENT EXECUTE FUNCTION kaneo_gateway.notify_change(); DROP TABLE before; COMMIT");
    awaitStatus(gateway, "key-token", 401);
  }

  @Test
  void kaneosTablesCanChangeUnderTheTriggers() {
    install("install");
    person();
    database.execute(
        "ALTER TABLE apikey DROP COLUMN permissions, ADD COLUMN another text;"
            + "ALTER TABLE session RENAME COLUMN token TO tok; ALTER TABLE session RENAME COLUMN tok TO token;"
            + "ALTER TABLE \"user\" ALTER COLUMN banned TYPE text USING banned::text;"
            + "UPDATE apikey SET another = 'x'; DELETE FROM session; UPDATE \"user\" SET name = 'x'");
    install("remove");
  }

  @Test
  void noRaceOfRevocationAndLookupLetsALateRequestIn() {
    install("install");
    RunningGateway gateway = listeningGateway();
    person();
    for (int round = 0; round < 60; round++) {
      database.execute("UPDATE apikey SET enabled = true WHERE id = 'k'");
      awaitStatus(gateway, "key-token", 200);
      boolean[] over = new boolean[1];
      List<CompletableFuture<Integer>> racing = new ArrayList<>();
      long revokeAt = System.nanoTime() + ThreadLocalRandom.current().nextLong(3_000_000);
      Thread asking =
          new Thread(
              () -> {
                while (!over[0] && racing.size() < 300) {
                  racing.add(ask(gateway, "key-token"));
                  Thread.yield();
                }
              });
      asking.start();
      while (System.nanoTime() < revokeAt) {
        Thread.onSpinWait();
      }
      database.execute("UPDATE apikey SET enabled = false WHERE id = 'k'");
      awaitStatus(gateway, "key-token", 401);
      over[0] = true;
      join(asking);
      racing.forEach(CompletableFuture::join);
      // Once refused it stays refused: nothing put an older answer back.
      for (int i = 0; i < 20; i++) {
        assertEquals(401, status(gateway, "key-token"));
      }
    }
  }

  @Test
  void theUseOfAKeyIsWrittenDown() {
    RunningGateway gateway = gateway();
    person();
    database.execute("UPDATE apikey SET rate_limit_enabled = false WHERE id = 'k'");
    for (int i = 0; i < 25; i++) {
      assertEquals(200, status(gateway, "key-token"));
    }
    Await.until("25 uses", () -> "25".equals(usage("request_count")));
    assertEquals("t", usage("last_request > timezone('utc', now()) - interval '10 s'"));
  }

  @Test
  void aKeyThatSomebodyHoldsKeepsNoOtherFromBeingWritten() {
    RunningGateway gateway = gateway();
    person();
    database.execute("UPDATE apikey SET rate_limit_enabled = false, request_count = 0");
    CompletableFuture<Void> holder =
        CompletableFuture.runAsync(
            () ->
                database.execute(
                    "BEGIN; UPDATE apikey SET name = 'held' WHERE id = 'k'; SELECT pg_sleep(60)"),
            // The common pool may have one thread, which the HTTP client needs.
            task -> new Thread(task, "holder").start());
    String asleep =
        " FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
    Await.until("it is held", () -> "1".equals(database.query("SELECT count(*)" + asleep)));
    assertEquals(200, status(gateway, "key-token"));
    assertEquals(200, status(gateway, DemoSeed.API_KEY));
    Await.until(
        "the use of the other",
        () -> "1".equals(database.query("SELECT request_count FROM apikey WHERE id = 'demoKey'")));
    database.execute("SET lock_timeout = '5s'; UPDATE apikey SET name = 'x' WHERE id = 'demoKey'");
    database.execute("SELECT pg_cancel_backend(pid)" + asleep);
    Await.until("its own use", () -> "1".equals(usage("request_count")));
    Await.until("the holder's end", holder::isDone);
  }

  /** As Better Auth counts: see UsageVerticle. */
  @Test
  void theUseOfARateLimitedKeyLeavesKaneoHalfOfItsLimit() {
    RunningGateway gateway = gateway();
    person();
    database.execute("UPDATE apikey SET rate_limit_max = 20, request_count = 3 WHERE id = 'k'");
    assertEquals(200, status(gateway, "key-token"));
    Await.until("4 uses", () -> "4".equals(usage("request_count")));
    for (int i = 0; i < 25; i++) {
      assertEquals(200, status(gateway, "key-token"));
    }
    Await.until("10 uses", () -> "10".equals(usage("request_count")));
    assertEquals("t", usage("last_request > timezone('utc', now()) - interval '10 s'"));
  }

  @Test
  void useIsWrittenAgainOnceATableIsBackThatWasGoneForAWhile() {
    RunningGateway gateway = gateway();
    person();
    database.execute("UPDATE apikey SET rate_limit_enabled = false, request_count = 0");
    ListAppender<ILoggingEvent> told = new ListAppender<>();
    told.start();
    Logger log = (Logger) LoggerFactory.getLogger(UsageVerticle.class);
    log.addAppender(told);
    try {
      database.execute("ALTER TABLE apikey RENAME COLUMN request_count TO elsewhere");
      assertEquals(200, status(gateway, "key-token"));
      Await.until("it is told", () -> !told.list.isEmpty());
      database.execute("ALTER TABLE apikey RENAME COLUMN elsewhere TO request_count");
      assertEquals(200, status(gateway, "key-token"));
      Await.until("its use", () -> !"0".equals(usage("request_count")));
      assertEquals(1, told.list.size());
    } finally {
      log.detachAppender(told);
    }
  }

  @Test
  void whatKaneoCountedAgainstALimitGivesWayOnlyWhenItsWindowIsOver() {
    RunningGateway gateway = gateway();
    person();
    database.execute(
        "UPDATE apikey SET rate_limit_max = 20, rate_limit_time_window = 60000, request_count = 20,"
            + " last_request = timezone('utc', now()) - interval '30 s' WHERE id = 'k'");
    String since = usage("last_request");
    double before = metric(gateway, "kaneo_gateway_key_usage_written_total");
    assertEquals(200, status(gateway, "key-token"));
    Await.until("a use", () -> metric(gateway, "kaneo_gateway_key_usage_written_total") > before);
    assertEquals("20", usage("request_count"));
    assertEquals(since, usage("last_request"));
    database.execute(
        "UPDATE apikey SET last_request = timezone('utc', now()) - interval '61 s' WHERE id = 'k'");
    assertEquals(200, status(gateway, "key-token"));
    Await.until("10 uses", () -> "10".equals(usage("request_count")));
    assertEquals("t", usage("last_request > timezone('utc', now()) - interval '10 s'"));
  }

  private String usage(String column) {
    return database.query("SELECT " + column + " FROM apikey WHERE id = 'k'");
  }

  @Test
  void withoutADatabaseAConfirmedCredentialStillWorksForTheGrace() {
    RunningGateway gateway =
        gateway("GATEWAY_CACHE_TTL_MS", "50", "GATEWAY_LOOKUP_TIMEOUT_MS", "500");
    person();
    awaitStatus(gateway, "key-token", 200);
    database.execute("ALTER TABLE apikey RENAME TO away");
    try {
      for (int i = 0; i < 10; i++) {
        assertEquals(200, status(gateway, "key-token"));
        assertEquals(503, status(gateway, "never-seen"));
      }
    } finally {
      database.execute("ALTER TABLE away RENAME TO apikey");
    }
    awaitStatus(gateway, "never-seen", 401);
  }

  /** A user, a key and a session, as new. */
  private void person() {
    database.execute(
        "DELETE FROM apikey WHERE id = 'k'; DELETE FROM \"user\" WHERE id = 'u';"
            + "INSERT INTO \"user\" (id, name, email, email_verified) VALUES ('u', 'U', 'u@example.com', true);"
            + "INSERT INTO apikey (id, name, key, reference_id, created_at, updated_at) VALUES ('k', 'k', '"
            + TokenDigest.of("key-token").base64Url()
            + "', 'u', now(), now());"
            + "INSERT INTO session (id, token, user_id, expires_at, updated_at) VALUES ('s', 'session-token', 'u',"
            + " timezone('utc', now()) + interval '1 day', now())");
  }

  private void awaitStatus(RunningGateway gateway, String token, int status) {
    Await.until("status " + status, () -> status(gateway, token) == status);
  }

  private void awaitListening(RunningGateway gateway, boolean listening) {
    gateway.awaitMetric("kaneo_gateway_revocation_line_up " + (listening ? "1.0" : "0.0"));
  }

  private static void join(Thread thread) {
    try {
      thread.join(BOUND.toMillis());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private int status(RunningGateway gateway, String token) {
    return ask(gateway, token).join();
  }

  private CompletableFuture<Integer> ask(RunningGateway gateway, String token) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + "/api/project"))
            .timeout(BOUND)
            .header("Authorization", "Bearer " + token)
            .build();
    return http.sendAsync(request, HttpResponse.BodyHandlers.discarding())
        .thenApply(HttpResponse::statusCode);
  }

  private String readiness(RunningGateway gateway) {
    URI uri = URI.create("http://127.0.0.1:" + gateway.managementPort() + "/health/ready");
    return http.sendAsync(
            HttpRequest.newBuilder(uri).timeout(BOUND).build(),
            HttpResponse.BodyHandlers.ofString())
        .join()
        .body();
  }

  private double metric(RunningGateway gateway, String name) {
    return gateway
        .metrics()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElse(-1);
  }
}
