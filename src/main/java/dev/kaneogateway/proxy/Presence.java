package dev.kaneogateway.proxy;

import dev.kaneogateway.config.Settings;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Whether one Kaneo is there and well, as far as requests tell, and how many are under way there: a
 * circuit breaker that steers the choice among several. From the only Kaneo there is it keeps no
 * request, but may {@linkplain #spares have one wait} around a restart. Safe from any thread.
 */
final class Presence {
  /** So many answers let one more request be asked again. */
  private static final int ANSWERS_FOR_A_REPEAT = 5;

  /** Less than what requests wait for, so that one of them tries each time. */
  private static final Duration TRIED_AGAIN = Duration.ofMillis(50);

  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();
  private volatile boolean reachedBefore;
  private volatile boolean away;
  private volatile long awaySinceNanos;
  private volatile long triedNanos;
  private volatile boolean returned;
  private volatile long returnedNanos;
  private volatile int failures;
  private volatile boolean open;
  private volatile long openUntilNanos;
  private volatile boolean unwell;
  private volatile Settings.Breaker rules;
  private final AtomicInteger repeated = new AtomicInteger();
  private Duration pause;
  private int failedChecks;

  Presence(Settings.Breaker rules) {
    this.rules = rules;
    this.pause = rules.firstPause();
  }

  void renew(Settings.Breaker next) {
    rules = next;
  }

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
      Duration longest = rules.longestPause();
      pause = twice.compareTo(longest) < 0 ? twice : longest;
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
      if (away) {
        returnedNanos = System.nanoTime();
        returned = true;
      }
      reachedBefore = true;
      away = false;
    }
  }

  /** No connection could be made, which needs no second witness. */
  synchronized void refused() {
    triedNanos = System.nanoTime();
    if (!away) {
      awaySinceNanos = triedNanos;
      away = true;
    }
    passOver();
  }

  /** It is asked, and counts as busy with that until {@link #heard}. */
  void asked() {
    unanswered.incrementAndGet();
  }

  /** What it was asked has the head of its answer, or is over. */
  void heard() {
    unanswered.decrementAndGet();
  }

  /**
   * Whether a request had better wait a moment: while it is away one now and then sees whether it
   * is back, which is this one if it need not wait; and for some time after its return, when all
   * that waited would come at once and have it do a thousand things slowly instead of some quickly,
   * it may have enough to do.
   *
   * @param hold how long it may be away, and how long it counts as just back
   * @param enough how many requests it should have unanswered at most meanwhile
   */
  boolean spares(Duration hold, int enough) {
    long now = System.nanoTime();
    if (away && mayReturnWithin(hold)) {
      boolean triedLately = now - triedNanos < TRIED_AGAIN.toNanos();
      triedNanos = triedLately ? triedNanos : now;
      return triedLately;
    }
    return hasEnough(now, hold, enough);
  }

  /** Whether it takes requests, and more than it has if it is just back. */
  boolean isFree(Duration hold, int enough) {
    return isAvailable() && !hasEnough(System.nanoTime(), hold, enough);
  }

  private boolean hasEnough(long now, Duration hold, int enough) {
    return returned && unanswered.get() >= enough && now - returnedNanos < hold.toNanos();
  }

  boolean isAway() {
    return away;
  }

  /** It answered as one that is well. */
  void answered() {
    if (failures > 0 || open) {
      recovered();
    }
    if (repeated.get() > 0) {
      repeated.updateAndGet(spent -> Math.max(0, spent - 1));
    }
  }

  private synchronized void recovered() {
    failures = 0;
    open = false;
    pause = rules.firstPause();
  }

  /** It broke off, kept silent, spoke nonsense, or said that it cannot. */
  synchronized void failed() {
    failures++;
    if (failures >= rules.failures()) {
      passOver();
    }
  }

  /** A health check was made; several that fail in a row tell more than a slow moment. */
  synchronized void checked(boolean well) {
    failedChecks = well ? 0 : failedChecks + 1;
    unwell = failedChecks >= rules.unwellChecks();
  }

  /** Whether one more request may be asked again, which is counted as done. */
  boolean repeats() {
    int most = rules.repeats() * ANSWERS_FOR_A_REPEAT;
    int spent = repeated.addAndGet(ANSWERS_FOR_A_REPEAT);
    if (spent > most) {
      repeated.addAndGet(-ANSWERS_FOR_A_REPEAT);
      return false;
    }
    return true;
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
    return unwell || (open && openUntilNanos - nowNanos > 0);
  }

  /** Whether it takes requests and answers them, as far as is known. */
  boolean isAvailable() {
    return !away && !open && !unwell;
  }

  /**
   * Whether this one should rather be asked; of those passed over, one that takes connections, then
   * the one whose turn comes first.
   */
  boolean isBetterThan(Presence other, long nowNanos) {
    boolean passedOver = isPassedOver(nowNanos);
    if (passedOver != other.isPassedOver(nowNanos)) {
      return !passedOver;
    }
    if (passedOver && away != other.away) {
      return !away;
    }
    return (passedOver && (open || other.open))
        ? other.open && (!open || openUntilNanos - other.openUntilNanos < 0)
        : inFlight() < other.inFlight();
  }

  /** Whether it was there and has not been away for longer than a restart takes. */
  boolean mayReturnWithin(Duration hold) {
    return reachedBefore && away && System.nanoTime() - awaySinceNanos < hold.toNanos();
  }
}
