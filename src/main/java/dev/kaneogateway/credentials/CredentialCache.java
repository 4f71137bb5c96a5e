package dev.kaneogateway.credentials;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.config.Settings;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What was lately learnt of tokens, by digest. The valid and the refused live apart, so that a
 * flood of guesses pushes out no good credential. Safe from any thread.
 *
 * <p>A verdict is believed for the short life; for the long one while changes are told, which needs
 * {@linkplain #proven proof after proof} that none was missed. Where the next proof stays away,
 * belief ends by itself. Beyond that stands what was {@linkplain #lapsed confirmed within the
 * grace}: good only while PostgreSQL cannot answer, and forgotten with the rest when a change is
 * told.
 *
 * <p>A lookup that was under way while something was forgotten must not put back what it read
 * before: it takes a {@link #generation} first, and {@link #put} refuses an answer that a change
 * since then may have touched.
 */
public final class CredentialCache {
  /**
   * So often a token must have been refused, each within the life of the last, until that is
   * believed unasked: one tried before it was made works at the very next try, a flood of one token
   * costs little.
   */
  private static final int REFUSALS_TO_BELIEVE = 2;

  /** Of heap for each valid one, which takes half a kilobyte: all of them take an eighth. */
  private static final int HEAP_PER_CREDENTIAL = 8 * 512;

  private final Cache<TokenDigest, Entry> valid;
  private final Cache<TokenDigest, Integer> refused;
  private final LongAdder expired = new LongAdder();
  private final LongAdder crowdedOut = new LongAdder();
  private final LongAdder forgotten = new LongAdder();
  private final CredentialIndex index = new CredentialIndex();
  private final RecentChanges changes = new RecentChanges();
  private final Clock clock;
  private final Ticker ticker;
  private final Duration shortLife;
  private final Duration grace;
  private volatile Line line;

  /** A verdict, when it was read, and since which loss or return of the line. */
  static final class Entry {
    private final TokenDigest digest;
    private final Verdict.Valid verdict;
    private final long readNanos;
    private final long epoch;
    private volatile boolean renewed;
    private volatile boolean lapsed;
    private volatile long lapsedNanos;

    private Entry(TokenDigest digest, Verdict.Valid verdict, long readNanos, long epoch) {
      this.digest = digest;
      this.verdict = verdict;
      this.readNanos = readNanos;
      this.epoch = epoch;
    }

    Identity identity() {
      return verdict.identity();
    }
  }

  /**
   * How changes are told of.
   *
   * @param epoch rises with each loss and return
   * @param provenNanos up to when every change is known to have been told
   * @param trust how long a proof lasts; zero while changes go untold
   */
  private record Line(long epoch, long provenNanos, Duration trust, Duration longLife) {
    boolean isTrusted(long now) {
      return now - provenNanos < trust.toNanos();
    }
  }

  public CredentialCache(Settings.Credentials settings, Clock clock, Ticker ticker) {
    this.clock = clock;
    this.ticker = ticker;
    this.shortLife = settings.cacheTtl();
    this.grace = settings.grace();
    this.line = new Line(0, ticker.read(), Duration.ZERO, Duration.ZERO);
    this.valid =
        builder(most(settings.cacheSize(), Runtime.getRuntime().maxMemory()), ticker)
            .removalListener(this::removed)
            .expireAfter(
                Expiry.<TokenDigest, Entry>writing(
                    (digest, entry) -> left(entry.identity(), longestUse())))
            .build();
    this.refused =
        builder(settings.refusedCacheSize(), ticker)
            .removalListener((digest, verdict, cause) -> count(cause))
            .expireAfterWrite(settings.refusedCacheTtl())
            .build();
  }

  /** How many valid ones are remembered, of a number wished for, with a heap of so many bytes. */
  static int most(int wished, long heap) {
    return (int) Math.min(wished, heap / HEAP_PER_CREDENTIAL);
  }

  private static Caffeine<Object, Object> builder(int size, Ticker ticker) {
    return Caffeine.newBuilder().maximumSize(size).ticker(ticker).executor(Runnable::run);
  }

  private void removed(@Nullable TokenDigest digest, @Nullable Entry entry, RemovalCause cause) {
    count(cause);
    if (entry != null) {
      index.remove(entry);
    }
  }

  /**
   * The verdict on a token, if it is fresh.
   *
   * @param renewal run, as a rule once, when a quarter is left of a verdict's life: who asks anew
   *     then saves the requests after its end from waiting
   */
  public @Nullable Verdict get(TokenDigest digest, Runnable renewal) {
    Entry entry = valid.getIfPresent(digest);
    if (entry != null && isFresh(entry, renewal)) {
      return entry.verdict;
    }
    Integer refusals = refused.getIfPresent(digest);
    return refusals != null && refusals >= REFUSALS_TO_BELIEVE ? Verdict.INVALID : null;
  }

  private boolean isFresh(Entry entry, Runnable renewal) {
    long now = ticker.read();
    if (entry.lapsed && now - entry.lapsedNanos < shortLife.toNanos()) {
      return true;
    }
    Line current = line;
    if (entry.epoch != current.epoch()) {
      return false;
    }
    long age = now - entry.readNanos;
    long life = shortLife.toNanos();
    if (current.isTrusted(now)) {
      life = Math.max(life, current.longLife().toNanos());
    }
    if (age >= life) {
      return false;
    }
    if (age >= life - life / 4 && !entry.renewed) {
      entry.renewed = true;
      renewal.run();
    }
    return true;
  }

  /** To be taken before a lookup starts. */
  public long generation() {
    return changes.count();
  }

  /** Remembers a definite verdict, unless a change since its lookup began may have touched it. */
  public void put(TokenDigest digest, Verdict verdict, long lookupGeneration) {
    if (verdict instanceof Verdict.Valid good) {
      Entry entry = new Entry(digest, good, ticker.read(), line.epoch());
      index.add(entry);
      valid.put(digest, entry);
      refused.invalidate(digest);
      if (changes.touchedSince(lookupGeneration, good.identity())) {
        drop(entry);
      }
    } else if (verdict instanceof Verdict.Invalid) {
      refused.asMap().merge(digest, 1, Integer::sum);
      valid.invalidate(digest);
      if (changes.count() != lookupGeneration) {
        refused.invalidate(digest);
      }
    }
  }

  /** Forgets what was learnt of one token. */
  public void forget(TokenDigest digest) {
    valid.invalidate(digest);
    refused.invalidate(digest);
  }

  /**
   * What stood for somebody when that was last certain, within the grace: when PostgreSQL said so,
   * or up to when every change was told. Found so, it is believed for the short life, or each
   * request would wait for a database that is away.
   */
  public @Nullable Verdict lapsed(TokenDigest digest) {
    Entry entry = confirmed(digest);
    if (entry == null) {
      return null;
    }
    entry.lapsedNanos = ticker.read();
    entry.lapsed = true;
    return entry.verdict;
  }

  /** Whether {@link #lapsed} would find something. */
  public boolean isConfirmed(TokenDigest digest) {
    return confirmed(digest) != null;
  }

  private @Nullable Entry confirmed(TokenDigest digest) {
    Entry entry = valid.getIfPresent(digest);
    if (entry == null) {
      return null;
    }
    Line last = line;
    long certain = entry.readNanos;
    // The epoch after the entry's own has kept the last proof of that.
    if (last.epoch() - entry.epoch <= 1 && last.provenNanos() - certain > 0) {
      certain = last.provenNanos();
    }
    return ticker.read() - certain < grace.toNanos() ? entry : null;
  }

  /**
   * Every change will be told from now on, so what is learnt from now on is believed for long. What
   * was learnt before is not believed any more.
   *
   * @param trust how long after a {@linkplain #proven proof} that is so
   */
  public synchronized void listening(Duration longLife, Duration trust) {
    doubt();
    // What was read before may have changed since, untold: the last proof says nothing of it.
    line = new Line(line.epoch() + 2, ticker.read(), trust, longLife);
  }

  /** Every change up to a moment of the ticker has been told. */
  public synchronized void proven(long nanos) {
    Line before = line;
    if (!before.trust().isZero()) {
      line = new Line(before.epoch(), nanos, before.trust(), before.longLife());
    }
  }

  /**
   * Changes go untold from now on: back to the short life. If they did before, nothing is in doubt:
   * a lookup under way must be put, or the grace would have nothing when a database becomes slow.
   */
  public synchronized void deaf() {
    Line before = line;
    if (before.trust().isZero()) {
      return;
    }
    doubt();
    line = new Line(before.epoch() + 1, before.provenNanos(), Duration.ZERO, Duration.ZERO);
  }

  /**
   * Lookups under way read before a loss or return of the line. To be noted before the line
   * changes: whoever then {@linkplain #put puts} an answer under the new epoch sees that it did.
   */
  private void doubt() {
    changes.addAll();
    refused.invalidateAll();
  }

  /** Forgets what changed; lookups of it that are under way will not be remembered either. */
  public void forget(CredentialChanges told) {
    if (told.all()) {
      changes.addAll();
      valid.invalidateAll();
      refused.invalidateAll();
      return;
    }
    told.ids()
        .forEach(
            id -> {
              changes.add(id);
              index.of(id).forEach(this::drop);
            });
    if (told.users()) {
      // One of them may be free again, and no refusal knows whose it is.
      refused.invalidateAll();
    } else {
      refused.invalidateAll(told.digests());
    }
  }

  private void count(RemovalCause cause) {
    switch (cause) {
      case SIZE -> crowdedOut.increment();
      case EXPIRED -> expired.increment();
      case EXPLICIT -> forgotten.increment();
      default -> {
        // Replaced by newer knowledge of the same token.
      }
    }
  }

  /**
   * How many verdicts left, by why: their life was over, there was no room, or they were told to.
   */
  public Map<String, LongAdder> evictions() {
    return Map.of("expired", expired, "size", crowdedOut, "forgotten", forgotten);
  }

  /** How many valid credentials are remembered, roughly. */
  public long size() {
    return valid.estimatedSize();
  }

  /** How many refused ones are remembered, roughly. */
  public long refusedSize() {
    return refused.estimatedSize();
  }

  /** How many entries can be found by an id: as many as there are. */
  int indexed() {
    valid.cleanUp();
    return index.size();
  }

  private void drop(Entry entry) {
    valid.asMap().remove(entry.digest, entry);
  }

  private Duration longestUse() {
    Duration life = line.longLife();
    return (life.compareTo(shortLife) > 0 ? life : shortLife).plus(grace);
  }

  /** What is left of a credential's own life, at most so much. */
  private Duration left(Identity identity, Duration longest) {
    Instant now = clock.instant();
    Duration left = identity.expiresAt().map(end -> Duration.between(now, end)).orElse(longest);
    Duration shorter = left.compareTo(longest) < 0 ? left : longest;
    return shorter.isNegative() ? Duration.ZERO : shorter;
  }
}
