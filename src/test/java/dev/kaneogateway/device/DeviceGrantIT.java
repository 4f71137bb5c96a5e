package dev.kaneogateway.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The statements of the grant with a clock that the test moves, on a real PostgreSQL. */
@ExtendWith(VertxExtension.class)
class DeviceGrantIT {
  private static final Duration SETTLING = Duration.ofSeconds(3);
  private static final Duration WEEK = Duration.ofDays(7);
  private static TestDatabase database;
  private final RandomCodes random = new RandomCodes();
  private Instant now = Instant.parse("2026-03-29T00:59:00Z");
  private DeviceStatements statements;
  private PollStatement polls;
  private Pool pool;

  @BeforeAll
  static void createDatabase() {
    database = TestDatabase.create();
    database.execute("INSERT INTO \"user\" (id, name, email) VALUES ('other', 'Other', 'o@x')");
  }

  @BeforeEach
  void open(Vertx vertx) {
    pool = Database.pool(vertx, new Settings.Database(database.url(), 20));
    assertTrue(RunningGateway.await(OwnTables.create(pool)));
    statements = new DeviceStatements(pool, true);
    polls = new PollStatement(pool, true, SETTLING);
    database.execute("DELETE FROM device_code; DELETE FROM session WHERE id <> 'demoSession'");
  }

  @Test
  void anObedientClientWithOneSlipIsToldToSlowDownOnce() {
    String code = start();
    assertEquals(List.of("PENDING 5", "SLOW_DOWN 10", "PENDING 10"), polls(code, 0, 2, 12));
  }

  @Test
  void aLocaleWithDigitsOfItsOwnDoesNotGetIntoTheStatements() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG"));
      polls = new PollStatement(pool, true, SETTLING);
      String code = start();
      assertEquals(List.of("PENDING 5", "SLOW_DOWN 10"), polls(code, 0, 2));
      decide(true);
      assertEquals("ISSUED", poll(code).state().name());
      note(code, false);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void aClientThatNeverSlowsDownIsHeldOffButServedAtTheEnd() {
    String code = start();
    assertEquals(
        List.of("PENDING 5", "SLOW_DOWN 10", "SLOW_DOWN 15", "SLOW_DOWN 20"),
        polls(code, 0, 2, 5, 5));
    for (int i = 0; i < 20; i++) {
      now = now.plusMillis(100);
      poll(code);
    }
    assertEquals("SLOW_DOWN 60", polls(code, 0).get(0));
    decide(true);
    assertEquals("ISSUED", poll(code).state().name());
  }

  /** As a database does that was frozen: what was asked again, and what was stuck. */
  @Test
  void aPollThatRunsTwiceOrLateCountsOnceAndWhereItBelongs() {
    String code = start();
    List<String> states = polls(code, 0, 5, 0);
    states.addAll(polls(code, -2, 7, 5));
    assertEquals(List.of(), states.stream().filter(state -> !state.equals("PENDING 5")).toList());
  }

  /** Its first answer was lost; and the second time comes after somebody has claimed the code. */
  @Test
  void anEarlyPollThatRunsTwiceRaisesTheIntervalOnce() {
    String code = start();
    assertEquals(List.of("PENDING 5", "SLOW_DOWN 10", "SLOW_DOWN 10"), polls(code, 0, 2, 0));
    String userCode = database.query("SELECT user_code FROM device_code");
    RunningGateway.await(statements.claim(userCode, "demoUser", now.plusMillis(300)));
    assertEquals(List.of("SLOW_DOWN 10", "SLOW_DOWN 15"), polls(code, 0, 1));
  }

  @Test
  void jitterIsForgiven() {
    String code = start();
    List<String> states = new ArrayList<>();
    for (long at : new long[] {0, 4600, 4700, 4800}) {
      now = now.plusMillis(at);
      states.add(poll(code).state().name());
    }
    assertEquals(List.of("PENDING", "PENDING", "PENDING", "PENDING"), states);
  }

  @Test
  void theTokenIsASessionOfKaneosShapeInUtc() {
    String code = start();
    decide(true);
    DeviceAnswer.Polled polled = poll(code);
    assertTrue(polled.token().matches("[A-Za-z0-9]{32}"));
    assertEquals(604_800, polled.expiresInSeconds());
    assertEquals(
        "demoUser|2026-04-05 00:59:00|2026-03-29 00:59:00|2026-03-29 00:59:00|192.0.2.1|test/1",
        database.query(
            "SELECT concat_ws('|', user_id, expires_at, created_at, updated_at, ip_address, user_agent) FROM session WHERE token = '"
                + polled.token()
                + "'"));
    assertEquals("0", database.query("SELECT count(*) FROM device_code"));
  }

