package dev.kaneogateway.device;

import io.vertx.core.Future;
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
 * The statements of the grant but for its polls, each whole in itself, so that whatever races has
 * one winner and whatever crashes leaves all or nothing. All times are UTC and come from the
 * caller's clock.
 */
final class DeviceStatements {
  private final Pool pool;
  private final boolean ownTables;

  /**
   * @param ownTables whether {@link OwnTables} are there
   */
  DeviceStatements(Pool pool, boolean ownTables) {
    this.pool = pool;
    this.ownTables = ownTables;
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
    if (!ownTables) {
      return pool.preparedQuery(insert).execute(values);
    }
    return pool.preparedQuery(
            "WITH made AS ("
                + insert
                + " RETURNING id) INSERT INTO kaneo_gateway.device_request"
                + " (device_code_id, ip_address, user_agent, created_at) SELECT id, $9, $10, $8 FROM made")
        .execute(values.addString(start.address()).addString(start.software()));
  }

  static Optional<String> scope(@Nullable String scope) {
    return Optional.ofNullable(scope).filter(some -> !some.isBlank());
  }

  /** Who allowed a code that was redeemed lately: they may come back to its page. */
  Future<Optional<String>> redeemer(String userCode) {
    return !ownTables
        ? Future.succeededFuture(Optional.empty())
        : pool.preparedQuery("SELECT user_id FROM kaneo_gateway.redemption WHERE user_code = $1")
            .execute(Tuple.of(userCode))
            .map(rows -> rows.stream().findFirst().map(row -> row.getString(0)));
  }

  /**
   * Whether a poll has made the session of this token, and no gateway is known to have delivered
   * it.
   */
  Future<Boolean> isUndelivered(String token) {
    return pool.preparedQuery(
            "SELECT 1 FROM session s WHERE s.token = $1"
                + (ownTables
                    ? " AND NOT EXISTS (SELECT 1 FROM kaneo_gateway.redemption r"
                        + " WHERE r.session_id = s.id AND r.delivered)"
                    : ""))
        .execute(Tuple.of(token))
        .map(rows -> rows.size() == 1);
  }

  Future<?> claim(String userCode, String userId, Instant now) {
    return pool.preparedQuery(
            "UPDATE device_code SET user_id = $2, updated_at = $3 WHERE user_code = $1"
                + " AND status = 'pending' AND user_id IS NULL AND expires_at > $3")
        .execute(Tuple.of(userCode, userId, utc(now)));
  }

  /** Leaves a code to others, if it is this person's and still waits for a decision. */
  Future<?> release(String userCode, String userId, Instant now) {
    return pool.preparedQuery(
            "UPDATE device_code SET user_id = NULL, updated_at = $3 WHERE user_code = $1"
                + " AND status = 'pending' AND user_id = $2")
        .execute(Tuple.of(userCode, userId, utc(now)));
  }

  Future<Optional<DeviceAnswer.Request>> find(String userCode, Instant now) {
    String own = ownTables ? "r.ip_address, r.user_agent" : "NULL::text, NULL::text";
    String join =
        ownTables ? " LEFT JOIN kaneo_gateway.device_request r ON r.device_code_id = d.id" : "";
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
  Future<Integer> sweep(Instant endedBefore, Duration codeLife, int batch) {
    Future<Integer> swept =
        pool.preparedQuery(
                "WITH turn AS (SELECT pg_try_advisory_xact_lock(hashtext('kaneo_gateway.sweep')) AS ours),"
                    + " ended AS (SELECT d.id FROM device_code d, turn WHERE turn.ours"
                    + " AND (d.expires_at < $1 OR (d.status = 'denied' AND d.updated_at < $1))"
                    + " LIMIT $2 FOR UPDATE OF d SKIP LOCKED)"
                    + " DELETE FROM device_code d USING ended WHERE d.id = ended.id")
            .execute(Tuple.of(utc(endedBefore), batch))
            .map(RowSet::rowCount);
    return !ownTables
        ? swept
        : swept.compose(
            count ->
                pool.preparedQuery("DELETE FROM kaneo_gateway.device_request WHERE created_at < $1")
                    .execute(Tuple.of(utc(endedBefore.minus(Duration.ofDays(1)))))
                    .compose(
                        done ->
                            pool.preparedQuery(
                                    "DELETE FROM kaneo_gateway.redemption WHERE since < $1")
                                .execute(Tuple.of(utc(endedBefore.minus(codeLife)))))
                    .map(count));
  }

  /** How many codes may still be approved or redeemed. */
  Future<Long> countLive(Instant now) {
    return pool.preparedQuery(
            "SELECT count(*) FROM device_code WHERE expires_at > $1 AND status <> 'denied'")
        .execute(Tuple.of(utc(now)))
        .map(rows -> rows.iterator().next().getLong(0));
  }

  static LocalDateTime utc(Instant instant) {
    return LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
  }

  static Instant instant(@Nullable LocalDateTime utc) {
    return utc == null ? Instant.EPOCH : utc.toInstant(ZoneOffset.UTC);
  }
}
