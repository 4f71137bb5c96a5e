package dev.kaneogateway.pages;

import dev.kaneogateway.config.Origins;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.OwnRequests;
import io.vertx.core.Future;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** Signs people in and out at Kaneo for the page, in the name of Kaneo's own web app. */
final class KaneoSignIn {
  private static final long PATIENCE_MS = 10_000;

  private final HttpClient client;
  private final Supplier<List<URI>> kaneos;
  private final String origin;

  /**
   * Kaneo's word.
   *
   * @param signedIn whether it let the person in
   * @param status its HTTP status
   * @param message its refusal in its own words, if it gave one
   * @param cookies the Set-Cookie fields to pass on
   */
  record Result(boolean signedIn, int status, String message, List<String> cookies) {}

  KaneoSignIn(HttpClient client, Settings settings, Supplier<List<URI>> kaneos) {
    this.client = client;
    this.kaneos = kaneos;
    this.origin = Origins.of(settings.kaneo().clientUrl());
  }

  /** Fails when Kaneo cannot be asked. */
  Future<Result> signIn(Exchange exchange, String email, String password) {
    JsonObject body =
        new JsonObject().put("email", email).put("password", password).put("rememberMe", true);
    return post(exchange, "/api/auth/sign-in/email", body);
  }

  Future<Result> signOut(Exchange exchange) {
    return post(exchange, "/api/auth/sign-out", new JsonObject());
  }

  private Future<Result> post(Exchange exchange, String path, JsonObject body) {
    var result =
        OwnRequests.toOneOf(
                client, kaneos.get(), HttpMethod.POST, path, Duration.ofMillis(PATIENCE_MS))
            .compose(request -> send(exchange, request, body));
    return exchange.place().until(result);
  }

  private Future<Result> send(Exchange exchange, HttpClientRequest request, JsonObject body) {
    request.putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
    request.putHeader(HttpHeaders.ORIGIN, origin);
    request.putHeader("X-Forwarded-For", exchange.origin().address());
    request.putHeader("CF-Connecting-IP", exchange.origin().address());
    request.putHeader("X-Request-Id", exchange.id());
    String agent = exchange.request().getHeader(HttpHeaders.USER_AGENT);
    if (agent != null) {
      request.putHeader(HttpHeaders.USER_AGENT, agent);
    }
    String cookies = String.join("; ", exchange.request().headers().getAll(HttpHeaders.COOKIE));
    if (!cookies.isEmpty()) {
      request.putHeader(HttpHeaders.COOKIE, cookies);
    }
    return request
        .send(body.encode())
        .compose(
            answer ->
                answer
                    .body()
                    .map(
                        text -> {
                          List<String> set = List.copyOf(answer.headers().getAll("Set-Cookie"));
                          boolean in =
                              answer.statusCode() == 200
                                  && set.stream().anyMatch(c -> c.contains("session_token="));
                          return new Result(in, answer.statusCode(), message(text.toString()), set);
                        }));
  }

  private static String message(String body) {
    try {
      return body.startsWith("{") ? new JsonObject(body).getString("message", "") : "";
    } catch (DecodeException | ClassCastException e) {
      return "";
    }
  }
}
