package dev.kaneogateway.limits;

import io.github.bucket4j.Bucket;
import java.util.concurrent.atomic.AtomicInteger;

/** What one key has left of a limit, and what of it the other gateways have not heard of yet. */
public final class Tokens {
  private final RateLimit limit;
  private final String key;
  private final Bucket bucket;
  private final AtomicInteger unreported = new AtomicInteger();

  Tokens(RateLimit limit, String key, Bucket bucket) {
    this.limit = limit;
    this.key = key;
    this.bucket = bucket;
  }

  /** The limit they belong to. */
  RateLimit limit() {
    return limit;
  }

  /** Whose they are. */
  String key() {
    return key;
  }

  boolean take() {
    return bucket.tryConsume(1);
  }

  void giveBack() {
    bucket.addTokens(1);
  }

  /** How many there are; fewer than none after others have taken them. */
  private long available() {
    return bucket.getAvailableTokens();
  }

  /** Until there is one to take. */
  long nanosToNext() {
    return bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill();
  }

  /** Notes what is to be reported, less than nothing if more was given back; what that makes. */
  int toReport(int taken) {
    return unreported.addAndGet(taken);
  }

  /** What is to be reported; from now on nothing is. */
  int reported() {
    return unreported.getAndSet(0);
  }

  /** Takes away what others have taken, as far as it was not known here. */
  void leftOfAll(long left) {
    long here = available() + unreported.get();
    if (here > left) {
      bucket.consumeIgnoringRateLimits(here - left);
    }
  }
}
