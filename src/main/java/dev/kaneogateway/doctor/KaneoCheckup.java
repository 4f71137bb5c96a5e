package dev.kaneogateway.doctor;

import dev.kaneogateway.auth.SessionCookie;
import dev.kaneogateway.config.Origins;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.SessionTokens;
import dev.kaneogateway.web.OwnRequests;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.net.URI;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** Kaneo itself: there, and set as the gateway is. */
final class KaneoCheckup implements Doctor.Checkup {
  private final HttpClient client;
  private final Pool pool;
  private final Settings settings;
  private final Clock clock;

  KaneoCheckup(HttpClient client, Pool pool, Settings settings, Clock clock) {
    this.client = client;
    this.pool = pool;
    this.settings = settings;
    this.clock = clock;
  }

  /** An answer with its body. */
  private record Answer(HttpClientResponse head, Buffer body) {
    JsonObject json() {
      try {
        return new JsonObject(body);
      } catch (DecodeException e) {
        return new JsonObject();
      }
    }
  }

  @Override
  public Future<List<Finding>> findings() {
    List<Future<Finding>> asked = new ArrayList<>();
    settings.upstream().web().forEach(uri -> asked.add(there("KANEO_WEB_UPSTREAM_URL", uri, "/")));
    for (URI uri : settings.upstream().api()) {
      asked.add(there("KANEO_UPSTREAM_URL", uri, "/api/health"));
    }
    URI first = settings.upstream().api().get(0);
    return there("KANEO_UPSTREAM_URL", first, "/api/health")
        .compose(
            finding -> {
              if (finding.state() == Finding.State.OK) {
                asked.add(clientUrl(first));
                asked.add(apiUrl(first));
                asked.add(secret(first));
                settings.device().clientIds().forEach(id -> asked.add(deviceClient(first, id)));
              }
              return Future.all(asked).map(all -> all.<Finding>list());
            });
  }

  private Future<Finding> there(String setting, URI uri, String path) {
    return get(uri, path, "", "")
        .map(
            answer ->
                answer.head().statusCode() < 400
                    ? Finding.ok("kaneo", uri + " answers")
                    : Finding.problem(
                        "kaneo",
                        uri + path + " answers " + answer.head().statusCode(),
                        "what does not answer there is not Kaneo, or is not well.",
                        "check that " + setting + " names Kaneo itself."))
        .otherwise(
            failure ->
                Finding.problem(
                    "kaneo",
                    uri + " " + OwnRequests.fault(failure) + " (" + Doctor.reason(failure) + ")",
                    "everything but the sign-in of devices needs it.",
                    "start Kaneo or correct " + setting + "."));
  }

  /** Kaneo lets pages of its own client URL read its answers, and of no other. */
  private Future<Finding> clientUrl(URI kaneo) {
    String origin = Origins.of(settings.kaneo().clientUrl());
    return get(kaneo, "/api/config", "Origin", origin)
        .map(
            answer ->
                origin.equals(answer.head().getHeader("Access-Control-Allow-Origin"))
                    ? Finding.ok("kaneo.client_url", "Kaneo's is " + origin + " too")
                    : Finding.problem(
                        "kaneo.client_url",
                        "Kaneo does not take " + origin + " for its own",
                        "Kaneo refuses sign-ins and decisions from pages of an origin it does not know.",
                        "set the same KANEO_CLIENT_URL for Kaneo and the gateway: the address people use."));
  }

  /** Kaneo names its own API URL in its OAuth metadata. */
  private Future<Finding> apiUrl(URI kaneo) {
    URI ours = settings.kaneo().apiUrl();
    return get(kaneo, "/.well-known/oauth-authorization-server/api", "", "")
        .map(
            answer -> {
              String issuer = answer.json().getString("issuer", "");
              if (issuer.isEmpty()) {
                return Finding.ok("kaneo.api_url", "this Kaneo does not tell its own");
              }
              // Kaneo takes its URL with /api, as its own image makes it, and without.
              String theirs = issuer.replaceAll("/api/?$", "");
              return theirs.equals(ours.toString().replaceAll("(/api)?/*$", ""))
                  ? Finding.ok("kaneo.api_url", "Kaneo's is " + theirs + " too")
                  : Finding.problem(
                      "kaneo.api_url",
                      "is " + ours + " here and " + theirs + " at Kaneo",
                      "its scheme decides the name of the session cookie, and MCP clients are sent there.",
                      "set the same KANEO_API_URL for Kaneo and the gateway: the address people use.");
            });
  }

