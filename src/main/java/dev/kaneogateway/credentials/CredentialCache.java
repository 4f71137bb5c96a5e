package dev.kaneogateway.credentials;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.config.Settings;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What was lately learnt of tokens, by digest. The valid and the refused live apart, so that a
 * flood of guesses pushes out no good credential. Safe from any thread.
 *
 * <p>A lookup that was under way while something was forgotten must not put back what it read
 * before: it takes a {@link #generation} first, and {@link #put} refuses an answer of an older one.
 *
 * <p>Beside what is believed stands what was {@linkplain #lapsed confirmed within the grace}: good
 * only while PostgreSQL cannot answer, and forgotten with the rest when a change is told.
 */
public final class CredentialCache {
  private final Cache<TokenDigest, Believed> valid;
  private final Cache<TokenDigest, Verdict.Valid> confirmed;
  private final Cache<TokenDigest, Verdict> refused;
  private final AtomicLong generation = new AtomicLong();
  private final Clock clock;
  private final Duration shortLife;
  private volatile Duration life;

  /** A verdict and how long it is believed. */
  private record Believed(Verdict.Valid verdict, Duration life) {}

  public CredentialCache(Settings.Credentials settings, Clock clock, Ticker ticker) {
    this.clock = clock;
    this.shortLife = settings.cacheTtl();
    this.life = shortLife;
    this.valid =
        builder(settings.cacheSize(), ticker)
            .expireAfter(
                Expiry.<TokenDigest, Believed>writing((digest, believed) -> believed.life()))
            .build();
    this.confirmed =
        builder(settings.grace().isZero() ? 0 : settings.cacheSize(), ticker)
            .expireAfterWrite(settings.grace())
            .build();
    this.refused =
        builder(settings.refusedCacheSize(), ticker)
            .expireAfterWrite(settings.refusedCacheTtl())
            .build();
  }

  private static Caffeine<Object, Object> builder(int size, Ticker ticker) {
    return Caffeine.newBuilder().maximumSize(size).ticker(ticker).executor(Runnable::run);
  }

  /** The verdict on a token, if it is fresh. */
  public @Nullable Verdict get(TokenDigest digest) {
    Believed believed = valid.getIfPresent(digest);
    return believed != null ? believed.verdict() : refused.getIfPresent(digest);
  }

  /** To be taken before a lookup starts. */
  public long generation() {
    return generation.get();
  }

  /** Remembers a definite verdict, unless something was forgotten since its lookup began. */
  public void put(TokenDigest digest, Verdict verdict, long lookupGeneration) {
    if (verdict instanceof Verdict.Valid good) {
      valid.put(digest, new Believed(good, lifeOf(good.identity(), life)));
      confirmed.put(digest, good);
      refused.invalidate(digest);
    } else if (verdict instanceof Verdict.Invalid) {
      refused.put(digest, verdict);
      valid.invalidate(digest);
      confirmed.invalidate(digest);
    }
    if (generation.get() != lookupGeneration) {
      valid.invalidate(digest);
      confirmed.invalidate(digest);
      refused.invalidate(digest);
    }
  }

  /**
   * What stood for somebody when PostgreSQL last said so, within the grace. Found so, it is
   * believed for the short life, or each request would wait for a database that is away.
   */
  public @Nullable Verdict lapsed(TokenDigest digest) {
    long current = generation.get();
    Verdict.Valid good = confirmed.getIfPresent(digest);
    if (good == null || lifeOf(good.identity(), shortLife).isZero()) {
      return null;
    }
    valid.put(digest, new Believed(good, lifeOf(good.identity(), shortLife)));
    if (generation.get() != current) {
      valid.invalidate(digest);
    }
    return good;
  }

  /** Whether {@link #lapsed} would find something. */
  public boolean isConfirmed(TokenDigest digest) {
    return confirmed.getIfPresent(digest) != null;
  }

  /**
   * Every change will be told from now on, so what is learnt from now on is believed for long. What
   * was learnt before is forgotten.
   */
  public void listening(Duration longLife) {
    life = longLife;
    forgetBelieved();
  }

  /** Changes go untold from now on: back to the short life. */
  public void deaf() {
    life = shortLife;
    forgetBelieved();
  }

  /** Forgets what changed; lookups under way will not be remembered either. */
  public void forget(CredentialChanges changes) {
    generation.incrementAndGet();
    if (changes.all()) {
      valid.invalidateAll();
      confirmed.invalidateAll();
      refused.invalidateAll();
      return;
    }
    // Once for all changes of the moment; changes are rare, an index by id would have to be kept.
    if (!changes.ids().isEmpty()) {
      valid.asMap().values().removeIf(one -> changes.touch(one.verdict().identity()));
      confirmed.asMap().values().removeIf(one -> changes.touch(one.identity()));
    }
    refused.invalidateAll(changes.digests());
  }

  /** How many valid credentials are remembered, roughly. */
  public long size() {
    return valid.estimatedSize();
  }

  /** How many refused ones are remembered, roughly. */
  public long refusedSize() {
    return refused.estimatedSize();
  }

  private void forgetBelieved() {
    generation.incrementAndGet();
    valid.invalidateAll();
    refused.invalidateAll();
  }

  private Duration lifeOf(Identity identity, Duration longest) {
    Instant now = clock.instant();
    Duration left = identity.expiresAt().map(end -> Duration.between(now, end)).orElse(longest);
    Duration shorter = left.compareTo(longest) < 0 ? left : longest;
    return shorter.isNegative() ? Duration.ZERO : shorter;
  }
}
