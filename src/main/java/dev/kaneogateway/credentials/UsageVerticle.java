package dev.kaneogateway.credentials;

import dev.kaneogateway.metrics.GatewayMetrics;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes how often API keys were used, which Kaneo leaves stale: all of a second in one statement,
 * and the rest at a stop. What cannot be written is kept for the next second. One instance.
 */
public final class UsageVerticle extends VerticleBase {
  private static final long WRITE_EVERY_MS = 1000;

  /**
   * What may fail for ever is tried more and more seldom: each try is a line in PostgreSQL's log.
   */
  private static final long LONGEST_PAUSE_MS = 60_000;

  private static final Logger LOG = LoggerFactory.getLogger(UsageVerticle.class);

  /**
   * The role may not, or this Kaneo counts elsewhere. That may last for ever, or until a right is
   * granted or a backup restored.
   */
  private static final Set<String> LASTING = Set.of("42501", "42703", "42P01");

  /**
   * Kaneo reads these two columns as well: Better Auth refuses a key under {@code /api/auth} once
   * it has had {@code rate_limit_max} requests, none longer than {@code rate_limit_time_window}
   * after the one before. Of a key so limited (each that Kaneo makes) no more than half of that is
   * written, which leaves at least the other half to it there. What Kaneo itself has counted is not
   * lowered before its window is over, and beyond that half nothing puts off the window's end: so
   * its limit holds, and ends, as without the gateway.
   *
   * <p>A row that somebody else holds is passed over, and its id answered: to wait for it would
   * keep the rows locked here from Kaneo, and two gateways could wait for each other.
   */
  private static final String WRITE =
      """
      WITH used AS (SELECT * FROM unnest($1::text[], $2::bigint[]) AS used(id, uses)),
      locked AS (
        SELECT id, COALESCE(last_request > $3::timestamp - rate_limit_time_window * interval '1 millisecond', false) AS counting,
          CASE WHEN rate_limit_enabled IS NOT FALSE AND rate_limit_max IS NOT NULL
            AND rate_limit_time_window IS NOT NULL THEN rate_limit_max / 2 ELSE 2147483647 END AS most
        FROM apikey WHERE id = ANY($1) FOR NO KEY UPDATE SKIP LOCKED),
      written AS (UPDATE apikey k SET
        request_count = GREATEST(LEAST(COALESCE(k.request_count, 0) + used.uses, most),
          CASE WHEN counting THEN k.request_count END),
        last_request = CASE WHEN counting AND k.request_count > most THEN k.last_request
          ELSE GREATEST(k.last_request, $3) END
      FROM used, locked WHERE k.id = used.id AND k.id = locked.id)
      SELECT id FROM apikey WHERE id = ANY($1) AND id NOT IN (SELECT id FROM locked)
      """;

  private final Pool pool;
  private final KeyUsage usage;
  private final GatewayMetrics metrics;
  private final Clock clock;
  private long pauseMs = WRITE_EVERY_MS;

  public UsageVerticle(Pool pool, KeyUsage usage, GatewayMetrics metrics, Clock clock) {
    this.pool = pool;
    this.usage = usage;
    this.metrics = metrics;
    this.clock = clock;
  }

  @Override
  public Future<?> start() {
    next();
    return Future.succeededFuture();
  }

  private void next() {
    vertx.setTimer(pauseMs, id -> write().onComplete(done -> next(), failure -> next()));
  }

  @Override
  public Future<?> stop() {
    return write().otherwiseEmpty();
  }

  private Future<?> write() {
    Map<String, Long> taken = usage.take();
    if (taken.isEmpty()) {
      return Future.succeededFuture();
    }
    String[] ids = taken.keySet().toArray(String[]::new);
    Long[] uses = taken.values().toArray(Long[]::new);
    LocalDateTime now = LocalDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
    return pool.preparedQuery(WRITE)
        .execute(Tuple.tuple().addArrayOfString(ids).addArrayOfLong(uses).addLocalDateTime(now))
        .onSuccess(
            held -> {
              pauseMs = WRITE_EVERY_MS;
              for (Row row : held) {
                String id = row.getString(0);
                usage.add(id, taken.getOrDefault(id, 0L));
              }
              metrics.credentials().usageWritten(taken.size() - held.size());
            })
        .onFailure(
            failure -> {
              if (failure instanceof PgException pg && LASTING.contains(pg.getSqlState())) {
                if (pauseMs == WRITE_EVERY_MS) {
                  LOG.warn(
                      "the use of API keys is not written: {}; grant UPDATE on apikey, or set GATEWAY_KEY_USAGE to false",
                      pg.getErrorMessage());
                }
                pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
              } else {
                taken.forEach(usage::add);
              }
            });
  }
}
