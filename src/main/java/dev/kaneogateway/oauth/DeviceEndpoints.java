package dev.kaneogateway.oauth;

import dev.kaneogateway.auth.People;
import dev.kaneogateway.auth.Person;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.Credentials;
import dev.kaneogateway.credentials.SessionTokens;
import dev.kaneogateway.device.DeviceAnswer;
import dev.kaneogateway.device.DeviceQuestion;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.device.UserCode;
import dev.kaneogateway.limits.ClientKey;
import dev.kaneogateway.limits.DeviceLimits;
import dev.kaneogateway.limits.Refusal;
import dev.kaneogateway.metrics.Route;
import dev.kaneogateway.web.Bodies;
import dev.kaneogateway.web.Exchange;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The device authorization endpoints under {@code /api/auth/device}: Kaneo's shapes where Kaneo's
 * clients look, RFC 8628 and 6749 everywhere else. One for each event loop.
 */
public final class DeviceEndpoints {
  private static final String BASE = "/api/auth/device";
  private static final String GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code";

  private final Settings settings;
  private final Bus bus;
  private final People people;
  private final SessionTokens sessionTokens;
  private final Credentials credentials;
  private final DeviceLimits limits;
  private final Set<String> clientIds;
  private final OAuthAnswers answers;
  private final Metadata metadata;

  public DeviceEndpoints(
      Settings settings,
      Bus bus,
      People people,
      SessionTokens sessionTokens,
      Credentials credentials,
      DeviceLimits limits) {
    this.settings = settings;
    this.bus = bus;
    this.people = people;
    this.sessionTokens = sessionTokens;
    this.credentials = credentials;
    this.limits = limits;
    this.clientIds = Set.copyOf(settings.device().clientIds());
    this.answers = new OAuthAnswers(settings.kaneo());
    this.metadata = new Metadata(settings.kaneo().publicUrl());
  }

