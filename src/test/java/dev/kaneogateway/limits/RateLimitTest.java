package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.Limit;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final AtomicLong nanos = new AtomicLong();
  private final GatewayMetrics metrics = new GatewayMetrics();

  @AfterEach
  void close() {
    metrics.close();
  }

  @Test
  void aBurstOfTheQuotaIsLetAndThenOneAtATimeAsTokensComeBack() {
    RateLimit limit = limit(6);
    for (int i = 0; i < 6; i++) {
      assertTrue(limit.attempt("a"));
    }
    assertFalse(limit.attempt("a"));
    advance(Duration.ofSeconds(9));
    assertFalse(limit.attempt("a"));
    advance(Duration.ofSeconds(1));
    assertTrue(limit.attempt("a"));
    assertFalse(limit.attempt("a"));
  }

  @Test
  void oneKeysExcessIsNoOthers() {
    RateLimit limit = limit(1);
    assertTrue(limit.attempt("a"));
    assertFalse(limit.attempt("a"));
    assertTrue(limit.attempt("b"));
  }

  @Test
  void theExcessSaysWhenTheNextAttemptIsLet() {
    RateLimit limit = limit(6);
    for (int i = 0; i < 7; i++) {
      limit.attempt("a");
    }
    Excess excess = limit.excess("a");
    assertEquals(10, excess.retryAfterSeconds());
    assertEquals(6, excess.quota());
    advance(Duration.ofMillis(8500));
    assertEquals(2, limit.excess("a").retryAfterSeconds());
    advance(Duration.ofSeconds(2));
    assertTrue(limit.attempt("a"));
  }

  @Test
  void whatIsGivenBackCanBeTakenAgainButNoMoreThanThat() {
    RateLimit limit = limit(2);
    assertTrue(limit.attempt("a") && limit.attempt("a"));
    limit.giveBack("a");
    assertTrue(limit.attempt("a"));
    assertFalse(limit.attempt("a"));
    for (int i = 0; i < 5; i++) {
      limit.giveBack("a");
    }
    assertTrue(limit.attempt("a") && limit.attempt("a"));
    assertFalse(limit.attempt("a"));
  }

  @Test
  void refusalsAreCountedByLimit() {
    RateLimit limit = limit(1);
    limit.attempt("a");
    limit.excess("a");
    assertTrue(
        metrics
            .scrape("text/plain")
            .contains("kaneo_gateway_limited_requests_total{limit=\"sign_in\"} 1.0"));
  }

  @Test
  void zeroIsNoLimitAndNobodyHasNone() {
    RateLimit off = limit(0);
    RateLimit one = limit(1);
    for (int i = 0; i < 100; i++) {
      assertTrue(off.attempt("a"));
      assertTrue(one.attempt(ClientKey.NOBODY));
    }
    assertEquals(0, off.keys() + one.keys());
  }

  @Test
  void whatIsFullAgainIsForgotten() {
    RateLimit limit = limit(5);
    limit.attempt("a");
    assertEquals(1, limit.keys());
    advance(Duration.ofSeconds(61));
    limit.attempt("b");
    assertEquals(1, limit.keys());
  }

  /** Whatever the pace, no more are let than the quota and what came back since. */
  @Property(tries = 200)
  void noPaceLetsMore(
      @ForAll @IntRange(min = 1, max = 20) int quota,
      @ForAll @Size(max = 200) List<@IntRange(max = 5000) Integer> gapsMs) {
    AtomicLong time = new AtomicLong();
    try (GatewayMetrics own = new GatewayMetrics()) {
      RateLimit limit =
          new RateLimit(
              Limit.ADDRESS, quota, MINUTE, new Counting(100, time::get, own, SharedCounts.NONE));
      int let = 0;
      for (int gap : gapsMs) {
        time.addAndGet(Duration.ofMillis(gap).toNanos());
        let += limit.attempt("a") ? 1 : 0;
        double most = quota + quota * (double) time.get() / MINUTE.toNanos();
        assertTrue(let <= most, let + " were let of " + most);
      }
    }
  }

  private RateLimit limit(int quota) {
    return new RateLimit(
        Limit.SIGN_IN, quota, MINUTE, new Counting(100, nanos::get, metrics, SharedCounts.NONE));
  }

  private void advance(Duration time) {
    nanos.addAndGet(time.toNanos());
  }
}
