package dev.kaneogateway.auth;

import dev.kaneogateway.credentials.Credentials;
import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.credentials.KeyUsage;
import dev.kaneogateway.credentials.TokenDigest;
import dev.kaneogateway.credentials.Verdict;
import dev.kaneogateway.metrics.AuthResult;
import dev.kaneogateway.metrics.GatewayMetrics;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;

/** Decides on a request by its headers, as Kaneo would. Safe from any thread. */
public final class Authenticator {
  private final Credentials credentials;
  private final KeyUsage usage;
  private final GatewayMetrics metrics;

  public Authenticator(Credentials credentials, KeyUsage usage, GatewayMetrics metrics) {
    this.credentials = credentials;
    this.usage = usage;
    this.metrics = metrics;
  }

  /**
   * The decision, at once when the credential is remembered. Never fails. A request whose decision
   * is not complete on return must be paused before, or its body is lost.
   */
  public Future<Decision> decide(MultiMap headers) {
    RequestCredential credential = RequestCredential.of(headers);
    if (credential instanceof RequestCredential.Bearer bearer) {
      return bearer.apiKey().isEmpty()
          ? judge(bearer.token(), false)
          // A Bearer that is an API key decides; otherwise the x-api-key beside it does.
          : verdict(bearer.token())
              .compose(
                  verdict ->
                      isApiKey(verdict) || verdict instanceof Verdict.Unknown
                          ? Future.succeededFuture(decided(verdict, false, false))
                          : judge(bearer.apiKey(), true));
    }
    if (credential instanceof RequestCredential.ApiKey key) {
      return judge(key.key(), true);
    }
    if (credential instanceof RequestCredential.Cookie) {
      metrics.authenticated(AuthResult.LEFT_TO_KANEO, false);
      return Future.succeededFuture(Decision.LEFT_TO_KANEO);
    }
    boolean missing = credential instanceof RequestCredential.None;
    metrics.authenticated(missing ? AuthResult.MISSING : AuthResult.INVALID, false);
    return Future.succeededFuture(
        new Decision.Refuse(missing ? Decision.Reason.MISSING : Decision.Reason.MALFORMED));
  }

  private Future<Decision> judge(String token, boolean keysOnly) {
    TokenDigest digest = TokenDigest.of(token);
    Verdict remembered = credentials.remembered(digest);
    return remembered != null
        ? Future.succeededFuture(decided(remembered, keysOnly, true))
        : credentials.judge(token, digest).map(verdict -> decided(verdict, keysOnly, false));
  }

  private Future<Verdict> verdict(String token) {
    TokenDigest digest = TokenDigest.of(token);
    Verdict remembered = credentials.remembered(digest);
    return remembered != null
        ? Future.succeededFuture(remembered)
        : credentials.judge(token, digest);
  }

  private Decision decided(Verdict verdict, boolean keysOnly, boolean cached) {
    if (verdict instanceof Verdict.Valid valid && (!keysOnly || isApiKey(verdict))) {
      Identity identity = valid.identity();
      boolean key = identity.kind() == Identity.Kind.API_KEY;
      metrics.authenticated(key ? AuthResult.API_KEY : AuthResult.SESSION, cached);
      usage.used(identity);
      return new Decision.Admit(identity);
    }
    if (verdict instanceof Verdict.Unknown) {
      metrics.authenticated(AuthResult.UNKNOWN, false);
      return Decision.UNAVAILABLE;
    }
    metrics.authenticated(AuthResult.INVALID, cached);
    return new Decision.Refuse(Decision.Reason.INVALID);
  }

  private static boolean isApiKey(Verdict verdict) {
    return verdict instanceof Verdict.Valid valid
        && valid.identity().kind() == Identity.Kind.API_KEY;
  }
}