  /** Whether a path is answered here. Nothing near these endpoints may reach Kaneo's own. */
  public boolean owns(String path) {
    if (metadata.owns(path)) {
      return true;
    }
    if (!path.contains("/device")) {
      return false;
    }
    String plain = path.replaceAll("/+", "/");
    return plain.equals(BASE) || plain.startsWith(BASE + "/");
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
      case BASE + "/code" -> clientPost(exchange, this::start);
      case BASE + "/token" -> clientPost(exchange, this::token);
      case BASE + "/revoke" -> clientPost(exchange, this::revoke);
      case BASE + "/approve" ->
          pagePost(exchange, parameters -> decide(exchange, parameters, true));
      case BASE + "/deny" -> pagePost(exchange, parameters -> decide(exchange, parameters, false));
      case BASE -> {
        answers.openToKaneosPages(exchange);
        answers.allowing(exchange, "GET", () -> finish(exchange, look(exchange)));
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
        Bodies.read(exchange)
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
    answer.onComplete(
        body -> answers.send(exchange, 200, body), failure -> answers.fail(exchange, failure));
  }

  private Future<JsonObject> start(Exchange exchange, Parameters parameters) throws OAuthException {
    String clientId = client(parameters);
    Optional<String> scope = parameters.optional("scope");
    if (scope.isPresent()
        && !scope
            .get()
            .matches("[\\x21\\x23-\\x5B\\x5D-\\x7E]+( [\\x21\\x23-\\x5B\\x5D-\\x7E]+)*")) {
      throw new OAuthException(400, "invalid_scope", "The scope has characters that no scope has");
    }
    String address = ClientKey.ofAddress(exchange.origin().address());
    if (!limits.codes().attempt(address)) {
      return Future.failedFuture(
          answers.tooMany("Too many codes were asked for", limits.codes().excess(address)));
    }
    return bus.ask(
            DeviceVerticle.START,
            new DeviceQuestion.Start(
                clientId, scope, exchange.origin().address(), software(exchange)),
            patience())
        .map(
            started -> {
              String uri = settings.kaneo().publicUrl() + "/device";
              return new JsonObject()
                  .put("device_code", started.deviceCode())
                  .put("user_code", started.userCode())
                  .put("verification_uri", uri)
                  .put("verification_uri_complete", uri + "?user_code=" + started.userCode())
                  .put("expires_in", started.expiresInSeconds())
                  .put("interval", started.intervalSeconds());
            });
  }

  private Future<JsonObject> token(Exchange exchange, Parameters parameters) throws OAuthException {
    if (!parameters.required("grant_type").equals(GRANT_TYPE)) {
      throw new OAuthException(
          400, "unsupported_grant_type", "Only " + GRANT_TYPE + " is supported");
    }
    String deviceCode = parameters.required("device_code");
    String clientId = client(parameters);
    String address = ClientKey.ofAddress(exchange.origin().address());
    return bus.ask(
            DeviceVerticle.POLL,
            new DeviceQuestion.Poll(
                clientId, deviceCode, exchange.origin().address(), software(exchange)),
            patience())
        .otherwise(
            unanswered -> {
              // To most clients any other error is the end of the sign-in (RFC 8628 §3.5).
              exchange.trouble("the database did not answer, so the device was told to wait");
              return DeviceAnswer.Polled.PENDING;
            })
        .compose(
            polled -> {
              if (polled.state() == DeviceAnswer.PollState.INVALID
                  && !limits.unknownPolls().attempt(address)) {
                return Future.failedFuture(
                    answers.slowDown(
                        "Too many unknown codes were polled",
                        limits.unknownPolls().excess(address)));
              }
              return answers.polled(exchange, polled);
            });
  }

  private Future<JsonObject> revoke(Exchange exchange, Parameters parameters)
      throws OAuthException {
    // Whoever holds the token may hand it back; an unknown one is as good as revoked (RFC 7009
    // §2.2).
    String token = sessionTokens.bareToken(parameters.required("token")).orElse("");
    return bus.ask(DeviceVerticle.REVOKE, new DeviceQuestion.Revoke(token), patience())
        .onSuccess(revoked -> revoked.sessionId().ifPresent(credentials::sessionEnded))
        .map(new JsonObject());
  }

  /** Kaneo's answer to a browser tab is the page; to a program it is the state of the code. */
  private Future<JsonObject> look(Exchange exchange) {
    Map<String, List<String>> query;
    try {
      query = new QueryStringDecoder(exchange.head().target()).parameters();
    } catch (IllegalArgumentException e) {
      return Future.failedFuture(OAuthException.invalidRequest("The query is not well encoded"));
    }
    List<String> codes = query.getOrDefault("user_code", List.of());
    List<String> ui = query.getOrDefault("ui", List.of());
    String typed = codes.isEmpty() ? "" : codes.get(0);
    if ("document".equals(exchange.request().getHeader("Sec-Fetch-Dest")) || ui.contains("1")) {
      answers.redirectToPage(exchange, UserCode.normalize(typed));
      return Future.failedFuture(new OAuthAnswers.Answered());
    }
    String code = UserCode.normalize(typed);
    return people
        .of(exchange.request().headers())
        .compose(
            person -> {
              if (person instanceof Person.Unknown) {
                return Future.failedFuture("nobody can say who asks");
              }
              String user = person instanceof Person.SignedIn signedIn ? signedIn.userId() : "";
              boolean claims =
                  person instanceof Person.SignedIn known
                      && exchange.request().method().equals(HttpMethod.GET)
                      && (!known.byCookie() || !answers.isForeign(exchange));
              return find(exchange, code, user, claims)
                  .map(
                      request -> {
                        JsonObject answer =
                            new JsonObject()
                                .put("user_code", request.userCode())
                                .put("status", request.status());
                        if (!user.isEmpty() && request.owner().map(user::equals).orElse(false)) {
                          answer.put("client_id", request.clientId());
                          request.scope().ifPresent(scope -> answer.put("scope", scope));
                        }
                        return answer;
                      });
            });
  }

  private Future<DeviceAnswer.Request> find(
      Exchange exchange, String code, String user, boolean claims) {
    if (!UserCode.isComplete(code)) {
      // No code has another length, so this guesses at none.
      return Future.failedFuture(OAuthException.invalidRequest("Invalid user code"));
    }
    String address = ClientKey.ofAddress(exchange.origin().address());
    if (limits.isGuessing(user, address)) {
      return Future.failedFuture(tooManyGuesses(user, address));
    }
    Optional<String> claimant = claims ? Optional.of(user) : Optional.empty();
    return bus.ask(DeviceVerticle.LOOK, new DeviceQuestion.Look(code, claimant), patience())
        .compose(
            looked -> {
              if (looked.request().isEmpty()) {
                return Future.failedFuture(wrongCode(user, address));
              }
              return looked.request().get().expired()
                  ? Future.failedFuture(
                      new OAuthException(400, "expired_token", "User code has expired"))
                  : Future.succeededFuture(looked.request().get());
            });
  }

  private Exception wrongCode(String user, String address) {
    return limits.guessed(user, address)
        ? OAuthException.invalidRequest("Invalid user code")
        : tooManyGuesses(user, address);
  }

  private Exception tooManyGuesses(String user, String address) {
    return answers.tooMany("Too many wrong codes", limits.guesses(user, address));
  }

  private Future<JsonObject> decide(Exchange exchange, Parameters parameters, boolean allow)
      throws OAuthException {
    Optional<String> typed = parameters.optional("userCode");
    String code =
        UserCode.normalize(typed.isPresent() ? typed.get() : parameters.required("user_code"));
    return people
        .of(exchange.request().headers())
        .compose(
            person -> {
              if (person instanceof Person.SignedIn signedIn) {
                if (signedIn.byCookie() && !answers.isOwnOrigin(exchange)) {
                  return Future.failedFuture(new OAuthAnswers.ForeignOrigin());
                }
                return decide(exchange, signedIn, code, allow);
              }
              if (person instanceof Person.Unknown) {
                return Future.failedFuture("nobody can say who asks");
              }
              return Future.failedFuture(
                  person instanceof Person.ApiKeyHolder
                      ? new OAuthException(
                          403, "access_denied", "Only a person may decide, not an API key")
                      : new OAuthException(401, "unauthorized", "Authentication required"));
            });
  }

  private Future<JsonObject> decide(
      Exchange exchange, Person.SignedIn person, String code, boolean allow) {
    if (!UserCode.isComplete(code)) {
      return Future.failedFuture(OAuthException.invalidRequest("Invalid user code"));
    }
    String address = ClientKey.ofAddress(exchange.origin().address());
    if (limits.isGuessing(person.userId(), address)) {
      return Future.failedFuture(tooManyGuesses(person.userId(), address));
    }
    return bus.ask(
            DeviceVerticle.DECIDE,
            new DeviceQuestion.Decide(code, person.userId(), allow, false),
            patience())
        .compose(
            decided -> {
              switch (decided.outcome()) {
                case DONE -> {
                  return Future.succeededFuture(new JsonObject().put("success", true));
                }
                case UNKNOWN -> {
                  return Future.failedFuture(wrongCode(person.userId(), address));
                }
                case EXPIRED -> {
                  return Future.failedFuture(
                      new OAuthException(400, "expired_token", "User code has expired"));
                }
                case NOT_CLAIMED -> {
                  return Future.failedFuture(
                      OAuthException.invalidRequest("Device code has not been claimed by a user"));
                }
                case ANOTHERS -> {
                  return Future.failedFuture(
                      new OAuthException(
                          403, "access_denied", "You are not authorized to decide on this device"));
                }
                default -> {
                  return Future.failedFuture(
                      OAuthException.invalidRequest("Device code already processed"));
                }
              }
            });
  }

  private String client(Parameters parameters) throws OAuthException {
    String clientId = parameters.required("client_id");
    if (!clientIds.contains(clientId)) {
      throw new OAuthException(400, "invalid_client", "Invalid client ID");
    }
    return clientId;
  }

  private static String software(Exchange exchange) {
    String agent = exchange.request().getHeader("User-Agent");
    return agent == null ? "" : agent.substring(0, Math.min(agent.length(), 256));
  }

  private Duration patience() {
    return settings.device().patience().plusSeconds(1);
  }
}
