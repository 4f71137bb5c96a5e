package dev.kaneogateway.device;

import dev.kaneogateway.db.KaneoSchema;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The statements of the grant, each whole in itself, so that whatever races has one winner and
 * whatever crashes leaves all or nothing. All times are UTC and come from the caller's clock.
 */
final class DeviceStatements {
  /** A poll this much early is forgiven: a network jitters, and some clients die of slow_down. */
  static final long TOLERANCE_MS = 1000;

  static final long SLOW_DOWN_MS = 5000;
  static final long LONGEST_INTERVAL_MS = 60_000;

  /** What is kept of a redeemed code: who has it finds its redemption, and nobody else the code. */
  private static final String DIGEST = "encode(sha256(convert_to($1, 'UTF8')), 'hex')";

  private static final String POLL =
      """
      WITH asked AS (SELECT %8$s AS digest), code AS (
        SELECT d.client_id, d.status, d.expires_at <= $3 AS expired, d.polling_interval,
               u.id IS NULL OR (u.banned AND (u.ban_expires IS NULL OR u.ban_expires > $3)) AS barred
        FROM device_code d LEFT JOIN %7$s u ON u.id = d.user_id WHERE d.device_code = $1
      ), redeemed AS (
        DELETE FROM device_code d USING %7$s u
        WHERE d.device_code = $1 AND d.client_id = $2 AND d.status = 'approved' AND d.expires_at > $3
          AND u.id = d.user_id
          AND NOT (COALESCE(u.banned, false) AND (u.ban_expires IS NULL OR u.ban_expires > $3))
        RETURNING d.user_id, d.scope, d.user_code
      ), issued AS (
        INSERT INTO session (id, token, user_id, expires_at, created_at, updated_at, ip_address, user_agent)
        SELECT $4, $5, user_id, $6, $3, $3, $7, $8 FROM redeemed RETURNING id
      ), %4$s polled AS (
        UPDATE device_code d SET
          polling_interval = CASE WHEN d.last_polled_at < $3
              AND d.last_polled_at + (COALESCE(d.polling_interval, 5000) - %1$d) * interval '1 millisecond' > $3
            THEN LEAST(COALESCE(d.polling_interval, 5000) + %2$d, %3$d) ELSE d.polling_interval END,
          last_polled_at = CASE WHEN d.last_polled_at < $3
              AND d.last_polled_at + (COALESCE(d.polling_interval, 5000) - %1$d) * interval '1 millisecond' > $3
            THEN d.last_polled_at ELSE GREATEST(d.last_polled_at, $3) END,
          updated_at = $3
        WHERE d.device_code = $1 AND d.client_id = $2 AND d.status = 'pending' AND d.expires_at > $3
        RETURNING d.polling_interval, d.last_polled_at < $3 AS early
      )
      SELECT code.client_id, code.status, code.expired, COALESCE(code.barred, false),
             redeemed.user_id, redeemed.scope,
             COALESCE(polled.polling_interval, code.polling_interval), polled.early, %5$s
      FROM asked LEFT JOIN code ON true LEFT JOIN redeemed ON true LEFT JOIN polled ON true %6$s
      """;

  /** What outlives a redeemed code, so that its token is not lost with an answer that is. */
  private static final String REDEMPTIONS =
      """
      kept AS (
        INSERT INTO kaneo_gateway.redemption
          (code_digest, client_id, session_id, user_code, user_id, scope, since, delivered)
        SELECT digest, $2, $4, user_code, user_id, scope, $3, false FROM redeemed, asked
        ON CONFLICT (code_digest) DO NOTHING
      ), unsettled AS (
        SELECT true AS is FROM kaneo_gateway.redemption r, asked
        WHERE r.code_digest = digest AND r.client_id = $2 AND NOT r.delivered
          AND EXISTS (SELECT 1 FROM session s WHERE s.id = r.session_id AND s.expires_at > $3)
      ), again AS (
        UPDATE kaneo_gateway.redemption r SET since = $3 FROM session s, asked
        WHERE r.code_digest = digest AND r.client_id = $2 AND NOT r.delivered
          AND s.id = r.session_id AND s.expires_at > $3
          AND (r.session_id = $4 OR r.since <= $3 - %d * interval '1 millisecond')
        RETURNING s.token, s.expires_at, r.scope
      ),""";

  private static final String INSUFFICIENT_PRIVILEGE = "42501";
  private static final String UNDEFINED_TABLE = "42P01";
  private static final String UNDEFINED_SCHEMA = "3F000";

  private final Pool pool;
  private final boolean ownSchema;
  private final Duration settling;
  private final String poll;