  /** Its answer may be lost, with the gateway that had it or with its client. */
  @Test
  void aTokenIsOfferedAgainUntilItIsKnownToBeDelivered() {
    String code = start();
    decide(true);
    String token = poll(code).token();
    assertEquals("PENDING", poll(code).state().name());
    assertEquals("INVALID", RunningGateway.await(ask(code, "kaneo-mcp")).state().name());
    now = now.plus(SETTLING).plusMillis(1);
    assertEquals("INVALID", RunningGateway.await(ask(code, "kaneo-mcp")).state().name());
    assertEquals(token, poll(code).token());
    assertEquals("PENDING", poll(code).state().name());
    note(code, false);
    // The sweep leaves it for as long as its code would have lived.
    RunningGateway.await(statements.sweep(now, Duration.ofMinutes(30), 500));
    assertEquals(token, poll(code).token());
    note(code, true);
    now = now.plus(SETTLING).plusMillis(1);
    assertEquals("INVALID", poll(code).state().name());
    assertEquals("1", database.query("SELECT count(*) FROM session WHERE id <> 'demoSession'"));
  }

  @Test
  void aTokenOfASessionThatHasEndedIsNotOfferedAgain() {
    String code = start();
    decide(true);
    poll(code);
    database.execute("DELETE FROM session WHERE id <> 'demoSession'");
    assertEquals("INVALID", poll(code).state().name());
  }

  private void note(String code, boolean delivered) {
    RunningGateway.await(
        polls.delivered(
            new DeviceQuestion.Poll("kaneo-cli", code, "192.0.2.1", "test/1"), delivered));
  }

  @Test
  void fiftyPollsAtOnceGiveOneToken() {
    for (int round = 0; round < 20; round++) {
      String code = start();
      decide(true);
      List<Future<DeviceAnswer.Polled>> polls =
          Stream.generate(() -> ask(code, "kaneo-cli")).limit(50).toList();
      RunningGateway.await(Future.join(polls));
      assertEquals(
          1,
          polls.stream().filter(p -> p.result().state() == DeviceAnswer.PollState.ISSUED).count());
      assertEquals(
          49,
          polls.stream()
              .map(p -> p.result().state())
              .filter(
                  s -> s == DeviceAnswer.PollState.INVALID || s == DeviceAnswer.PollState.PENDING)
              .count());
    }
    assertEquals("20", database.query("SELECT count(*) FROM session WHERE id <> 'demoSession'"));
  }

  @Test
  void anotherClientsPollLeavesTheRowUntouched() {
    String code = start();
    decide(true);
    String before = database.query("SELECT device_code::text FROM device_code");
    assertEquals("INVALID", RunningGateway.await(ask(code, "kaneo-mcp")).state().name());
    assertEquals(before, database.query("SELECT device_code::text FROM device_code"));
    assertEquals("ISSUED", poll(code).state().name());
  }

  @Test
  void endsAreStableAndComeBeforeSlowDown() {
    String denied = start();
    decide(false);
    assertEquals(
        List.of("DENIED", "DENIED"),
        List.of(poll(denied).state().name(), poll(denied).state().name()));
    database.execute("DELETE FROM device_code");
    String late = start();
    decide(true);
    now = now.plus(Duration.ofMinutes(15));
    assertEquals(
        List.of("EXPIRED", "EXPIRED"),
        List.of(poll(late).state().name(), poll(late).state().name()));
    assertEquals("INVALID", poll("nobodysCode").state().name());
  }

  @Test
  void aBannedOrDeletedPersonGetsNone() {
    String code = start();
    decide(true);
    database.execute("UPDATE \"user\" SET banned = true WHERE id = 'demoUser'");
    try {
      assertEquals("DENIED", poll(code).state().name());
      database.execute(
          "UPDATE \"user\" SET ban_expires = '"
              + "2026-03-29 00:58:00"
              + "' WHERE id = 'demoUser'");
      assertEquals("ISSUED", poll(code).state().name());
    } finally {
      database.execute("UPDATE \"user\" SET banned = false, ban_expires = NULL");
    }
  }

  /** As an older Kaneo is, and is updated while the gateway runs. */
  @Test
  void whereKaneoCannotBanNobodyIsBannedUntilItCan() {
    String code = start();
    database.execute("ALTER TABLE \"user\" DROP COLUMN banned, DROP COLUMN ban_expires");
    try {
      assertEquals("PENDING", poll(code).state().name());
      decide(true);
      assertEquals("ISSUED", poll(code).state().name());
    } finally {
      database.execute(
          "ALTER TABLE \"user\" ADD COLUMN banned boolean, ADD COLUMN ban_expires timestamp");
    }
    aBannedOrDeletedPersonGetsNone();
  }

