package dev.kaneogateway.auth;

import dev.kaneogateway.credentials.Credentials;
import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.credentials.KeyUsage;
import dev.kaneogateway.credentials.TokenDigest;
import dev.kaneogateway.credentials.Verdict;
import dev.kaneogateway.limits.ClientKey;
import dev.kaneogateway.limits.RateLimit;
import dev.kaneogateway.metrics.AuthResult;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.Exchange;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import java.net.URI;
import java.util.Optional;

/** Decides on a request by its headers, as Kaneo would. Safe from any thread. */
public final class Authenticator {
  private final Credentials credentials;
  private final Guesses guesses;
  private final KeyUsage usage;
  private final GatewayMetrics metrics;
  private final String cookieName;

  /**
   * @param apiUrl where browsers reach Kaneo's API, which decides the name of its cookie
   * @param failures credentials that did not hold, by address
   * @param heldLately those that did, at this one or one before it
   */
  public Authenticator(
      Credentials credentials,
      URI apiUrl,
      KeyUsage usage,
      RateLimit failures,
      HeldLately heldLately,
      GatewayMetrics metrics) {
    this.cookieName = SessionCookie.name(apiUrl);
    this.credentials = credentials;
    this.guesses = new Guesses(failures, heldLately);
    this.usage = usage;
    this.metrics = metrics;
  }

  /**
   * The decision, at once when the credential is remembered. Never fails. A request whose decision
   * is not complete on return must be paused before, or its body is lost.
   */
  public Future<Decision> decide(Exchange exchange) {
    RequestCredential credential = RequestCredential.of(exchange.request().headers());
    if (credential instanceof RequestCredential.Bearer bearer) {
      return bearer.apiKey().isEmpty()
          ? judge(exchange, bearer.token(), false)
          : judgeBoth(exchange, bearer);
    }
    if (credential instanceof RequestCredential.ApiKey key) {
      return judge(exchange, key.key(), true);
    }
    if (credential instanceof RequestCredential.Cookie) {
      metrics.credentials().authenticated(AuthResult.LEFT_TO_KANEO, false);
      return Future.succeededFuture(Decision.LEFT_TO_KANEO);
    }
    boolean missing = credential instanceof RequestCredential.None;
    metrics.credentials().authenticated(missing ? AuthResult.MISSING : AuthResult.INVALID, false);
    return Future.succeededFuture(
        new Decision.Refuse(missing ? Decision.Reason.MISSING : Decision.Reason.MALFORMED));
  }

  private Future<Decision> judge(Exchange exchange, String token, boolean keysOnly) {
    return withVerdict(
        exchange,
        token,
        (verdict, cached) -> Future.succeededFuture(decided(verdict, keysOnly, cached)));
  }

  /** A Bearer that is an API key decides; otherwise the x-api-key beside it does. */
  private Future<Decision> judgeBoth(Exchange exchange, RequestCredential.Bearer bearer) {
    return withVerdict(
        exchange,
        bearer.token(),
        (verdict, cached) ->
            isApiKey(verdict) || verdict instanceof Verdict.Unknown
                ? Future.succeededFuture(decided(verdict, false, cached))
                : judge(exchange, bearer.apiKey(), true));
  }

  /** What follows from a verdict that may have been remembered. */
  private interface Judgement {
    Future<Decision> of(Verdict verdict, boolean cached);
  }

  /** Asks only for who has not guessed too often. */
  private Future<Decision> withVerdict(Exchange exchange, String token, Judgement judgement) {
    TokenDigest digest = TokenDigest.of(token);
    Verdict remembered = credentials.remembered(token, digest);
    if (remembered != null) {
      return judgement.of(remembered, true);
    }
    String client = ClientKey.of(exchange.origin());
    Guesses.Attempt attempt = guesses.attempt(client, digest);
    return attempt == null
        ? Future.succeededFuture(guesses.refusal(client))
        : credentials
            .judge(token, digest)
            .compose(verdict -> judgement.of(attempt.judged(verdict), false));
  }

  /**
   * What the gateway has to say of a request that Kaneo itself has accepted: by a cookie, which it
   * may believe for minutes after the session's end, or on a path it judges. Nothing if the
   * credential is one that only Kaneo knows. Never fails.
   */
  public Future<Optional<Verdict>> secondOpinion(MultiMap headers) {
    RequestCredential credential = RequestCredential.of(headers);
    if (credential instanceof RequestCredential.Bearer bearer) {
      return verdict(bearer.token()).map(Authenticator::unlessOnlyKaneoKnows);
    }
    if (credential instanceof RequestCredential.ApiKey key) {
      return verdict(key.key()).map(Authenticator::unlessOnlyKaneoKnows);
    }
    String cookie = SessionCookie.find(headers, cookieName);
    String token = cookie == null ? "" : SessionCookie.decoded(cookie);
    // Kaneo has just found the signature good: where it is not, the gateway has another secret.
    return credentials.canRead(token)
        ? verdict(token).map(Optional::of)
        : Future.succeededFuture(Optional.empty());
  }

  /** It may be a token of Kaneo's own OAuth server. */
  private static Optional<Verdict> unlessOnlyKaneoKnows(Verdict verdict) {
    return Optional.of(verdict).filter(known -> !(known instanceof Verdict.Invalid));
  }

  private Future<Verdict> verdict(String token) {
    TokenDigest digest = TokenDigest.of(token);
    Verdict remembered = credentials.remembered(token, digest);
    return remembered != null
        ? Future.succeededFuture(remembered)
        : credentials.judge(token, digest);
  }

  private Decision decided(Verdict verdict, boolean keysOnly, boolean cached) {
    if (verdict instanceof Verdict.Valid valid && (!keysOnly || isApiKey(verdict))) {
      Identity identity = valid.identity();
      boolean key = identity.kind() == Identity.Kind.API_KEY;
      metrics.credentials().authenticated(key ? AuthResult.API_KEY : AuthResult.SESSION, cached);
      usage.used(identity);
      return new Decision.Admit(identity);
    }
    if (verdict instanceof Verdict.Unknown) {
      metrics.credentials().authenticated(AuthResult.UNKNOWN, false);
      return Decision.UNAVAILABLE;
    }
    metrics.credentials().authenticated(AuthResult.INVALID, cached);
    return new Decision.Refuse(Decision.Reason.INVALID);
  }

  private static boolean isApiKey(Verdict verdict) {
    return verdict instanceof Verdict.Valid valid
        && valid.identity().kind() == Identity.Kind.API_KEY;
  }
}
