package dev.kaneogateway.credentials;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.config.Settings;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What was lately learnt of tokens, by digest. The valid and the refused live apart, so that a
 * flood of guesses pushes out no good credential. Safe from any thread.
 *
 * <p>A lookup that was under way while something was forgotten must not put back what it read
 * before: it takes a {@link #generation} first, and {@link #put} refuses an answer of an older one.
 */
public final class CredentialCache {
  private final Cache<TokenDigest, Verdict.Valid> valid;
  private final Cache<TokenDigest, Verdict> refused;
  private final AtomicLong generation = new AtomicLong();

  public CredentialCache(Settings.Credentials settings, Clock clock, Ticker ticker) {
    this.valid =
        Caffeine.newBuilder()
            .maximumSize(settings.cacheSize())
            .ticker(ticker)
            .executor(Runnable::run)
            .expireAfter(
                Expiry.<TokenDigest, Verdict.Valid>creating(
                    (digest, verdict) -> life(verdict.identity(), settings.cacheTtl(), clock)))
            .build();
    this.refused =
        Caffeine.newBuilder()
            .maximumSize(settings.refusedCacheSize())
            .ticker(ticker)
            .executor(Runnable::run)
            .expireAfterWrite(settings.refusedCacheTtl())
            .build();
  }

  /** The verdict on a token, if it is fresh. */
  public @Nullable Verdict get(TokenDigest digest) {
    Verdict verdict = valid.getIfPresent(digest);
    return verdict != null ? verdict : refused.getIfPresent(digest);
  }

  /** To be taken before a lookup starts. */
  public long generation() {
    return generation.get();
  }

  /** Remembers a definite verdict, unless something was forgotten since its lookup began. */
  public void put(TokenDigest digest, Verdict verdict, long lookupGeneration) {
    if (verdict instanceof Verdict.Valid good) {
      valid.put(digest, good);
      refused.invalidate(digest);
    } else if (verdict instanceof Verdict.Invalid) {
      refused.put(digest, verdict);
      valid.invalidate(digest);
    }
    if (generation.get() != lookupGeneration) {
      valid.invalidate(digest);
      refused.invalidate(digest);
    }
  }

  /** Forgets everything; lookups under way will not be remembered either. */
  public void forgetAll() {
    generation.incrementAndGet();
    valid.invalidateAll();
    refused.invalidateAll();
  }

  /** How many valid credentials are remembered, roughly. */
  public long size() {
    return valid.estimatedSize();
  }

  /** How many refused ones are remembered, roughly. */
  public long refusedSize() {
    return refused.estimatedSize();
  }

  private static Duration life(Identity identity, Duration longest, Clock clock) {
    Duration left =
        identity.expiresAt().map(end -> Duration.between(clock.instant(), end)).orElse(longest);
    Duration life = left.compareTo(longest) < 0 ? left : longest;
    return life.isNegative() ? Duration.ZERO : life;
  }
}
