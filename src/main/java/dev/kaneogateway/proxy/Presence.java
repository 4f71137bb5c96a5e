package dev.kaneogateway.proxy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Whether one Kaneo is there and well, as far as requests tell, and how many are under way there: a
 * circuit breaker that steers the choice among several. It never keeps a request from the only
 * Kaneo there is. Safe from any thread.
 */
final class Presence {
  /** Failures in a row that tell a sick Kaneo from a request that asks too much. */
  private static final int MOST_FAILURES = 5;

  /** How long a Kaneo is passed over at first; each probe that fails doubles it. */
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

  /** So that one that is back has its share again within seconds. */
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(8);

  private final AtomicInteger inFlight = new AtomicInteger();
  private volatile boolean reachedBefore;
  private volatile boolean away;
  private volatile long awaySinceNanos;
  private volatile int failures;
  private volatile boolean open;
  private volatile long openUntilNanos;
  private Duration pause = FIRST_PAUSE;

  /** A request is on its way. To a Kaneo that was passed over, it is the probe of its time. */
  void begin() {
    inFlight.incrementAndGet();
    if (open) {
      probed();
    }
  }

  private synchronized void probed() {
    if (open) {
      Duration twice = pause.multipliedBy(2);
      pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
      openUntilNanos = System.nanoTime() + pause.toNanos();
    }
  }

  void end() {
    inFlight.decrementAndGet();
  }

  int inFlight() {
    return inFlight.get();
  }

  /** A connection was made. */
  void reached() {
    if (!reachedBefore || away) {
      reachedBefore = true;
      away = false;
    }
  }

  /** No connection could be made, which needs no second witness. */
  synchronized void refused() {
    if (!away) {
      awaySinceNanos = System.nanoTime();
      away = true;
    }
    passOver();
  }

  /** It answered as one that is well. */
  void answered() {
    if (failures > 0 || open) {
      recovered();
    }
  }

  private synchronized void recovered() {
    failures = 0;
    open = false;
    pause = FIRST_PAUSE;
  }

  /** It broke off, kept silent, spoke nonsense, or said that it cannot. */
  synchronized void failed() {
    failures++;
    if (failures >= MOST_FAILURES) {
      passOver();
    }
  }

  private void passOver() {
    long now = System.nanoTime();
    if (!isPassedOver(now)) {
      open = true;
      openUntilNanos = now + pause.toNanos();
    }
  }

  /** Whether another should be chosen; when the time is over, one request may see how it is. */
  boolean isPassedOver(long nowNanos) {
    return open && openUntilNanos - nowNanos > 0;
  }

  /** When it is to be tried again, on the clock of {@link System#nanoTime}. */
  long openUntilNanos() {
    return openUntilNanos;
  }

  /** Whether it was there and has not been away for longer than a restart takes. */
  boolean mayReturnWithin(Duration hold) {
    return reachedBefore && away && System.nanoTime() - awaySinceNanos < hold.toNanos();
  }
}
