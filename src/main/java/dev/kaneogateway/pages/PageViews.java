package dev.kaneogateway.pages;

import dev.kaneogateway.auth.Person;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.device.DeviceAnswer;
import dev.kaneogateway.device.DeviceQuestion;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.device.UserCode;
import dev.kaneogateway.limits.CodeGuesses;
import dev.kaneogateway.limits.Excess;
import dev.kaneogateway.limits.Refusal;
import dev.kaneogateway.limits.RetryFields;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Seals;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Set;

/** What a person sees: each view with what it shows. One for each event loop. */
final class PageViews {
  private static final Set<String> OUTCOMES =
      Set.of("allowed", "denied", "late", "expired", "used", "trouble");

  private final Settings settings;
  private final Bus bus;
  private final Clock clock;
  private final PageWriter writer;
  private final Seals seals;
  private final Duration patience;

  PageViews(
      Settings settings, Bus bus, Clock clock, PageWriter writer, Seals seals, Duration patience) {
    this.settings = settings;
    this.bus = bus;
    this.clock = clock;
    this.writer = writer;
    this.seals = seals;
    this.patience = patience;
  }

  void entryPage(
      Exchange exchange, Person.SignedIn person, int status, String typed, String error) {
    account(person)
        .onSuccess(
            account ->
                writer.show(
                    exchange,
                    status,
                    "entry",
                    model(account)
                        .put("seal", seals.seal(person.sessionId(), "enter"))
                        .put("typed", typed)
                        .put("message", error)))
        .onFailure(failure -> trouble(exchange, failure));
  }

  void confirmPage(
      Exchange exchange,
      Person.SignedIn person,
      DeviceAnswer.Request request,
      boolean byLink,
      String error) {
    account(person)
        .onSuccess(
            account -> {
              String client = request.clientId();
              // Rounded up: never told to be shorter than it is.
              long days = (settings.device().sessionLife().toSeconds() + 86_399) / 86_400;
              long minutes = Duration.between(request.askedAt(), clock.instant()).toMinutes();
              JsonObject model =
                  model(account)
                      .put(
                          "seal",
                          seals.seal(person.sessionId(), "decide", request.userCode(), way(byLink)))
                      .put("way", way(byLink))
                      .put("byLink", byLink)
                      .put("code", request.userCode())
                      .put("codeShown", UserCode.display(request.userCode()))
                      .put("codeSpelt", String.join(" ", request.userCode().split("")))
                      .put("client", settings.device().clientNames().getOrDefault(client, client))
                      .put("scope", request.scope().orElse(""))
                      .put("address", request.address().filter(a -> !a.isEmpty()).orElse(""))
                      .put("software", request.software().filter(s -> !s.isEmpty()).orElse(""))
                      .put("askedAt", absolute(request.askedAt()))
                      .put("minutesAgo", minutes)
                      .put("agoNow", minutes < 1)
                      .put("agoOne", minutes == 1)
                      .put("agoMany", minutes > 1)
                      .put("message", error)
                      .put("until", time(request.expiresAt()))
                      .put(
                          "minutesLeft",
                          Math.max(
                              1,
                              Duration.between(clock.instant(), request.expiresAt().plusSeconds(59))
                                  .toMinutes()))
                      .put("days", days)
                      .put("oneDay", days == 1);
              writer.show(exchange, error.isEmpty() ? 200 : 422, "confirm", model);
            })
        .onFailure(failure -> trouble(exchange, failure));
  }

  void signInPage(Exchange exchange) {
    String query = UserCode.normalize(Form.ofQuery(exchange.head().target()).get("user_code"));
    signInPage(exchange, 200, query, "", "");
  }

  void signInPage(Exchange exchange, int status, String code, String email, String error) {
    String back = DevicePages.PATH + (code.isEmpty() ? "" : "?user_code=" + code);
    writer.show(
        exchange,
        status,
        "signin",
        new JsonObject()
            .put("code", code)
            .put("email", email)
            .put("message", error)
            .put("invalid", status == 422)
            .put(
                "otherWays",
                settings.kaneo().clientUrl()
                    + "/auth/sign-in?redirect="
                    + URLEncoder.encode(back, StandardCharsets.UTF_8)));
  }

  void result(Exchange exchange) {
    String outcome = Form.ofQuery(exchange.head().target()).get("outcome");
    String known = OUTCOMES.contains(outcome) ? outcome : "trouble";
    writer.show(exchange, 200, known, new JsonObject().put("result", true));
  }

  void trouble(Exchange exchange, Throwable failure) {
    if (failure instanceof CodeGuesses.TooMany tries) {
      refuse(exchange, tries.excess());
    } else {
      exchange.response().putHeader("Retry-After", "2");
      problem(exchange, 503, "trouble");
    }
  }

  void forbidden(Exchange exchange) {
    problem(exchange, 403, "forbidden");
  }

  void problem(Exchange exchange, int status, String view) {
    if (status == 503 && !exchange.response().headers().contains("Retry-After")) {
      exchange.response().putHeader("Retry-After", "2");
    }
    writer.show(exchange, status, view, new JsonObject().put("result", true));
  }

  /** Refuses a request of one who asks too often, or that is more than can be under way at once. */
  void refuse(Exchange exchange, Refusal refusal) {
    RetryFields.put(exchange.response(), refusal);
    if (refusal instanceof Excess) {
      // Rounded up: who waits so long is not refused again for coming early.
      long minutes = (refusal.retryAfterSeconds() + 59) / 60;
      writer.show(
          exchange,
          refusal.status(),
          "limit",
          new JsonObject().put("result", true).put("minutesToWait", minutes));
    } else {
      problem(exchange, refusal.status(), "trouble");
    }
  }

  private Future<DeviceAnswer.AccountIs> account(Person.SignedIn person) {
    return bus.ask(DeviceVerticle.ACCOUNT, new DeviceQuestion.Account(person.userId()), patience);
  }

  private static JsonObject model(DeviceAnswer.AccountIs account) {
    return new JsonObject().put("email", account.email()).put("name", account.name());
  }

  private static String way(boolean byLink) {
    return byLink ? "link" : "typed";
  }

  private static String absolute(java.time.Instant instant) {
    return DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT)
        .format(instant.atOffset(ZoneOffset.UTC));
  }

  private static String time(java.time.Instant instant) {
    return DateTimeFormatter.ofPattern("HH:mm 'UTC'", Locale.ROOT)
        .format(instant.atOffset(ZoneOffset.UTC));
  }
}
