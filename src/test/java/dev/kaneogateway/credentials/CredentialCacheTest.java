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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
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
            500,
            10,
            Duration.ofSeconds(1),
            size,
            Duration.ofMillis(500),
            refusedSize,
            Duration.ofSeconds(30),
            true);
    return new CredentialCache(settings, Clock.fixed(NOW, ZoneOffset.UTC), nanos::get);
  }

  @Test
  void aValidVerdictLivesForItsTime() {
    put(1, valid(Optional.empty()));
    elapse(Duration.ofMillis(999));
    assertNotNull(found(digest(1)));
    elapse(Duration.ofMillis(2));
    assertNull(found(digest(1)));
  }

  @Test
  void oneInUseIsAskedForAnewOnceBeforeItsLifeEnds() {
    AtomicInteger renewals = new AtomicInteger();
    put(1, valid(Optional.empty()));
    elapse(Duration.ofMillis(749));
    assertNotNull(cache.get(digest(1), renewals::incrementAndGet));
    assertEquals(0, renewals.get());
    elapse(Duration.ofMillis(1));
    assertNotNull(cache.get(digest(1), renewals::incrementAndGet));
    assertNotNull(cache.get(digest(1), renewals::incrementAndGet));
    assertEquals(1, renewals.get());
    elapse(Duration.ofMillis(250));
    assertNull(cache.get(digest(1), renewals::incrementAndGet));
    assertEquals(1, renewals.get());
  }

  @Test
  void theValidTakeNoMoreThanAnEighthOfTheHeap() {
    assertEquals(16_384, CredentialCache.most(100_000, 64 << 20));
    assertEquals(100_000, CredentialCache.most(100_000, 4L << 30));
  }

  @Test
  void itNeverOutlivesItsCredential() {
    put(1, valid(Optional.of(NOW.plusMillis(300))));
    elapse(Duration.ofMillis(301));
    assertNull(found(digest(1)));
  }

  @Test
  void aRefusalIsForgottenSooner() {
    put(1, Verdict.INVALID);
    put(1, Verdict.INVALID);
    elapse(Duration.ofMillis(499));
    assertEquals(Verdict.INVALID, found(digest(1)));
    elapse(Duration.ofMillis(2));
    assertNull(found(digest(1)));
  }

  @Test
  void aFirstRefusalIsNotBelievedUnasked() {
    put(1, Verdict.INVALID);
    assertNull(found(digest(1)));
  }

  @Test
  void whileChangesAreToldTheLongLifeHolds() {
    listen();
    put(1, valid(Optional.empty()));
    for (int second = 0; second < 299; second++) {
      elapse(Duration.ofSeconds(1));
      cache.proven(nanos.get());
      assertNotNull(found(digest(1)));
    }
    elapse(Duration.ofSeconds(1));
    cache.proven(nanos.get());
    assertNull(found(digest(1)));
  }

  @Test
  void aProofThatStaysAwayEndsTheLongLifeByItself() {
    listen();
    put(1, valid(Optional.empty()));
    elapse(Duration.ofMillis(1499));
    assertNotNull(found(digest(1)));
    elapse(Duration.ofMillis(1));
    assertNull(found(digest(1)));
  }

  @Test
  void whenTheLineIsLostNothingIsBelievedNotEvenForTheShortLife() {
    listen();
    put(1, valid(Optional.empty()));
    long underWay = cache.generation();
    cache.deaf();
    assertNull(found(digest(1)));
    cache.put(digest(2), valid(Optional.empty()), underWay);
    assertNull(found(digest(2)));
    listen();
    assertNull(found(digest(1)));
  }

  /** As when a database without triggers is slow, to which the line then connects in vain. */
  @Test
  void thatThereIsStillNoLineTouchesNoLookup() {
    put(1, valid(Optional.empty()));
    long underWay = cache.generation();
    cache.deaf();
    assertNotNull(found(digest(1)));
    cache.put(digest(1), valid(Optional.empty()), underWay);
    assertNotNull(found(digest(1)));
    assertNotNull(cache.lapsed(digest(1)));
  }

  @Test
  void theGraceCountsFromWhenItWasLastCertain() {
    put(1, valid(Optional.empty()));
    elapse(Duration.ofMillis(29_999));
    assertNotNull(cache.lapsed(digest(1)));
    elapse(Duration.ofMillis(1));
    assertNull(cache.lapsed(digest(1)));
    listen();
    put(2, valid(Optional.empty()));
    elapse(Duration.ofSeconds(60));
    cache.proven(nanos.get());
    cache.deaf();
    assertNull(found(digest(2)));
    elapse(Duration.ofMillis(29_999));
    assertNotNull(cache.lapsed(digest(2)));
    elapse(Duration.ofMillis(1));
    assertNull(cache.lapsed(digest(2)));
  }

  @Test
  void aProofOfALaterTimeSaysNothingOfWhatWasReadBeforeALoss() {
    listen();
    put(1, valid(Optional.empty()));
    cache.deaf();
    elapse(Duration.ofSeconds(20));
    listen();
    elapse(Duration.ofSeconds(10));
    cache.proven(nanos.get());
    assertNull(cache.lapsed(digest(1)));
  }

  @Test
  void whatIsTakenInGraceIsBelievedForTheShortLife() {
    put(1, valid(Optional.empty()));
    elapse(Duration.ofSeconds(2));
    assertNull(found(digest(1)));
    assertNotNull(cache.lapsed(digest(1)));
    assertNotNull(found(digest(1)));
    elapse(Duration.ofSeconds(1));
    assertNull(found(digest(1)));
  }

  @Test
  void whatWasHeardAgainstIsNotEvenKnownInGrace() {
    put(1, valid(Optional.empty()));
    cache.forget(user("user"));
    assertNull(cache.lapsed(digest(1)));
  }

  @Test
  void theCredentialsOfOneUserGoTheOthersStay() {
    put(1, valid("key1", "ann"));
    put(2, valid("key2", "ann"));
    put(3, valid("key3", "bob"));
    cache.forget(user("ann"));
    assertNull(found(digest(1)));
    assertNull(found(digest(2)));
    cache.forget(credential("key2"));
    assertNotNull(found(digest(3)));
    assertEquals(1, cache.indexed());
  }

  @Test
  void aLookupUnderWayIsTouchedOnlyByChangesOfItsOwn() {
    long underWay = cache.generation();
    cache.forget(credential("key1"));
    cache.forget(user("carl"));
    cache.put(digest(1), valid("key1", "ann"), underWay);
    cache.put(digest(2), valid("key2", "bob"), underWay);
    cache.put(digest(3), valid("key3", "carl"), underWay);
    assertNull(found(digest(1)));
    assertNotNull(found(digest(2)));
    assertNull(found(digest(3)));
  }

  @Test
  void aLookupThatManyChangesPassedIsTouched() {
    long underWay = cache.generation();
    for (int i = 0; i < 5000; i++) {
      cache.forget(credential("other" + i));
    }
    cache.put(digest(1), valid("key1", "ann"), underWay);
    assertNull(found(digest(1)));
  }

  @Test
  void aTokenThatBeginsToHoldIsNoLongerRefused() {
    put(1, Verdict.INVALID);
    put(1, Verdict.INVALID);
    assertNotNull(found(digest(1)));
    cache.forget(CredentialChanges.read(List.of("session " + digest(1).base64Url() + " s")));
    assertNull(found(digest(1)));
  }

  /** Whatever is put, replaced, pushed out, aged and forgotten: the index holds what there is. */
  @Property
  void theIndexHoldsWhatTheCacheHolds(
      @ForAll @Size(max = 200) List<@IntRange(max = 999) Integer> steps) {
    CredentialCache small = cache(20, 3);
    for (int step : steps) {
      int key = step % 40;
      switch (step / 100) {
        case 0 -> small.forget(credential("key" + key));
        case 1 -> small.forget(user("user" + key % 7));
        case 2 -> small.forget(digest(key));
        case 3 -> elapse(Duration.ofMillis(step * 20L));
        default ->
            small.put(digest(key), valid("key" + key % 30, "user" + key % 7), small.generation());
      }
      int indexed = small.indexed();
      assertEquals(small.size(), indexed);
    }
  }

  /** Lookups on some threads, changes on another: what was read before a change never stays. */
  @Test
  void tenThousandRacesOfAChangeAgainstALookupLeaveNothingOld() throws Exception {
    java.util.concurrent.ExecutorService threads =
        java.util.concurrent.Executors.newFixedThreadPool(2);
    CredentialCache raced = cache(1000, 1000);
    Verdict verdict = valid("key", "user");
    try {
      for (int race = 0; race < 10_000; race++) {
        TokenDigest digest = digest(race % 7);
        java.util.concurrent.atomic.AtomicBoolean revoked =
            new java.util.concurrent.atomic.AtomicBoolean();
        java.util.concurrent.CyclicBarrier start = new java.util.concurrent.CyclicBarrier(2);
        boolean byUser = race % 2 == 0;
        var lookup =
            threads.submit(
                () -> {
                  start.await();
                  long generation = raced.generation();
                  if (!revoked.get()) {
                    raced.put(digest, verdict, generation);
                  }
                  return null;
                });
        var change =
            threads.submit(
                () -> {
                  start.await();
                  revoked.set(true);
                  if (byUser) {
                    raced.forget(user("user"));
                  } else {
                    raced.forget(credential("key"));
                  }
                  return null;
                });
        lookup.get();
        change.get();
        assertNull(raced.get(digest, () -> {}), "race " + race);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** The line comes back, a little held up, while a lookup that read before that ends. */
  @Test
  void racesOfTheLinesReturnAgainstALookupLeaveNothingOld() throws Exception {
    java.util.concurrent.ExecutorService threads =
        java.util.concurrent.Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 20; round++) {
        raceOfTheLinesReturn(threads);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void raceOfTheLinesReturn(java.util.concurrent.ExecutorService threads) throws Exception {
    CredentialCache raced = cache(1000, 1000);
    for (int i = 0; i < 4000; i++) {
      raced.forget(credential("some" + i));
    }
    java.util.concurrent.atomic.AtomicBoolean over =
        new java.util.concurrent.atomic.AtomicBoolean();
    // Looks through all changes that are kept, which holds up whoever adds one.
    var holdingUp =
        threads.submit(
            () -> {
              while (!over.get() && !Thread.currentThread().isInterrupted()) {
                raced.put(digest(100), valid("other", "other"), 0);
              }
            });
    for (int race = 0; race < 50; race++) {
      long underWay = raced.generation();
      java.util.concurrent.atomic.AtomicBoolean start =
          new java.util.concurrent.atomic.AtomicBoolean();
      var lookup =
          threads.submit(
              () -> {
                start.set(true);
                raced.put(digest(1), valid("key", "user"), underWay);
              });
      while (!start.get()) {
        Thread.onSpinWait();
      }
      listen(raced);
      lookup.get();
      assertNull(found(raced, digest(1)), "race " + race);
    }
    over.set(true);
    holdingUp.get();
  }

  @Test
  void notKnowingIsNotRemembered() {
    put(1, Verdict.UNKNOWN);
    assertNull(found(digest(1)));
  }

  @Test
  void aFloodOfGuessesPushesOutNoGoodCredential() {
    put(1, valid(Optional.empty()));
    for (int guess = 10; guess < 10_000; guess++) {
      put(guess, Verdict.INVALID);
    }
    assertNotNull(found(digest(1)));
    assertTrue(cache.refusedSize() <= 3, () -> "remembered " + cache.refusedSize());
  }

  @Test
  void anAnswerReadBeforeAForgettingIsNotPutBack() {
    long before = cache.generation();
    cache.forget(CredentialChanges.ALL);
    cache.put(digest(1), valid(Optional.empty()), before);
    assertNull(found(digest(1)));
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
      Verdict found = found(many, digest(key));
      if (found != null) {
        assertEquals(last.get(key), found);
        long life = found instanceof Verdict.Valid ? 1_000_000_000L : 500_000_000L;
        assertTrue(nanos.get() - since.get(key) <= life);
      }
    }
  }

  private @Nullable Verdict found(TokenDigest digest) {
    return found(cache, digest);
  }

  private static @Nullable Verdict found(CredentialCache where, TokenDigest digest) {
    return where.get(digest, () -> {});
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

  private void listen() {
    listen(cache);
  }

  private static void listen(CredentialCache where) {
    where.listening(Duration.ofMinutes(5), Duration.ofMillis(1500));
  }

  private static CredentialChanges user(String id) {
    return CredentialChanges.read(List.of("user - " + id));
  }

  private static CredentialChanges credential(String id) {
    return CredentialChanges.read(List.of("apikey - " + id));
  }

  private static Verdict valid(String id, String user) {
    return new Verdict.Valid(
        new Identity(Identity.Kind.API_KEY, id, user, Optional.empty(), Optional.empty()));
  }

  private static Verdict valid(Optional<Instant> expiresAt) {
    return new Verdict.Valid(
        new Identity(Identity.Kind.SESSION, "id", "user", expiresAt, Optional.empty()));
  }
}
