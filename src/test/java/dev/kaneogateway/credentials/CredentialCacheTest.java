package dev.kaneogateway.credentials;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.config.Settings;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class CredentialCacheTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private final AtomicLong nanos = new AtomicLong();
  private final CredentialCache cache = cache(100, 3);

  private CredentialCache cache(int size, int refusedSize) {
    Settings.Credentials settings =
        new Settings.Credentials(
            Optional.empty(),
            Duration.ofSeconds(2),
            10,
            10,
            Duration.ofSeconds(1),
            size,
            Duration.ofMillis(500),
            refusedSize,
            Duration.ofSeconds(10),
            true);
    return new CredentialCache(settings, Clock.fixed(NOW, ZoneOffset.UTC), nanos::get);
  }

  @Test
  void aValidVerdictLivesForItsTime() {
    put(1, valid(Optional.empty()));
    elapse(Duration.ofMillis(999));
    assertNotNull(cache.get(digest(1)));
    elapse(Duration.ofMillis(2));
    assertNull(cache.get(digest(1)));
  }

  @Test
  void itNeverOutlivesItsCredential() {
    put(1, valid(Optional.of(NOW.plusMillis(300))));
    elapse(Duration.ofMillis(301));
    assertNull(cache.get(digest(1)));
  }

  @Test
  void aRefusalIsForgottenSooner() {
    put(1, Verdict.INVALID);
    elapse(Duration.ofMillis(499));
    assertEquals(Verdict.INVALID, cache.get(digest(1)));
    elapse(Duration.ofMillis(2));
    assertNull(cache.get(digest(1)));
  }

  @Test
  void notKnowingIsNotRemembered() {
    put(1, Verdict.UNKNOWN);
    assertNull(cache.get(digest(1)));
  }

  @Test
  void aFloodOfGuessesPushesOutNoGoodCredential() {
    put(1, valid(Optional.empty()));
    for (int guess = 10; guess < 10_000; guess++) {
      put(guess, Verdict.INVALID);
    }
    assertNotNull(cache.get(digest(1)));
    assertTrue(cache.refusedSize() <= 3, () -> "remembered " + cache.refusedSize());
  }

  @Test
  void anAnswerReadBeforeAForgettingIsNotPutBack() {
    long before = cache.generation();
    cache.forget(CredentialChanges.ALL);
    cache.put(digest(1), valid(Optional.empty()), before);
    assertNull(cache.get(digest(1)));
  }

  /** Whatever is put, aged and forgotten: what is found is the last that was put, and is fresh. */
  @Property
  void findsOnlyTheLastFreshVerdict(
      @ForAll @Size(max = 60) List<@IntRange(max = 49) Integer> steps) {
    CredentialCache many = cache(1000, 1000);
    Map<Integer, Verdict> last = new HashMap<>();
    Map<Integer, Long> since = new HashMap<>();
    for (int step : steps) {
      int key = step % 5;
      switch (step / 10) {
        case 0 -> {
          Verdict verdict = valid(Optional.empty());
          many.put(digest(key), verdict, many.generation());
          last.put(key, verdict);
          since.put(key, nanos.get());
        }
        case 1 -> {
          many.put(digest(key), Verdict.INVALID, many.generation());
          last.put(key, Verdict.INVALID);
          since.put(key, nanos.get());
        }
        case 2 -> {
          many.forget(CredentialChanges.ALL);
          last.clear();
        }
        default -> elapse(Duration.ofMillis(step * 7L));
      }
      Verdict found = many.get(digest(key));
      if (found != null) {
        assertEquals(last.get(key), found);
        long life = found instanceof Verdict.Valid ? 1_000_000_000L : 500_000_000L;
        assertTrue(nanos.get() - since.get(key) <= life);
      }
    }
  }

  private void put(int key, Verdict verdict) {
    cache.put(digest(key), verdict, cache.generation());
  }

  private void elapse(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private static TokenDigest digest(int key) {
    return TokenDigest.of("token" + key);
  }

  private static Verdict valid(Optional<Instant> expiresAt) {
    return new Verdict.Valid(
        new Identity(Identity.Kind.SESSION, "id", "user", expiresAt, Optional.empty()));
  }
}
