package dev.kaneogateway.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.kaneogateway.credentials.TokenDigest;
import java.time.Duration;

/**
 * The credentials that held lately, which are no guesses. To be there for as long as the process
 * is: settings are changed in the middle of a flood, too. Safe from any thread.
 */
public final class HeldLately {
  /** Long enough for a person's pause; it admits nobody, so no revocation waits for it. */
  private static final Duration REMEMBERED = Duration.ofHours(12);

  private static final int MOST_REMEMBERED = 20_000;

  private final Cache<TokenDigest, Boolean> all =
      Caffeine.newBuilder()
          .maximumSize(MOST_REMEMBERED)
          .executor(Runnable::run)
          .expireAfterWrite(REMEMBERED)
          .build();

  boolean contains(TokenDigest digest) {
    return all.getIfPresent(digest) != null;
  }

  void add(TokenDigest digest) {
    all.put(digest, true);
  }
}
