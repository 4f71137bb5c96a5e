package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.Limit;
import dev.kaneogateway.web.TrustedProxies;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CodeGuessesTest {
  private static final TrustedProxies.Origin HERE =
      new TrustedProxies.Origin("192.0.2.1", "http", "a", true);

  private static final int MANY = 300;

  private final Vertx vertx = Vertx.vertx();
  private final GatewayMetrics metrics = new GatewayMetrics();
  private final Context[] loops = {vertx.getOrCreateContext(), vertx.getOrCreateContext()};
  private final AtomicInteger looks = new AtomicInteger();

  @AfterEach
  void close() {
    RunningGateway.await(vertx.close());
    metrics.close();
  }

  @Test
  void ofManyWrongCodesAtOnceNoMoreAreLookedUpThanOneAfterTheOther() {
    List<Future<String>> tries = atOnce(guesses(1000, 20), "wrong");
    assertEquals(20, tries.stream().filter(Future::succeeded).count());
    assertEquals(20, looks.get());
    assertTrue(
        tries.stream()
            .filter(Future::failed)
            .allMatch(f -> f.cause() instanceof CodeGuesses.TooMany));
  }

  @Test
  void manyRightCodesAtOnceAreAllFound() {
    CodeGuesses guesses = guesses(5, 20);
    assertEquals(MANY, atOnce(guesses, "right").stream().filter(Future::succeeded).count());
    // And none of them was counted.
    assertEquals(5, atOnce(guesses, "wrong").stream().filter(Future::succeeded).count());
  }

  @Test
  void aLookThatFailsIsNoGuess() {
    CodeGuesses guesses = guesses(1, 1);
    for (int i = 0; i < 3; i++) {
      Future<String> tried = attempt(loops[0], guesses, () -> Future.failedFuture("no database"));
      Throwable told =
          assertThrows(AssertionError.class, () -> RunningGateway.await(tried)).getCause();
      assertEquals("no database", told.getCause().getMessage());
    }
    assertEquals(
        "right",
        RunningGateway.await(attempt(loops[0], guesses, () -> Future.succeededFuture("right"))));
  }

  @Test
  void whoIsRefusedForOneQuotaLosesNothingOfTheOther() {
    CodeGuesses guesses = guesses(1, 3);
    Future<String> first = attempt(loops[0], guesses, () -> Future.succeededFuture("wrong"));
    RunningGateway.await(first);
    assertThrows(
        AssertionError.class,
        () ->
            RunningGateway.await(
                attempt(loops[0], guesses, () -> Future.succeededFuture("wrong"))));
    for (String other : new String[] {"b", "c"}) {
      Promise<String> tried = Promise.promise();
      loops[0].runOnContext(
          go ->
              guesses
                  .attempt(other, HERE, () -> Future.succeededFuture("wrong"), "right"::equals)
                  .onComplete(tried));
      assertEquals("wrong", RunningGateway.await(tried.future()));
    }
  }

  /** Tries of one person from one address, on two event loops. */
  private List<Future<String>> atOnce(CodeGuesses guesses, String found) {
    List<Future<String>> tries = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      tries.add(
          attempt(
              loops[i % 2],
              guesses,
              () -> {
                looks.incrementAndGet();
                return vertx.timer(1).map(found);
              }));
    }
    RunningGateway.await(Future.join(tries).otherwiseEmpty());
    return tries;
  }

  private static Future<String> attempt(
      Context on, CodeGuesses guesses, Supplier<Future<String>> look) {
    Promise<String> tried = Promise.promise();
    on.runOnContext(go -> guesses.attempt("a", HERE, look, "right"::equals).onComplete(tried));
    return tried.future();
  }

  private CodeGuesses guesses(int byUser, int byAddress) {
    return new CodeGuesses(limit(byUser), limit(byAddress));
  }

  private RateLimit limit(int quota) {
    return new RateLimit(
        Limit.DEVICE_USER_CODES,
        quota,
        Duration.ofMinutes(15),
        new Counting(100, System::nanoTime, metrics, SharedCounts.NONE));
  }
}
