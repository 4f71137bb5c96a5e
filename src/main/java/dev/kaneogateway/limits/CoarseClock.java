package dev.kaneogateway.limits;

import com.github.benmanes.caffeine.cache.Ticker;
import io.vertx.core.Vertx;

/**
 * The time, some milliseconds old: limits ask for it several times in each request, and asking the
 * system each time would be most of what they cost. Safe from any thread.
 */
final class CoarseClock implements Ticker {
  private static final long TICK_MS = 20;

  private volatile long nanos = System.nanoTime();

  /** A clock that goes until the Vertx closes. */
  static CoarseClock on(Vertx vertx) {
    CoarseClock clock = new CoarseClock();
    vertx.setPeriodic(TICK_MS, id -> clock.nanos = System.nanoTime());
    return clock;
  }

  private CoarseClock() {}

  @Override
  public long read() {
    return nanos;
  }
}