  /**
   * @param settling how long a redeemed code is left to the poll that redeemed it, which may be on
   *     its way back
   */
  DeviceStatements(Pool pool, boolean ownSchema, Duration settling) {
    this.pool = pool;
    this.ownSchema = ownSchema;
    this.settling = settling;
    this.poll =
        POLL.formatted(
            TOLERANCE_MS,
            SLOW_DOWN_MS,
            LONGEST_INTERVAL_MS,
            ownSchema ? REDEMPTIONS.formatted(settling.toMillis()) : "",
            ownSchema
                ? "again.token, again.expires_at, again.scope, unsettled.is"
                : "NULL::text, NULL::timestamp, NULL::text, NULL::boolean",
            ownSchema ? "LEFT JOIN again ON true LEFT JOIN unsettled ON true" : "",
            KaneoSchema.PEOPLE,
            DIGEST);
  }

  /**
   * Makes the place for what Kaneo's table cannot hold; false where the role may not. Fails while
   * nobody can say, as with a database that only reads for now.
   */
  static Future<Boolean> createOwnSchema(Pool pool) {
    return pool.query(
            """
            DO $$ BEGIN
              -- IF NOT EXISTS would ask for the right to create one even where it is.
              IF to_regnamespace('kaneo_gateway') IS NULL THEN CREATE SCHEMA kaneo_gateway; END IF;
            END $$;
            CREATE TABLE IF NOT EXISTS kaneo_gateway.device_request (
              device_code_id text PRIMARY KEY, ip_address text, user_agent text,
              created_at timestamp NOT NULL);
            CREATE INDEX IF NOT EXISTS device_request_created_at
              ON kaneo_gateway.device_request (created_at);
            CREATE TABLE IF NOT EXISTS kaneo_gateway.redemption (
              code_digest text PRIMARY KEY, client_id text NOT NULL, session_id text NOT NULL,
              user_code text NOT NULL, user_id text NOT NULL, scope text,
              since timestamp NOT NULL, delivered boolean NOT NULL);
            CREATE INDEX IF NOT EXISTS redemption_user_code
              ON kaneo_gateway.redemption (user_code);
            CREATE INDEX IF NOT EXISTS redemption_since ON kaneo_gateway.redemption (since)
            """)
        .execute()
        .map(true)
        // Two gateways that start together may both create; the loser looks whether it is there.
        .recover(
            refused ->
                pool.query(
                        "SELECT 1 FROM kaneo_gateway.device_request, kaneo_gateway.redemption WHERE false")
                    .execute()
                    .map(true)
                    .recover(
                        missing ->
                            isState(refused, INSUFFICIENT_PRIVILEGE)
                                ? Future.succeededFuture(false)
                                : Future.failedFuture(refused)));
  }

  /** Whether a statement failed since somebody has dropped the gateway's own tables. */
  boolean isOwnSchemaGone(Throwable failure) {
    return ownSchema && (isState(failure, UNDEFINED_TABLE) || isState(failure, UNDEFINED_SCHEMA));
  }

  private static boolean isState(Throwable failure, String state) {
    return failure instanceof PgException refused && state.equals(refused.getSqlState());
  }

  Future<?> insert(
      String id,
      String deviceCode,
      String userCode,
      Instant now,
      Duration life,
      Duration interval,
      DeviceQuestion.Start start) {
    String insert =
        "INSERT INTO device_code (id, device_code, user_code, expires_at, status, polling_interval,"
            + " client_id, scope, created_at, updated_at)"
            + " VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $8)";
    Tuple values =
        Tuple.of(id, deviceCode, userCode, utc(now.plus(life)), (int) interval.toMillis())
            .addString(start.clientId())
            .addString(start.scope().orElse(null))
            .addLocalDateTime(utc(now));
    if (!ownSchema) {
      return pool.preparedQuery(insert).execute(values);
    }
    return pool.preparedQuery(
            "WITH made AS ("
                + insert
                + " RETURNING id) INSERT INTO kaneo_gateway.device_request"
                + " (device_code_id, ip_address, user_agent, created_at) SELECT id, $9, $10, $8 FROM made")
        .execute(values.addString(start.address()).addString(start.software()));
  }

  /**
   * One statement: looks, redeems or counts the poll. Of the same moment it may run twice, or later
   * than one that came after it, and counts the poll once and where it belongs. A code that was
   * redeemed for this session, or for one that nobody is known to have got, is answered with that.
   *
   * @param now when the poll came
   */
  Future<DeviceAnswer.Polled> poll(
      DeviceQuestion.Poll question,
      Instant now,
      Duration sessionLife,
      String sessionId,
      String token) {
    return pool.preparedQuery(poll)
        .execute(
            Tuple.of(question.deviceCode(), question.clientId(), utc(now), sessionId, token)
                .addLocalDateTime(utc(now.plus(sessionLife)))
                .addString(question.address())
                .addString(question.software()))
        .map(rows -> polled(rows.iterator().next(), question.clientId(), token, now, sessionLife));
  }

