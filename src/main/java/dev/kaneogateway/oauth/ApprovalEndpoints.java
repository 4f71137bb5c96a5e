package dev.kaneogateway.oauth;

import dev.kaneogateway.auth.Challenges;
import dev.kaneogateway.auth.People;
import dev.kaneogateway.auth.Person;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.device.DeviceAnswer;
import dev.kaneogateway.device.DeviceQuestion;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.device.UserCode;
import dev.kaneogateway.limits.CodeGuesses;
import dev.kaneogateway.web.Exchange;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * What Kaneo's own pages ask for in the name of a person: to see a code, which claims it, and to
 * decide on it. One for each event loop.
 */
final class ApprovalEndpoints {
  private final Bus bus;
  private final People people;
  private final CodeGuesses guesses;
  private final OAuthAnswers answers;
  private final Duration patience;

  ApprovalEndpoints(
      Settings.Device settings, Bus bus, People people, CodeGuesses guesses, OAuthAnswers answers) {
    this.bus = bus;
    this.people = people;
    this.guesses = guesses;
    this.answers = answers;
    this.patience = DeviceVerticle.patience(settings);
  }

  /** Kaneo's answer to a browser tab is the page; to a program it is the state of the code. */
  Future<JsonObject> look(Exchange exchange) {
    Map<String, List<String>> query;
    try {
      query = new QueryStringDecoder(exchange.head().target()).parameters();
    } catch (IllegalArgumentException e) {
      return Future.failedFuture(OAuthException.invalidRequest("The query is not well encoded"));
    }
    List<String> codes = query.getOrDefault("user_code", List.of());
    if (codes.size() > 1) {
      // RFC 6749 §3.1
      return Future.failedFuture(OAuthException.invalidRequest("user_code is given twice"));
    }
    List<String> ui = query.getOrDefault("ui", List.of());
    String typed = codes.isEmpty() ? "" : codes.get(0);
    if ("document".equals(exchange.request().getHeader("Sec-Fetch-Dest")) || ui.contains("1")) {
      answers.redirectToPage(exchange, UserCode.normalize(typed));
      return Future.failedFuture(new OAuthAnswers.Answered());
    }
    String code = UserCode.normalize(typed);
    return people
        .of(exchange)
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
      return Future.failedFuture(wrongCode());
    }
    Optional<String> claimant = claims ? Optional.of(user) : Optional.empty();
    return attempt(
            exchange,
            user,
            () -> bus.ask(DeviceVerticle.LOOK, new DeviceQuestion.Look(code, claimant), patience),
            looked -> looked.request().isPresent())
        .compose(
            looked -> {
              if (looked.request().isEmpty()) {
                return Future.failedFuture(wrongCode());
              }
              return looked.request().get().expired()
                  ? Future.failedFuture(
                      new OAuthException(400, "expired_token", "User code has expired"))
                  : Future.succeededFuture(looked.request().get());
            });
  }

  private <T> Future<T> attempt(
      Exchange exchange, String user, Supplier<Future<T>> look, Predicate<T> right) {
    return guesses
        .attempt(user, exchange.origin(), look, right)
        .recover(
            failure ->
                Future.failedFuture(
                    failure instanceof CodeGuesses.TooMany tooMany
                        ? answers.tooMany("Too many wrong codes", tooMany.excess())
                        : failure));
  }

  private static Exception wrongCode() {
    return OAuthException.invalidRequest("Invalid user code");
  }

  Future<JsonObject> decide(Exchange exchange, Parameters parameters, boolean allow)
      throws OAuthException {
    Optional<String> typed = parameters.optional("userCode");
    String code =
        UserCode.normalize(typed.isPresent() ? typed.get() : parameters.required("user_code"));
    return people
        .of(exchange)
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
              if (person instanceof Person.ApiKeyHolder) {
                return Future.failedFuture(
                    new OAuthException(
                        403, "access_denied", "Only a person may decide, not an API key"));
              }
              Challenges.challenge(exchange);
              return Future.failedFuture(
                  new OAuthException(401, "unauthorized", "Authentication required"));
            });
  }

  private Future<JsonObject> decide(
      Exchange exchange, Person.SignedIn person, String code, boolean allow) {
    if (!UserCode.isComplete(code)) {
      return Future.failedFuture(wrongCode());
    }
    return attempt(
            exchange,
            person.userId(),
            () ->
                bus.ask(
                    DeviceVerticle.DECIDE,
                    new DeviceQuestion.Decide(code, person.userId(), allow, false),
                    patience),
            decided -> decided.outcome() != DeviceAnswer.Outcome.UNKNOWN)
        .compose(
            decided -> {
              switch (decided.outcome()) {
                case DONE -> {
                  return Future.succeededFuture(new JsonObject().put("success", true));
                }
                case UNKNOWN -> {
                  return Future.failedFuture(wrongCode());
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
}
