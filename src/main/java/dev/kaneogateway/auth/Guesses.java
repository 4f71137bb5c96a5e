package dev.kaneogateway.auth;

import dev.kaneogateway.credentials.TokenDigest;
import dev.kaneogateway.credentials.Verdict;
import dev.kaneogateway.limits.RateLimit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps an address that sends wrong credentials from having PostgreSQL asked about ever new ones.
 * Many people may share that address, so a credential that held lately is asked about as ever: it
 * is no guess. Only one that this gateway has not seen hold must wait. Safe from any thread.
 */
final class Guesses {
  private final RateLimit failures;
  private final HeldLately heldLately;

  Guesses(RateLimit failures, HeldLately heldLately) {
    this.failures = failures;
    this.heldLately = heldLately;
  }

  /** What an address has PostgreSQL asked about; null if it has guessed too often for that. */
  @Nullable Attempt attempt(String client, TokenDigest digest) {
    boolean known = heldLately.contains(digest);
    // Paid in advance, or a thousand guesses at once would all be asked about before one is
    // counted.
    return known || failures.attempt(client) ? new Attempt(client, digest, !known) : null;
  }

  /** What a guesser is told. */
  Decision.TooMany refusal(String client) {
    return new Decision.TooMany(failures.excess(client));
  }

  /** One credential that PostgreSQL is asked about. */
  final class Attempt {
    private final String client;
    private final TokenDigest digest;
    private final boolean paid;

    Attempt(String client, TokenDigest digest, boolean paid) {
      this.client = client;
      this.digest = digest;
      this.paid = paid;
    }

    /** Takes note of the verdict: only a wrong credential costs. */
    Verdict judged(Verdict verdict) {
      if (verdict instanceof Verdict.Valid) {
        heldLately.add(digest);
      }
      boolean wrong = verdict instanceof Verdict.Invalid;
      if (paid && !wrong) {
        failures.giveBack(client);
      } else if (wrong && !paid) {
        failures.attempt(client);
      }
      return verdict;
    }
  }
}