  /** The order of RFC 8628's states that tells a client of no {@code slow_down} at an end. */
  private static DeviceAnswer.Polled polled(
      Row row, String clientId, String token, Instant now, Duration sessionLife) {
    Integer intervalMs = row.getInteger(6);
    long interval = (intervalMs == null ? SLOW_DOWN_MS : intervalMs) / 1000;
    String again = row.getString(8);
    if (again != null) {
      Duration left = Duration.between(now, instant(row.getLocalDateTime(9)));
      return DeviceAnswer.Polled.issued(again, left, scope(row.getString(10)));
    }
    if (row.getString(0) == null && Boolean.TRUE.equals(row.getBoolean(11))) {
      return DeviceAnswer.Polled.of(DeviceAnswer.PollState.PENDING, interval);
    }
    if (!clientId.equals(row.getString(0))) {
      return DeviceAnswer.Polled.of(DeviceAnswer.PollState.INVALID, interval);
    }
    if (row.getString(4) != null) {
      return DeviceAnswer.Polled.issued(token, sessionLife, scope(row.getString(5)));
    }
    if (row.getBoolean(2)) {
      return DeviceAnswer.Polled.of(DeviceAnswer.PollState.EXPIRED, interval);
    }
    return switch (row.getString(1)) {
      case "denied" -> DeviceAnswer.Polled.of(DeviceAnswer.PollState.DENIED, interval);
      // Approved but not redeemed: its person is barred, or another poll was quicker.
      case "approved" ->
          DeviceAnswer.Polled.of(
              row.getBoolean(3) ? DeviceAnswer.PollState.DENIED : DeviceAnswer.PollState.INVALID,
              interval);
      default ->
          DeviceAnswer.Polled.of(
              Boolean.TRUE.equals(row.getBoolean(7))
                  ? DeviceAnswer.PollState.SLOW_DOWN
                  : DeviceAnswer.PollState.PENDING,
              interval);
    };
  }

  private static Optional<String> scope(@Nullable String scope) {
    return Optional.ofNullable(scope).filter(some -> !some.isBlank());
  }

  /**
   * The client of a redeemed code has its token; or it has left without, and the next poll need not
   * wait any more.
   */
  Future<?> delivered(DeviceQuestion.Poll question, boolean delivered) {
    return !ownSchema
        ? Future.succeededFuture()
        : pool.preparedQuery(
                "UPDATE kaneo_gateway.redemption SET "
                    + (delivered
                        ? "delivered = true"
                        : "since = since - %d * interval '1 millisecond'"
                            .formatted(settling.toMillis()))
                    + " WHERE code_digest = "
                    + DIGEST
                    + " AND client_id = $2")
            .execute(Tuple.of(question.deviceCode(), question.clientId()));
  }

  /** Who allowed a code that was redeemed lately: they may come back to its page. */
  Future<Optional<String>> redeemer(String userCode) {
    return !ownSchema
        ? Future.succeededFuture(Optional.empty())
        : pool.preparedQuery("SELECT user_id FROM kaneo_gateway.redemption WHERE user_code = $1")
            .execute(Tuple.of(userCode))
            .map(rows -> rows.stream().findFirst().map(row -> row.getString(0)));
  }

  /** Whether a poll has made the session of this token. */
  Future<Boolean> isSession(String token) {
    return pool.preparedQuery("SELECT 1 FROM session WHERE token = $1")
        .execute(Tuple.of(token))
        .map(rows -> rows.size() == 1);
  }

  Future<?> claim(String userCode, String userId, Instant now) {
    return pool.preparedQuery(
            "UPDATE device_code SET user_id = $2, updated_at = $3 WHERE user_code = $1"
                + " AND status = 'pending' AND user_id IS NULL AND expires_at > $3")
        .execute(Tuple.of(userCode, userId, utc(now)));
  }

  /** True if the code had been this person's, and still waits for a decision. */
  Future<Boolean> release(String userCode, String userId, Instant now) {
    return pool.preparedQuery(
            "UPDATE device_code SET user_id = NULL, updated_at = $3 WHERE user_code = $1"
                + " AND status = 'pending' AND user_id = $2")
        .execute(Tuple.of(userCode, userId, utc(now)))
        .map(rows -> rows.rowCount() == 1);
  }

