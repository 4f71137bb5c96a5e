package dev.kaneogateway.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.MeasuredRequest;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What came between two readings of the meters. */
class TotalsTest {
  private static final Instant START = Instant.parse("2026-11-25T03:00:00Z");
  private final GatewayMetrics metrics = new GatewayMetrics();

  private final LongAdder linesDropped = new LongAdder();

  @BeforeEach
  void countLinesDropped() {
    metrics.process().logLinesDropped(linesDropped);
  }

  @AfterEach
  void close() {
    metrics.close();
  }

  @ParameterizedTest
  @EnumSource
  void countsWhatTheGatewayMeasures(Tally tally) {
    Totals before = metrics.totals(START);
    happen(tally);
    Totals after = metrics.totals(START.plusSeconds(10));
    assertEquals(1, after.since(before, tally));
    assertEquals(0.1, after.rateSince(before, tally), 1e-9);
    assertEquals(0, metrics.totals(START.plusSeconds(20)).since(after, tally));
  }

  private void happen(Tally tally) {
    switch (tally) {
      case REQUESTS -> request(Route.API, 200, 1);
      case SERVER_ERRORS -> request(Route.API, 502, 1);
      case REFUSED -> metrics.credentials().authenticated(AuthResult.MISSING, false);
      case UNJUDGED -> metrics.credentials().authenticated(AuthResult.UNKNOWN, false);
      case LIMITED -> metrics.refusals().limited(Limit.DEVICE_CODES);
      case LOOKUP_FAILURES -> metrics.credentials().lookupFailed();
      case MALFORMED -> metrics.refusals().malformedRequest(400);
      case LOG_LINES_DROPPED -> linesDropped.increment();
      case UPSTREAM_REFUSED -> metrics.upstream("http://127.0.0.1:1337").failed("refused");
      case UPSTREAM_UNRESOLVED -> metrics.upstream("http://127.0.0.1:1337").failed("unresolved");
      case UPSTREAM_BUSY -> metrics.upstream("http://127.0.0.1:1337").failed("busy");
      case UPSTREAM_BROKEN -> metrics.upstream("http://127.0.0.1:1337").failed("truncated");
      case UPSTREAM_SILENT -> metrics.upstream("http://127.0.0.1:1337").failed("silent");
      case UPSTREAM_NONSENSE -> metrics.upstream("http://127.0.0.1:1337").failed("nonsense");
      case DEVICES_STARTED -> metrics.devices().step("start", "made");
      case DEVICES_SIGNED_IN -> metrics.devices().step("poll", "issued");
      case USER_CODES_UNKNOWN -> metrics.devices().step("look", "unknown");
    }
  }

  @Test
  void tellsWithinWhatTimeAShareWasAnswered() {
    request(Route.API, 200, 9000);
    Totals before = metrics.totals(START);
    assertEquals(Optional.empty(), before.quantileSince(before, 0.5));
    for (int i = 0; i < 98; i++) {
      request(Route.API, 200, 3);
    }
    request(Route.PAGE, 200, 400);
    request(Route.WEBSOCKET, 101, 3_600_000);
    Totals after = metrics.totals(START.plusSeconds(5));
    double half = after.quantileSince(before, 0.5).orElseThrow();
    assertTrue(half > 0.002 && half < 0.005, () -> "half within " + half);
    double all = after.quantileSince(before, 1).orElseThrow();
    assertEquals(0.5, all, 1e-9);
  }

  @Test
  void whatIsBeyondTheLastBucketIsToldAsThat() {
    Totals before = metrics.totals(START);
    request(Route.API, 200, 3_600_000);
    double whole = metrics.totals(START).quantileSince(before, 0.99).orElseThrow();
    assertEquals(
        GatewayMetrics.LATENCY_BUCKETS[GatewayMetrics.LATENCY_BUCKETS.length - 1].toSeconds(),
        whole);
  }

  private void request(Route route, int status, long millis) {
    MeasuredRequest.in(metrics, route, status, TimeUnit.MILLISECONDS.toNanos(millis));
  }
}