  @Test
  void ofTwoWhoClaimOneWins() {
    for (int round = 0; round < 50; round++) {
      start();
      String userCode = database.query("SELECT user_code FROM device_code");
      RunningGateway.await(
          Future.join(
              statements.claim(userCode, "demoUser", now),
              statements.claim(userCode, "other", now)));
      String owner = database.query("SELECT user_id FROM device_code");
      String loser = owner.equals("other") ? "demoUser" : "other";
      assertFalse(decide(userCode, loser, true, true));
      assertTrue(decide(userCode, owner, true, false));
      database.execute("DELETE FROM device_code");
    }
  }

  @Test
  void approveAndDenyAtOnceHaveOneWinner() {
    for (int round = 0; round < 100; round++) {
      start();
      String userCode = database.query("SELECT user_code FROM device_code");
      Future<Boolean> allow =
          statements.decide(new DeviceQuestion.Decide(userCode, "demoUser", true, true), now);
      Future<Boolean> deny =
          statements.decide(new DeviceQuestion.Decide(userCode, "demoUser", false, true), now);
      RunningGateway.await(Future.join(allow, deny));
      assertTrue(allow.result() ^ deny.result());
      assertEquals(
          allow.result() ? "approved" : "denied", database.query("SELECT status FROM device_code"));
      database.execute("DELETE FROM device_code");
    }
  }

  @Test
  void theSweepTakesWhatEndedTenMinutesAgoAndNothingElse() {
    String live = start();
    database.execute(
        "INSERT INTO device_code (id, device_code, user_code, expires_at, status, created_at, updated_at)"
            + " SELECT 's' || i, 'd' || i, 'u' || i, '2026-03-29 00:00:00', 'pending', '2026-03-28', '2026-03-28' FROM generate_series(1, 1200) i");
    assertEquals(
        500,
        RunningGateway.await(
            statements.sweep(now.minus(Duration.ofMinutes(10)), Duration.ofMinutes(30), 500)));
    RunningGateway.await(
        statements.sweep(now.minus(Duration.ofMinutes(10)), Duration.ofMinutes(30), 500));
    RunningGateway.await(
        statements.sweep(now.minus(Duration.ofMinutes(10)), Duration.ofMinutes(30), 500));
    assertEquals("1", database.query("SELECT count(*) FROM device_code"));
    assertEquals("PENDING", poll(live).state().name());
  }

  @Test
  void whereTheOwnSchemaMayNotBeEverythingElseWorks() {
    DeviceStatements plain = new DeviceStatements(pool, false);
    RunningGateway.await(
        plain.insert(
            "i",
            "d",
            "ABCDEFGH",
            now,
            Duration.ofMinutes(15),
            Duration.ofSeconds(5),
            new DeviceQuestion.Start("kaneo-cli", Optional.empty(), "192.0.2.1", "x")));
    DeviceAnswer.Request found = RunningGateway.await(plain.find("ABCDEFGH", now)).orElseThrow();
    assertEquals(Optional.empty(), found.address());
  }

  private String start() {
    String code = random.deviceCode();
    RunningGateway.await(
        statements.insert(
            random.id(),
            code,
            random.userCode(),
            now,
            Duration.ofMinutes(15),
            Duration.ofSeconds(5),
            new DeviceQuestion.Start("kaneo-cli", Optional.empty(), "192.0.2.1", "test/1")));
    return code;
  }

  private void decide(boolean allow) {
    assertTrue(
        decide(database.query("SELECT user_code FROM device_code"), "demoUser", allow, true));
  }

  private boolean decide(String userCode, String user, boolean allow, boolean claiming) {
    return RunningGateway.await(
        statements.decide(new DeviceQuestion.Decide(userCode, user, allow, claiming), now));
  }

  private Future<DeviceAnswer.Polled> ask(String code, String client) {
    return polls.poll(
        new DeviceQuestion.Poll(client, code, "192.0.2.1", "test/1"),
        now,
        WEEK,
        random.id(),
        random.id());
  }

  private DeviceAnswer.Polled poll(String code) {
    return RunningGateway.await(ask(code, "kaneo-cli"));
  }

  /** Polls after each wait, in seconds since the poll before. */
  private List<String> polls(String code, long... waits) {
    List<String> states = new ArrayList<>();
    for (long wait : waits) {
      now = now.plusSeconds(wait);
      DeviceAnswer.Polled polled = poll(code);
      states.add(polled.state() + " " + polled.intervalSeconds());
    }
    return states;
  }
}