  Future<Optional<DeviceAnswer.Request>> find(String userCode, Instant now) {
    String own = ownSchema ? "r.ip_address, r.user_agent" : "NULL::text, NULL::text";
    String join =
        ownSchema ? " LEFT JOIN kaneo_gateway.device_request r ON r.device_code_id = d.id" : "";
    return pool.preparedQuery(
            "SELECT d.user_code, d.status, d.user_id, d.expires_at <= $2, d.client_id, d.scope,"
                + " d.expires_at, d.created_at, "
                + own
                + " FROM device_code d"
                + join
                + " WHERE d.user_code = $1")
        .execute(Tuple.of(userCode, utc(now)))
        .map(
            rows ->
                rows.iterator().hasNext()
                    ? Optional.of(request(rows.iterator().next()))
                    : Optional.empty());
  }

  private static DeviceAnswer.Request request(Row row) {
    return new DeviceAnswer.Request(
        row.getString(0),
        row.getString(1),
        Optional.ofNullable(row.getString(2)),
        row.getBoolean(3),
        String.valueOf(row.getString(4)),
        scope(row.getString(5)),
        instant(row.getLocalDateTime(6)),
        instant(row.getLocalDateTime(7)),
        Optional.ofNullable(row.getString(8)),
        Optional.ofNullable(row.getString(9)));
  }

  /** The guard stands in the outer WHERE, which PostgreSQL checks again after a wait. */
  Future<Boolean> decide(DeviceQuestion.Decide decide, Instant now) {
    return pool.preparedQuery(
            "UPDATE device_code SET status = $3, user_id = $2, updated_at = $4 WHERE user_code = $1"
                + " AND status = 'pending' AND expires_at > $4 AND "
                + (decide.claiming() ? "(user_id IS NULL OR user_id = $2)" : "user_id = $2"))
        .execute(
            Tuple.of(
                decide.userCode(),
                decide.userId(),
                decide.allow() ? "approved" : "denied",
                utc(now)))
        .map(rows -> rows.rowCount() == 1);
  }

  /** The id of the session that ended, if there was one. */
  Future<Optional<String>> revoke(String sessionToken) {
    return pool.preparedQuery("DELETE FROM session WHERE token = $1 RETURNING id")
        .execute(Tuple.of(sessionToken))
        .map(rows -> rows.stream().findFirst().map(row -> row.getString(0)));
  }

  Future<DeviceAnswer.AccountIs> account(String userId) {
    return pool.preparedQuery("SELECT name, email FROM \"user\" WHERE id = $1")
        .execute(Tuple.of(userId))
        .map(
            rows -> {
              if (!rows.iterator().hasNext()) {
                return new DeviceAnswer.AccountIs("", "");
              }
              Row row = rows.iterator().next();
              return new DeviceAnswer.AccountIs(
                  String.valueOf(row.getString(0)), String.valueOf(row.getString(1)));
            });
  }

  /** Deletes a batch of codes that ended before a time; one node at a time, how many. */
  Future<Integer> sweep(Instant endedBefore, int batch) {
    Future<Integer> swept =
        pool.preparedQuery(
                "WITH turn AS (SELECT pg_try_advisory_xact_lock(hashtext('kaneo_gateway.sweep')) AS ours),"
                    + " ended AS (SELECT d.id FROM device_code d, turn WHERE turn.ours"
                    + " AND (d.expires_at < $1 OR (d.status = 'denied' AND d.updated_at < $1))"
                    + " LIMIT $2 FOR UPDATE OF d SKIP LOCKED)"
                    + " DELETE FROM device_code d USING ended WHERE d.id = ended.id")
            .execute(Tuple.of(utc(endedBefore), batch))
            .map(RowSet::rowCount);
    return !ownSchema
        ? swept
        : swept.compose(
            count ->
                pool.preparedQuery("DELETE FROM kaneo_gateway.device_request WHERE created_at < $1")
                    .execute(Tuple.of(utc(endedBefore.minus(Duration.ofDays(1)))))
                    .compose(
                        done ->
                            pool.preparedQuery(
                                    "DELETE FROM kaneo_gateway.redemption WHERE since < $1")
                                .execute(Tuple.of(utc(endedBefore))))
                    .map(count));
  }

  /** How many codes may still be approved or redeemed. */
  Future<Long> countLive(Instant now) {
    return pool.preparedQuery(
            "SELECT count(*) FROM device_code WHERE expires_at > $1 AND status <> 'denied'")
        .execute(Tuple.of(utc(now)))
        .map(rows -> rows.iterator().next().getLong(0));
  }

  private static LocalDateTime utc(Instant instant) {
    return LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
  }

  private static Instant instant(@Nullable LocalDateTime utc) {
    return utc == null ? Instant.EPOCH : utc.toInstant(ZoneOffset.UTC);
  }
}
