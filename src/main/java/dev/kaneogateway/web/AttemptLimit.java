package dev.kaneogateway.web;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How often each key may do something within a time that begins with its first attempt. Remembers a
 * bounded number of keys; counts are of this gateway alone. Safe from any thread.
 */
public final class AttemptLimit {
  private static final int MOST_KEYS = 100_000;

  private final Cache<String, AtomicInteger> attempts;
  private final int most;
  private final Duration window;

  public AttemptLimit(int most, Duration window, Ticker ticker) {
    this.most = most;
    this.window = window;
    this.attempts =
        Caffeine.newBuilder()
            .maximumSize(MOST_KEYS)
            .ticker(ticker)
            .executor(Runnable::run)
            .expireAfter(Expiry.<String, AtomicInteger>creating((key, count) -> window))
            .build();
  }

  /** Counts an attempt; false if it is one too many. */
  public boolean attempt(String key) {
    return attempts
            .get(key, first -> new AtomicInteger())
            .getAndUpdate(count -> Math.min(count + 1, most))
        < most;
  }

  /** Whether a further attempt would be one too many. */
  public boolean isExhausted(String key) {
    AtomicInteger count = attempts.getIfPresent(key);
    return count != null && count.get() >= most;
  }

  /** The longest one may have to wait. */
  public Duration window() {
    return window;
  }

  /** An address as a key: an IPv6 household has a whole /64. */
  public static String addressKey(String address) {
    byte[] bytes = dev.kaneogateway.config.IpRange.address(address);
    return bytes.length == 16 ? Arrays.toString(Arrays.copyOf(bytes, 8)) : address;
  }
}
