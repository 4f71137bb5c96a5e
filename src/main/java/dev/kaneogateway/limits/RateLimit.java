package dev.kaneogateway.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.metrics.Limit;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.local.SynchronizationStrategy;
import java.time.Duration;

/**
 * How often each key may do something: a bucket holds as many tokens as are let within the window,
 * each attempt takes one, and they come back evenly. A quota of 0 lets everything. Remembers a
 * bounded number of keys. Safe from any thread.
 */
public final class RateLimit {
  private final Limit name;
  private final long quota;
  private final Duration window;
  private final Counting counting;
  private final Cache<String, Tokens> tokens;
  private final Bandwidth bandwidth;
  private final TimeMeter clock;

  RateLimit(Limit name, long quota, Duration window, Counting counting) {
    this.name = name;
    this.quota = quota;
    this.window = window;
    this.counting = counting;
    this.bandwidth =
        Bandwidth.builder()
            .capacity(Math.max(1, quota))
            .refillGreedy(Math.max(1, quota), window)
            .build();
    this.clock = new TickerMeter(counting.ticker());
    this.tokens =
        Caffeine.newBuilder()
            .maximumSize(counting.mostKeys())
            .ticker(counting.ticker())
            .executor(Runnable::run)
            // By then a bucket is full again, and so is a new one.
            .expireAfterAccess(window)
            .build();
  }

  /** Counts an attempt; false if it is one too many. {@link ClientKey#NOBODY} has no limit. */
  public boolean attempt(String key) {
    if (isOff(key)) {
      return true;
    }
    Tokens own = tokens(key);
    if (!own.take()) {
      return false;
    }
    counting.shared().taken(own);
    return true;
  }

  /** Takes back an attempt that turned out not to count. */
  public void giveBack(String key) {
    Tokens own = isOff(key) ? null : tokens.getIfPresent(key);
    if (own != null) {
      own.giveBack();
      counting.shared().givenBack(own);
    }
  }

  /** Counts a refusal; what is to be told of it. */
  public Excess excess(String key) {
    counting.metrics().refusals().limited(name);
    return new Excess(name, quota, window, Duration.ofNanos(tokens(key).nanosToNext()));
  }

  /** What it limits. */
  Limit name() {
    return name;
  }

  long quota() {
    return quota;
  }

  Duration window() {
    return window;
  }

  /** How many keys are remembered, roughly. */
  long keys() {
    return tokens.estimatedSize();
  }

  private boolean isOff(String key) {
    return quota == 0 || key.equals(ClientKey.NOBODY);
  }

  private Tokens tokens(String key) {
    Tokens known = tokens.getIfPresent(key);
    return known != null ? known : tokens.get(key, first -> new Tokens(this, key, full()));
  }

  /** The lock is held for some nanoseconds; lock-free buckets cost an object for each attempt. */
  private Bucket full() {
    return Bucket.builder()
        .addLimit(bandwidth)
        .withCustomTimePrecision(clock)
        .withSynchronizationStrategy(SynchronizationStrategy.SYNCHRONIZED)
        .build();
  }

  private record TickerMeter(Ticker ticker) implements TimeMeter {
    @Override
    public long currentTimeNanos() {
      return ticker.read();
    }

    @Override
    public boolean isWallClockBased() {
      return false;
    }
  }
}
