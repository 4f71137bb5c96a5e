package dev.kaneogateway.oauth;

import dev.kaneogateway.auth.People;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.Credentials;
import dev.kaneogateway.credentials.SessionTokens;
import dev.kaneogateway.limits.DeviceLimits;
import dev.kaneogateway.limits.Refusal;
import dev.kaneogateway.metrics.Route;
import dev.kaneogateway.web.Bodies;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.RequestHead;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * The device authorization endpoints under {@code /api/auth/device}: Kaneo's shapes where Kaneo's
 * clients look, RFC 8628 and 6749 everywhere else. One for each event loop.
 */
public final class DeviceEndpoints {
  private static final String BASE = "/api/auth/device";

  private final ClientEndpoints clients;
  private final ApprovalEndpoints approval;
  private final OAuthAnswers answers;
  private final Metadata metadata;
  private final Duration bodyPatience;

  public DeviceEndpoints(
      Settings settings,
      Bus bus,
      People people,
      SessionTokens sessionTokens,
      Credentials credentials,
      DeviceLimits limits) {
    this.answers = new OAuthAnswers(settings.kaneo());
    this.clients = new ClientEndpoints(settings, bus, sessionTokens, credentials, limits, answers);
    this.approval =
        new ApprovalEndpoints(settings.device(), bus, people, limits.guesses(), answers);
    this.metadata = new Metadata(settings.kaneo().publicUrl());
    this.bodyPatience = settings.limits().progressTimeout();
  }

  /** Whether a request is answered here. Nothing near these endpoints may reach Kaneo's own. */
  public boolean owns(RequestHead head) {
    return metadata.owns(head.path()) || isUnderBase(head.path()) || isUnderBase(head.merged());
  }

  private static boolean isUnderBase(String path) {
    return path.startsWith(BASE)
        && (path.length() == BASE.length() || path.charAt(BASE.length()) == '/');
  }

  /** Answers a request, now or later. */
  public void handle(Exchange exchange) {
    exchange.route(Route.DEVICE);
    String path = exchange.head().path();
    if (metadata.owns(path)) {
      answers.openToAll(exchange);
      answers.allowing(exchange, "GET", () -> answers.send(exchange, 200, metadata.document()));
      return;
    }
    switch (path) {
      case BASE + "/code" -> clientPost(exchange, clients::start);
      case BASE + "/token" -> clientPost(exchange, clients::token);
      case BASE + "/revoke" -> clientPost(exchange, clients::revoke);
      case BASE + "/approve" ->
          pagePost(exchange, parameters -> approval.decide(exchange, parameters, true));
      case BASE + "/deny" ->
          pagePost(exchange, parameters -> approval.decide(exchange, parameters, false));
      case BASE -> {
        answers.openToKaneosPages(exchange);
        answers.allowing(exchange, "GET", () -> finish(exchange, approval.look(exchange)));
      }
      default -> {
        answers.openToAll(exchange);
        answers.refuse(
            exchange, new OAuthException(404, "invalid_request", "There is no such endpoint"));
      }
    }
  }

  /** Refuses a request of one who asks too often, or that is more than can be under way at once. */
  public void refuse(Exchange exchange, Refusal refusal) {
    if (exchange.request().method().equals(HttpMethod.OPTIONS)) {
      // Costs no more than a refusal, which no page could read here.
      handle(exchange);
      return;
    }
    exchange.route(Route.DEVICE);
    String path = exchange.head().path();
    if (path.equals(BASE) || path.equals(BASE + "/approve") || path.equals(BASE + "/deny")) {
      answers.openToKaneosPages(exchange);
    } else {
      answers.openToAll(exchange);
    }
    // A client that polls waits when it is told to slow down, and ends its sign-in at all else.
    answers.fail(
        exchange,
        path.equals(BASE + "/token")
            ? answers.slowDown("Too many requests", refusal)
            : answers.tooMany("Too many requests", refusal));
  }

  /** What an endpoint answers: a JSON body with 200, or a failure. */
  private interface Endpoint {
    Future<JsonObject> answer(Parameters parameters) throws OAuthException;
  }

  private interface ClientEndpoint {
    Future<JsonObject> answer(Exchange exchange, Parameters parameters) throws OAuthException;
  }

  /** An endpoint for programs, which bring no cookie and no secret. */
  private void clientPost(Exchange exchange, ClientEndpoint endpoint) {
    answers.openToAll(exchange);
    answers.allowing(
        exchange,
        "POST",
        () -> {
          if (answers.presentsBasic(exchange)) {
            // golang's x/oauth2 tries this first at every poll; it must cost no poll state.
            answers.refuseBasic(exchange);
            return;
          }
          read(exchange, parameters -> endpoint.answer(exchange, parameters));
        });
  }

  /** An endpoint for pages, which bring a cookie. */
  private void pagePost(Exchange exchange, Endpoint endpoint) {
    answers.openToKaneosPages(exchange);
    answers.allowing(exchange, "POST", () -> read(exchange, endpoint));
  }

  private void read(Exchange exchange, Endpoint endpoint) {
    finish(
        exchange,
        Bodies.read(exchange, bodyPatience)
            .compose(
                body -> {
                  try {
                    return endpoint.answer(
                        Parameters.read(exchange.request().getHeader("Content-Type"), body));
                  } catch (OAuthException e) {
                    return Future.failedFuture(e);
                  }
                }));
  }

  private void finish(Exchange exchange, Future<JsonObject> answer) {
    exchange
        .place()
        .until(answer)
        .onComplete(
            body -> answers.send(exchange, 200, body), failure -> answers.fail(exchange, failure));
  }
}
