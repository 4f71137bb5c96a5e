package dev.kaneogateway.credentials;

import dev.kaneogateway.bus.Bus;
import io.vertx.core.Future;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The door of this room: says what a token stands for, from the cache at once or from PostgreSQL
 * through the {@link CredentialVerticle}. Safe from any thread; answers arrive on the asking
 * context.
 */
public final class Credentials {
  private final Bus bus;
  private final CredentialCache cache;
  private final SessionTokens sessionTokens;
  private final Duration patience;

  /**
   * Waits a little longer than the verticle's own time-out, so that its answer is the one heard.
   */
  public Credentials(
      Bus bus, CredentialCache cache, SessionTokens sessionTokens, Duration lookupTimeout) {
    this.bus = bus;
    this.cache = cache;
    this.sessionTokens = sessionTokens;
    this.patience = lookupTimeout.plusMillis(500);
  }

  /**
   * The remembered verdict on a token, or null if it has to be {@linkplain #ask asked} for. One
   * that will soon be too old is asked for anew meanwhile, so that whoever is busy never waits.
   */
  public @Nullable Verdict remembered(String token, TokenDigest digest) {
    return cache.get(digest, () -> ask(token, digest, true));
  }

  /**
   * Judges a token for a request that goes on to Kaneo, which judges it again: while PostgreSQL
   * cannot answer, what it confirmed within the grace still holds. Never fails.
   */
  public Future<Verdict> judge(String token, TokenDigest digest) {
    return ask(token, digest, true)
        .map(
            verdict -> {
              Verdict lapsed = verdict instanceof Verdict.Unknown ? cache.lapsed(digest) : null;
              return lapsed == null ? verdict : lapsed;
            });
  }

  /**
   * Whether a token is one that can be judged here: not empty, and its signature, if any, holds.
   */
  public boolean canRead(String token) {
    return sessionTokens.bareToken(token).filter(bare -> !bare.isEmpty()).isPresent();
  }

  /** Notes that this gateway itself has ended a session. */
  public void sessionEnded(String sessionId) {
    cache.forget(CredentialChanges.ofSession(sessionId));
  }

  /** Asks about a token; never fails, for not knowing is {@link Verdict.Unknown}. */
  public Future<Verdict> ask(String token, TokenDigest digest) {
    return ask(token, digest, false);
  }

  private Future<Verdict> ask(String token, TokenDigest digest, boolean canDoWithout) {
    String sessionToken = sessionTokens.bareToken(token).orElse("");
    boolean signed = !sessionToken.isEmpty() && sessionToken.length() != token.length();
    return bus.ask(
            CredentialVerticle.ADDRESS,
            new CredentialQuestion(digest, sessionToken, signed, canDoWithout),
            patience)
        .map(CredentialAnswer::verdict)
        .otherwise(Verdict.UNKNOWN);
  }
}
