package dev.kaneogateway.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.kaneogateway.metrics.Limit;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The limits that API keys bring along, kept by what they let: most keys have the same. Safe from
 * any thread.
 */
final class KeyLimits {
  /** Each has buckets of its own, so a great many of them would take a great deal of memory. */
  private static final int MOST_LIMITS = 100;

  private final Counting counting;
  private final Cache<Allowance, RateLimit> limits =
      Caffeine.newBuilder().maximumSize(MOST_LIMITS).executor(Runnable::run).build();

  private record Allowance(long most, Duration window) {}

  KeyLimits(Counting counting) {
    this.counting = counting;
  }

  /** Counts a request of a key; null if it may go on. */
  @Nullable Excess attempt(String key, long most, Duration window) {
    // Buckets fill by one a nanosecond at most, which lets everything as well as more would.
    RateLimit limit =
        limits.get(
            new Allowance(Math.min(most, window.toNanos()), window),
            let -> new RateLimit(Limit.API_KEY, let.most(), let.window(), counting));
    return limit.attempt(key) ? null : limit.excess(key);
  }

  long keys() {
    return limits.asMap().values().stream().mapToLong(RateLimit::keys).sum();
  }
}
