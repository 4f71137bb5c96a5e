package dev.kaneogateway.auth;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.Credentials;
import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.credentials.SessionTokens;
import dev.kaneogateway.credentials.TokenDigest;
import dev.kaneogateway.credentials.Verdict;
import dev.kaneogateway.metrics.CredentialKind;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.OwnRequests;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Tells who stands behind a request that the gateway answers itself. Always asks PostgreSQL anew,
 * and never believes Kaneo's five-minute cookie cache: a session that was revoked decides nothing.
 * Without Kaneo's secret, whoever holds a signed token is Kaneo's to say. One for each event loop.
 */
public final class People {
  private final Credentials credentials;
  private final SessionTokens sessionTokens;
  private final HttpClient client;
  private final Supplier<List<URI>> kaneos;
  private final String cookieName;

  /**
   * @param client for requests of the gateway's own; it stays the caller's
   * @param kaneos those to ask, the best first
   */
  public People(
      HttpClient client,
      Settings settings,
      Credentials credentials,
      SessionTokens sessionTokens,
      Supplier<List<URI>> kaneos) {
    this.credentials = credentials;
    this.sessionTokens = sessionTokens;
    this.client = client;
    this.kaneos = kaneos;
    this.cookieName = SessionCookie.name(settings.kaneo().apiUrl());
  }

  /** Who it is, which the exchange's record then says too; never fails. */
  public Future<Person> of(Exchange exchange) {
    return exchange
        .place()
        .until(find(exchange.request().headers()))
        .map(
            person -> {
              if (person instanceof Person.SignedIn known) {
                exchange.credential(CredentialKind.SESSION);
                exchange.identified(known.label(), known.userId());
              }
              return person;
            });
  }

  private Future<Person> find(MultiMap headers) {
    RequestCredential credential = RequestCredential.of(headers);
    if (credential instanceof RequestCredential.Bearer bearer) {
      if (!bearer.apiKey().isEmpty()) {
        return Future.succeededFuture(new Person.ApiKeyHolder());
      }
      return bearer.token().indexOf('.') >= 0 && !sessionTokens.checksSignatures()
          ? askKaneo("Authorization", "Bearer " + bearer.token(), false)
          : judge(bearer.token(), false);
    }
    if (credential instanceof RequestCredential.ApiKey) {
      return Future.succeededFuture(new Person.ApiKeyHolder());
    }
    String cookie = SessionCookie.find(headers, cookieName);
    if (!(credential instanceof RequestCredential.Cookie) || cookie == null) {
      return Future.succeededFuture(new Person.Anonymous());
    }
    if (!sessionTokens.checksSignatures()) {
      return askKaneo("Cookie", cookieName + "=" + cookie, true);
    }
    String token = SessionCookie.decoded(cookie);
    // A cookie is always signed; a bare token in it is somebody's guess.
    return token.indexOf('.') < 0
        ? Future.succeededFuture(new Person.Anonymous())
        : judge(token, true);
  }

  private Future<Person> judge(String token, boolean byCookie) {
    return credentials.ask(token, TokenDigest.of(token)).map(verdict -> person(verdict, byCookie));
  }

  private static Person person(Verdict verdict, boolean byCookie) {
    if (verdict instanceof Verdict.Unknown) {
      return new Person.Unknown();
    }
    if (verdict instanceof Verdict.Valid valid) {
      Identity identity = valid.identity();
      if (identity.kind() == Identity.Kind.SESSION) {
        return new Person.SignedIn(identity.userId(), identity.credentialId(), byCookie);
      }
      return byCookie ? new Person.Anonymous() : new Person.ApiKeyHolder();
    }
    return new Person.Anonymous();
  }

  private Future<Person> askKaneo(String field, String value, boolean byCookie) {
    return OwnRequests.toOneOf(
            client,
            kaneos.get(),
            HttpMethod.GET,
            "/api/auth/get-session?disableCookieCache=true",
            Duration.ofSeconds(5))
        .compose(request -> request.putHeader(field, value).send())
        .compose(
            answer ->
                answer.body().map(body -> answer.statusCode() == 200 ? body.toString() : "null"))
        .map(body -> kaneosWord(body, byCookie))
        .otherwise(new Person.Unknown());
  }

  private static Person kaneosWord(String body, boolean byCookie) {
    try {
      JsonObject session =
          body.startsWith("{") ? new JsonObject(body).getJsonObject("session") : null;
      if (session == null) {
        return new Person.Anonymous();
      }
      String user = session.getString("userId");
      String id = session.getString("id");
      return user == null || id == null
          ? new Person.Unknown()
          : new Person.SignedIn(user, id, byCookie);
    } catch (DecodeException | ClassCastException e) {
      return new Person.Unknown();
    }
  }

  /** What a page may be signed with: Kaneo's secret, or what only this database's gateways know. */
  public static String pageSecret(Settings settings) {
    Optional<String> secret = settings.credentials().authSecret();
    return "kaneo-gateway page " + secret.orElse(settings.database().url());
  }
}