  /** Asks Kaneo whose a session is, signed with our secret; the session stays as it is. */
  private Future<Finding> secret(URI kaneo) {
    SessionTokens tokens = new SessionTokens(settings.credentials().authSecret());
    if (!tokens.checksSignatures()) {
      return Future.succeededFuture(
          Finding.warning(
              "secret",
              "AUTH_SECRET is not set",
              "signatures of tokens and cookies are left to Kaneo, which must be asked for the approval page.",
              "hand the gateway Kaneo's environment file."));
    }
    return pool.preparedQuery("SELECT token FROM session WHERE expires_at > $1 LIMIT 1")
        .execute(Tuple.of(LocalDateTime.ofInstant(clock.instant(), ZoneOffset.UTC)))
        .compose(
            rows -> {
              if (!rows.iterator().hasNext()) {
                return Future.succeededFuture(
                    Finding.ok("secret", "AUTH_SECRET is set; nobody is signed in to try it on"));
              }
              Row row = rows.iterator().next();
              return get(
                      kaneo,
                      "/api/auth/get-session?disableCookieCache=true&disableRefresh=true",
                      "Cookie",
                      SessionCookie.field(
                          settings.kaneo().apiUrl(), tokens.signed(row.getString(0)).orElseThrow()))
                  .map(answer -> secretFinding(answer.json().containsKey("session")));
            })
        .otherwise(Finding.ok("secret", "AUTH_SECRET is set; it could not be tried"));
  }

  private static Finding secretFinding(boolean same) {
    return same
        ? Finding.ok("secret", "AUTH_SECRET is Kaneo's")
        : Finding.problem(
            "secret",
            "Kaneo does not accept what is signed with AUTH_SECRET",
            "the gateway refuses signed tokens that Kaneo gave, and nobody is signed in on the approval page.",
            "hand the gateway Kaneo's environment file; if KANEO_API_URL differs, mend that first.");
  }

  /** Asks Kaneo itself for a device code, and takes it away again. */
  private Future<Finding> deviceClient(URI kaneo, String id) {
    return client
        .request(
            OwnRequests.to(kaneo, HttpMethod.POST, "/api/auth/device/code", Doctor.PATIENCE)
                .putHeader("Content-Type", "application/json"))
        .compose(
            request ->
                request
                    .send(new JsonObject().put("client_id", id).encode())
                    .compose(head -> head.body().map(body -> new Answer(head, body))))
        .compose(
            answer -> {
              String code = answer.json().getString("device_code", "");
              return pool.preparedQuery("DELETE FROM device_code WHERE device_code = $1")
                  .execute(Tuple.of(code))
                  .map(answer);
            })
        .map(
            answer ->
                answer.head().statusCode() == 400
                    ? Finding.warning(
                        "kaneo.device_clients",
                        "Kaneo does not know the client " + id + " that the gateway lets sign in",
                        "the two were started with different DEVICE_AUTH_CLIENT_IDS.",
                        "set the same list for both, or restart the one that was forgotten.")
                    : Finding.ok("kaneo.device_clients", "Kaneo knows " + id + " too"))
        .otherwise(Finding.ok("kaneo.device_clients", "could not be compared for " + id));
  }

  private Future<Answer> get(URI uri, String path, String field, String value) {
    RequestOptions options = OwnRequests.to(uri, HttpMethod.GET, path, Doctor.PATIENCE);
    if (!field.isEmpty()) {
      options.putHeader(field, value);
    }
    return client
        .request(options)
        .compose(
            request ->
                request.send().compose(head -> head.body().map(body -> new Answer(head, body))));
  }
}
