package dev.kaneogateway.device;

import dev.kaneogateway.db.KaneoSchema;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;

/**
 * A device's poll (RFC 8628, section 3.4), which is one statement: whatever races has one winner,
 * and whatever crashes leaves all or nothing. With {@link OwnTables} a token whose answer was lost
 * is offered again until its delivery is noted.
 */
final class PollStatement {
  /** A poll this much early is forgiven: a network jitters, and some clients die of slow_down. */
  static final long TOLERANCE_MS = 1000;

  static final long SLOW_DOWN_MS = 5000;
  static final long LONGEST_INTERVAL_MS = 60_000;

  /** What is kept of a redeemed code: who has it finds its redemption, and nobody else the code. */
  private static final String DIGEST = "encode(sha256(convert_to($1, 'UTF8')), 'hex')";

  /** Here and below numbers are put as {@code %s}: {@code %d} takes the digits of the locale. */
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
          polling_interval = CASE WHEN d.last_polled_at < $3 AND d.updated_at < $3
              AND d.last_polled_at + (COALESCE(d.polling_interval, 5000) - %1$s) * interval '1 millisecond' > $3
            THEN LEAST(COALESCE(d.polling_interval, 5000) + %2$s, %3$s) ELSE d.polling_interval END,
          last_polled_at = CASE WHEN d.last_polled_at < $3
              AND d.last_polled_at + (COALESCE(d.polling_interval, 5000) - %1$s) * interval '1 millisecond' > $3
            THEN d.last_polled_at ELSE GREATEST(d.last_polled_at, $3) END,
          updated_at = GREATEST(d.updated_at, $3)
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
          AND (r.session_id = $4 OR r.since <= $3 - %s * interval '1 millisecond')
        RETURNING s.token, s.expires_at, r.scope
      ),""";

  private final Pool pool;
  private final boolean ownTables;
  private final Duration settling;
  private final String poll;

  /**
   * @param settling how long a redeemed code is left to the poll that redeemed it, which may be on
   *     its way back
   */
  PollStatement(Pool pool, boolean ownTables, Duration settling) {
    this.pool = pool;
    this.ownTables = ownTables;
    this.settling = settling;
    this.poll =
        POLL.formatted(
            TOLERANCE_MS,
            SLOW_DOWN_MS,
            LONGEST_INTERVAL_MS,
            ownTables ? REDEMPTIONS.formatted(settling.toMillis()) : "",
            ownTables
                ? "again.token, again.expires_at, again.scope, unsettled.is"
                : "NULL::text, NULL::timestamp, NULL::text, NULL::boolean",
            ownTables ? "LEFT JOIN again ON true LEFT JOIN unsettled ON true" : "",
            KaneoSchema.PEOPLE,
            DIGEST);
  }

  /**
   * One statement: looks, redeems or counts the poll. Of the same moment it may run twice, or later
   * than one that came after it, and counts the poll once and where it belongs: an early one leaves
   * its moment in {@code updated_at}. A code that was redeemed for this session, or for one that
   * nobody is known to have got, is answered with that.
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
            Tuple.of(
                    question.deviceCode(),
                    question.clientId(),
                    DeviceStatements.utc(now),
                    sessionId,
                    token)
                .addLocalDateTime(DeviceStatements.utc(now.plus(sessionLife)))
                .addString(question.address())
                .addString(question.software()))
        .map(rows -> polled(rows.iterator().next(), question.clientId(), token, now, sessionLife));
  }

  /** The order of RFC 8628's states that tells a client of no {@code slow_down} at an end. */
  private DeviceAnswer.Polled polled(
      Row row, String clientId, String token, Instant now, Duration sessionLife) {
    Integer intervalMs = row.getInteger(6);
    long interval = (intervalMs == null ? SLOW_DOWN_MS : intervalMs) / 1000;
    String again = row.getString(8);
    if (again != null) {
      Duration left = Duration.between(now, DeviceStatements.instant(row.getLocalDateTime(9)));
      return DeviceAnswer.Polled.issued(again, left, DeviceStatements.scope(row.getString(10)));
    }
    if (row.getString(0) == null && Boolean.TRUE.equals(row.getBoolean(11))) {
      return DeviceAnswer.Polled.of(DeviceAnswer.PollState.PENDING, interval);
    }
    if (!clientId.equals(row.getString(0))) {
      return DeviceAnswer.Polled.of(DeviceAnswer.PollState.INVALID, interval);
    }
    if (row.getString(4) != null) {
      return DeviceAnswer.Polled.issued(
          token, sessionLife, DeviceStatements.scope(row.getString(5)));
    }
    if (row.getBoolean(2)) {
      return DeviceAnswer.Polled.of(DeviceAnswer.PollState.EXPIRED, interval);
    }
    return switch (row.getString(1)) {
      case "denied" -> DeviceAnswer.Polled.of(DeviceAnswer.PollState.DENIED, interval);
      // Approved but not redeemed: its person is barred, or another poll was quicker. That one may
      // have been given up, and then the next finds its token.
      case "approved" ->
          DeviceAnswer.Polled.of(
              row.getBoolean(3)
                  ? DeviceAnswer.PollState.DENIED
                  : ownTables ? DeviceAnswer.PollState.PENDING : DeviceAnswer.PollState.INVALID,
              interval);
      default ->
          DeviceAnswer.Polled.of(
              Boolean.TRUE.equals(row.getBoolean(7))
                  ? DeviceAnswer.PollState.SLOW_DOWN
                  : DeviceAnswer.PollState.PENDING,
              interval);
    };
  }

  /**
   * The client of a redeemed code has its token; or it has left without, and the next poll need not
   * wait any more.
   */
  Future<?> delivered(DeviceQuestion.Poll question, boolean delivered) {
    return !ownTables
        ? Future.succeededFuture()
        : pool.preparedQuery(
                "UPDATE kaneo_gateway.redemption SET "
                    + (delivered
                        ? "delivered = true"
                        : "since = since - %s * interval '1 millisecond'"
                            .formatted(settling.toMillis()))
                    + " WHERE code_digest = "
                    + DIGEST
                    + " AND client_id = $2")
            .execute(Tuple.of(question.deviceCode(), question.clientId()));
  }
}
