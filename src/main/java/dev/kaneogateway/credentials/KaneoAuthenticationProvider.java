package dev.kaneogateway.credentials;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.User;
import io.vertx.ext.auth.authentication.AuthenticationProvider;
import io.vertx.ext.auth.authentication.CredentialValidationException;
import io.vertx.ext.auth.authentication.Credentials;
import io.vertx.ext.auth.authentication.TokenCredentials;

/**
 * Kaneo's credentials in Vert.x's own vocabulary, so that vertx-web's authentication handlers (or
 * another Vert.x application) can use them: {@link TokenCredentials} in, {@link User} out. The
 * proxy's path takes the same answers from {@link dev.kaneogateway.credentials.Credentials} without
 * the wrapping.
 */
public final class KaneoAuthenticationProvider implements AuthenticationProvider {
  private final dev.kaneogateway.credentials.Credentials credentials;

  public KaneoAuthenticationProvider(dev.kaneogateway.credentials.Credentials credentials) {
    this.credentials = credentials;
  }

  /** Fails with {@link IllegalStateException} when nobody can say, so that a caller can retry. */
  @Override
  public Future<User> authenticate(Credentials presented) {
    if (!(presented instanceof TokenCredentials token)) {
      return Future.failedFuture(new CredentialValidationException("a token is needed"));
    }
    try {
      token.checkValid(null);
    } catch (CredentialValidationException e) {
      return Future.failedFuture(e);
    }
    TokenDigest digest = TokenDigest.of(token.getToken());
    Verdict remembered = credentials.remembered(token.getToken(), digest);
    Future<Verdict> verdict =
        remembered != null
            ? Future.succeededFuture(remembered)
            : credentials.ask(token.getToken(), digest);
    return verdict.compose(KaneoAuthenticationProvider::user);
  }

  private static Future<User> user(Verdict verdict) {
    if (verdict instanceof Verdict.Valid valid) {
      Identity identity = valid.identity();
      JsonObject principal =
          new JsonObject().put("sub", identity.userId()).put("credential", identity.label());
      identity.expiresAt().ifPresent(end -> principal.put("exp", end.getEpochSecond()));
      return Future.succeededFuture(User.create(principal));
    }
    return Future.failedFuture(
        verdict instanceof Verdict.Invalid
            ? new CredentialValidationException("the token is not valid")
            : new IllegalStateException("the token cannot be checked now"));
  }
}
