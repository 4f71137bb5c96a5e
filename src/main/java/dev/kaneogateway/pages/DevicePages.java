package dev.kaneogateway.pages;

import dev.kaneogateway.auth.People;
import dev.kaneogateway.auth.Person;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.device.DeviceAnswer;
import dev.kaneogateway.device.DeviceQuestion;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.device.UserCode;
import dev.kaneogateway.limits.ClientKey;
import dev.kaneogateway.limits.DeviceLimits;
import dev.kaneogateway.limits.Excess;
import dev.kaneogateway.limits.Refusal;
import dev.kaneogateway.limits.RetryFields;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.Route;
import dev.kaneogateway.web.Bodies;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Seals;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * The approval page under {@code /device}: sign-in, entry, confirmation, decision, result. A GET
 * changes nothing; every POST is checked for where it comes from and what page it belongs to, and
 * ends in 303. One for each event loop.
 */
public final class DevicePages {
  private static final String PATH = "/device";
  private static final String CODE_COOKIE = "kaneo_gateway_device";
  private static final Map<String, String> ALLOWED =
      Map.of(
          PATH,
          "GET, HEAD, POST",
          PATH + "/confirm",
          "GET, HEAD",
          PATH + "/result",
          "GET, HEAD",
          PATH + "/style.css",
          "GET, HEAD",
          PATH + "/sign-in",
          "POST",
          PATH + "/sign-out",
          "POST",
          PATH + "/decision",
          "POST");
  private static final Set<String> OUTCOMES =
      Set.of("allowed", "denied", "expired", "used", "limit", "trouble");

  private final Settings settings;
  private final Bus bus;
  private final People people;
  private final DeviceLimits limits;
  private final Clock clock;
  private final PageWriter writer;
  private final KaneoSignIn kaneo;
  private final Seals seals;
  private final Set<String> ownOrigins = new HashSet<>();
  private final String style;

  public DevicePages(
      Vertx vertx,
      HttpClient client,
      Settings settings,
      Bus bus,
      People people,
      DeviceLimits limits,
      GatewayMetrics metrics,
      Clock clock) {
    this.settings = settings;
    this.bus = bus;
    this.people = people;
    this.limits = limits;
    this.clock = clock;
    this.kaneo = new KaneoSignIn(client, settings);
    this.seals = new Seals(People.pageSecret(settings));
    for (URI url : List.of(settings.kaneo().publicUrl(), settings.kaneo().clientUrl())) {
      ownOrigins.add(url.getScheme() + "://" + url.getRawAuthority());
    }
    this.style = resource("/pages/style.css");
    this.writer = new PageWriter(vertx, style, metrics);
  }

  /** Gets the template ready; to be awaited before the first request. */
  public Future<?> load() {
    return writer.load();
  }

  /** Whether a path is answered here. */
  public boolean owns(String path) {
    return path.equals(PATH) || path.startsWith(PATH + "/");
  }

  /** Answers a request, now or later. */
  public void handle(Exchange exchange) {
    exchange.route(Route.PAGE);
    HttpMethod method = exchange.request().method();
    boolean get = method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
    String key = (get ? "GET " : method.name() + " ") + exchange.head().path();
    switch (key) {
      case "GET " + PATH -> withPerson(exchange, this::open, this::signInPage);
      case "GET " + PATH + "/confirm" -> withPerson(exchange, this::confirm, this::signInPage);
      case "GET " + PATH + "/result" -> result(exchange);
      case "GET " + PATH + "/style.css" -> writer.style(exchange, style);
      case "POST " + PATH -> withForm(exchange, this::enter);
      case "POST " + PATH + "/sign-in" -> withForm(exchange, this::signIn);
      case "POST " + PATH + "/sign-out" -> withForm(exchange, this::signOut);
      case "POST " + PATH + "/decision" -> withForm(exchange, this::decide);
      default -> {
        String allow = ALLOWED.getOrDefault(exchange.head().path(), "");
        if (!allow.isEmpty()) {
          exchange.response().putHeader("Allow", allow);
        }
        problem(exchange, allow.isEmpty() ? 404 : 405, "notfound");
      }
    }
  }

  /** Refuses a request of one who asks too often, or that is more than can be under way at once. */
  public void refuse(Exchange exchange, Refusal refusal) {
    exchange.route(Route.PAGE);
    RetryFields.put(exchange.response(), refusal);
    problem(exchange, refusal.status(), refusal instanceof Excess ? "limit" : "trouble");
  }

  // --- what a person sees
  // -------------------------------------------------------------------------

  private void open(Exchange exchange, Person.SignedIn person) {
    String code = UserCode.normalize(Form.ofQuery(exchange.head().target()).get("user_code"));
    if (code.isEmpty()) {
      entryPage(exchange, person, 200, "", "");
    } else {
      showRequest(exchange, person, code, true, "");
    }
  }

  private void confirm(Exchange exchange, Person.SignedIn person) {
    String code = codeCookie(exchange, person);
    if (code.isEmpty()) {
      writer.redirect(exchange, PATH);
    } else {
      showRequest(exchange, person, code, false, "");
    }
  }

  private void showRequest(
      Exchange exchange, Person.SignedIn person, String code, boolean byLink, String error) {
    find(exchange, person, code, false)
        .onSuccess(
            found -> {
              if (found.isPresent() && found.get().isOpenFor(person.userId())) {
                confirmPage(exchange, person, found.get(), byLink, error);
              } else {
                notOpen(exchange, person, code, found);
              }
            })
        .onFailure(failure -> trouble(exchange, failure));
  }

  /** Whose code it is decides what is told: to strangers unknown, expired and taken are one. */
  private void notOpen(
      Exchange exchange,
      Person.SignedIn person,
      String code,
      Optional<DeviceAnswer.Request> found) {
    boolean own =
        found.flatMap(DeviceAnswer.Request::owner).map(person.userId()::equals).orElse(false);
    if (own && !found.map(r -> r.status().equals("pending")).orElse(false)) {
      writer.redirect(exchange, PATH + "/result?outcome=used");
    } else if (own) {
      writer.redirect(exchange, PATH + "/result?outcome=expired");
    } else {
      entryPage(exchange, person, 422, UserCode.display(code), "error.code");
    }
  }

  private void entryPage(
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

  private void confirmPage(
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
                              Duration.between(clock.instant(), request.expiresAt()).toMinutes()))
                      .put("days", days)
                      .put("oneDay", days == 1);
              writer.show(exchange, error.isEmpty() ? 200 : 422, "confirm", model);
            })
        .onFailure(failure -> trouble(exchange, failure));
  }

  private void signInPage(Exchange exchange) {
    String query = UserCode.normalize(Form.ofQuery(exchange.head().target()).get("user_code"));
    signInPage(exchange, 200, query, "", "");
  }

  private void signInPage(Exchange exchange, int status, String code, String email, String error) {
    String back = PATH + (code.isEmpty() ? "" : "?user_code=" + code);
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

  private void result(Exchange exchange) {
    String outcome = Form.ofQuery(exchange.head().target()).get("outcome");
    String known = OUTCOMES.contains(outcome) ? outcome : "trouble";
    JsonObject model =
        new JsonObject()
            .put("settingsUrl", settings.kaneo().clientUrl() + "/dashboard/settings/account");
    writer.show(exchange, 200, known, model.put("result", true));
  }

  // --- what a person does
  // -------------------------------------------------------------------------

  private void enter(Exchange exchange, Form form) {
    withPerson(
        exchange,
        (asked, person) -> {
          if (!seals.holds(form.get("seal"), person.sessionId(), "enter")) {
            forbidden(asked);
            return;
          }
          String code = UserCode.normalize(form.get("user_code"));
          if (!UserCode.isComplete(code)) {
            entryPage(asked, person, 422, form.get("user_code"), "error.length");
            return;
          }
          find(asked, person, code, true)
              .onSuccess(
                  found -> {
                    if (found.isPresent() && found.get().isOpenFor(person.userId())) {
                      setCodeCookie(asked, person, code);
                      writer.redirect(asked, PATH + "/confirm");
                    } else {
                      notOpen(asked, person, code, found);
                    }
                  })
              .onFailure(failure -> trouble(asked, failure));
        },
        asked -> signInFirst(asked, form));
  }

  private void decide(Exchange exchange, Form form) {
    withPerson(
        exchange,
        (asked, person) -> {
          String code = form.get("user_code");
          String way = form.get("way");
          if (!seals.holds(form.get("seal"), person.sessionId(), "decide", code, way)) {
            forbidden(asked);
            return;
          }
          boolean allow = form.get("decision").equals("allow");
          if (!allow && !form.get("decision").equals("deny")) {
            forbidden(asked);
          } else if (allow && way.equals("link") && !form.get("seen").equals("yes")) {
            showRequest(asked, person, code, true, "error.tick");
          } else {
            conclude(asked, person, code, allow);
          }
        },
        asked -> signInFirst(asked, form));
  }

  /** A session that ended between two steps must not cost the person the code. */
  private void signInFirst(Exchange exchange, Form form) {
    String code = UserCode.normalize(form.get("user_code"));
    writer.redirect(exchange, PATH + (code.isEmpty() ? "" : "?user_code=" + code));
  }

  private void conclude(Exchange exchange, Person.SignedIn person, String code, boolean allow) {
    bus.ask(
            DeviceVerticle.DECIDE,
            new DeviceQuestion.Decide(code, person.userId(), allow, true),
            patience())
        .onSuccess(
            decided -> {
              clearCodeCookie(exchange);
              String outcome =
                  switch (decided.outcome()) {
                    case DONE -> allow ? "allowed" : "denied";
                    case PROCESSED -> "used";
                    default -> "expired";
                  };
              writer.redirect(exchange, PATH + "/result?outcome=" + outcome);
            })
        .onFailure(failure -> trouble(exchange, failure));
  }

  private void signIn(Exchange exchange, Form form) {
    String code = UserCode.normalize(form.get("user_code"));
    String email = form.get("email").strip();
    if (email.isEmpty() || form.get("password").isEmpty()) {
      signInPage(exchange, 422, code, email, "error.signin.empty");
      return;
    }
    kaneo
        .signIn(exchange, email, form.get("password"))
        .onSuccess(
            word -> {
              if (word.signedIn()) {
                word.cookies()
                    .forEach(cookie -> exchange.response().headers().add("Set-Cookie", cookie));
                writer.redirect(exchange, PATH + (code.isEmpty() ? "" : "?user_code=" + code));
              } else {
                String error =
                    word.status() == 401
                        ? "error.signin.wrong"
                        : word.status() == 429
                            ? "error.signin.often"
                            : word.status() == 200
                                ? "error.signin.more"
                                : word.status() == 403 && !word.message().isEmpty()
                                    ? word.message()
                                    : word.status() < 500 ? "error.signin.wrong" : "error.trouble";
                signInPage(exchange, word.status() < 500 ? 422 : 503, code, email, error);
              }
            })
        .onFailure(away -> signInPage(exchange, 503, code, email, "error.trouble"));
  }

  private void signOut(Exchange exchange, Form form) {
    String code = UserCode.normalize(form.get("user_code"));
    kaneo
        .signOut(exchange)
        .onSuccess(
            word -> {
              if (word.status() >= 400) {
                problem(exchange, 503, "trouble");
                return;
              }
              word.cookies()
                  .forEach(cookie -> exchange.response().headers().add("Set-Cookie", cookie));
              writer.redirect(exchange, PATH + (code.isEmpty() ? "" : "?user_code=" + code));
            })
        .onFailure(failure -> trouble(exchange, failure));
  }

  // --- what every step needs
  // ----------------------------------------------------------------------

  private void withPerson(
      Exchange exchange,
      BiConsumer<Exchange, Person.SignedIn> signedIn,
      java.util.function.Consumer<Exchange> nobody) {
    people
        .of(exchange.request().headers())
        .onSuccess(
            person -> {
              if (person instanceof Person.SignedIn known) {
                signedIn.accept(exchange, known);
              } else if (person instanceof Person.Unknown) {
                problem(exchange, 503, "trouble");
              } else {
                nobody.accept(exchange);
              }
            });
  }

  private void withForm(Exchange exchange, BiConsumer<Exchange, Form> step) {
    if (!comesFromOwnPage(exchange) || !Form.isForm(exchange.request().getHeader("Content-Type"))) {
      forbidden(exchange);
      return;
    }
    Bodies.read(exchange)
        .onSuccess(body -> step.accept(exchange, Form.of(body)))
        .onFailure(
            failure ->
                problem(exchange, failure instanceof Bodies.TooLarge ? 413 : 400, "forbidden"));
  }

  /** Origin and Fetch Metadata: what a browser adds to every post and no page can forge. */
  private boolean comesFromOwnPage(Exchange exchange) {
    String site = exchange.request().getHeader("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin") && !site.equals("none")) {
      return false;
    }
    List<String> origins = exchange.request().headers().getAll("Origin");
    if (origins.size() != 1) {
      return false;
    }
    String self = exchange.origin().scheme() + "://" + exchange.origin().host();
    return ownOrigins.contains(origins.get(0)) || origins.get(0).equals(self);
  }

  private Future<Optional<DeviceAnswer.Request>> find(
      Exchange exchange, Person.SignedIn person, String code, boolean claim) {
    String address = ClientKey.ofAddress(exchange.origin().address());
    if (limits.isGuessing(person.userId(), address)) {
      return Future.failedFuture(new TooManyTries(limits.guesses(person.userId(), address)));
    }
    Optional<String> claimant = claim ? Optional.of(person.userId()) : Optional.empty();
    return bus.ask(DeviceVerticle.LOOK, new DeviceQuestion.Look(code, claimant), patience())
        .compose(
            looked -> {
              // To a stranger a code of others, or an ended one, is as wrong as one nobody has.
              boolean right =
                  looked
                      .request()
                      .filter(
                          r ->
                              r.isOpenFor(person.userId())
                                  || r.owner().map(person.userId()::equals).orElse(false))
                      .isPresent();
              if (!right && !limits.guessed(person.userId(), address)) {
                return Future.failedFuture(
                    new TooManyTries(limits.guesses(person.userId(), address)));
              }
              return Future.succeededFuture(looked.request());
            });
  }

  private static final class TooManyTries extends Exception {
    private final Excess excess;

    TooManyTries(Excess excess) {
      super("too many tries", null, false, false);
      this.excess = excess;
    }
  }

  private Future<DeviceAnswer.AccountIs> account(Person.SignedIn person) {
    return bus.ask(DeviceVerticle.ACCOUNT, new DeviceQuestion.Account(person.userId()), patience());
  }

  private static JsonObject model(DeviceAnswer.AccountIs account) {
    return new JsonObject().put("email", account.email()).put("name", account.name());
  }

  private void trouble(Exchange exchange, Throwable failure) {
    if (failure instanceof TooManyTries tries) {
      refuse(exchange, tries.excess);
    } else {
      exchange.response().putHeader("Retry-After", "2");
      problem(exchange, 503, "trouble");
    }
  }

  private void forbidden(Exchange exchange) {
    problem(exchange, 403, "forbidden");
  }

  private void problem(Exchange exchange, int status, String view) {
    writer.show(exchange, status, view, new JsonObject().put("result", true));
  }

  private static String way(boolean byLink) {
    return byLink ? "link" : "typed";
  }

  private String codeCookie(Exchange exchange, Person.SignedIn person) {
    for (String header : exchange.request().headers().getAll("Cookie")) {
      for (String pair : header.split(";")) {
        String[] parts = pair.strip().split("=", 2);
        if (parts.length == 2 && parts[0].equals(CODE_COOKIE)) {
          String[] sealed = parts[1].split("\\.", 2);
          return sealed.length == 2
                  && seals.holds(sealed[1], person.sessionId(), "typed", sealed[0])
              ? sealed[0]
              : "";
        }
      }
    }
    return "";
  }

  private void setCodeCookie(Exchange exchange, Person.SignedIn person, String code) {
    exchange
        .response()
        .headers()
        .add(
            "Set-Cookie",
            CODE_COOKIE
                + "="
                + code
                + "."
                + seals.seal(person.sessionId(), "typed", code)
                + cookieAttributes(exchange, settings.device().codeLife().toSeconds()));
  }

  private void clearCodeCookie(Exchange exchange) {
    exchange
        .response()
        .headers()
        .add("Set-Cookie", CODE_COOKIE + "=" + cookieAttributes(exchange, 0));
  }

  private static String cookieAttributes(Exchange exchange, long maxAge) {
    String secure = exchange.origin().scheme().equals("https") ? "; Secure" : "";
    return "; Path=" + PATH + "; Max-Age=" + maxAge + "; HttpOnly; SameSite=Lax" + secure;
  }

  private static String absolute(java.time.Instant instant) {
    return DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT)
        .format(instant.atOffset(ZoneOffset.UTC));
  }

  private static String time(java.time.Instant instant) {
    return DateTimeFormatter.ofPattern("HH:mm 'UTC'", Locale.ROOT)
        .format(instant.atOffset(ZoneOffset.UTC));
  }

  private Duration patience() {
    return settings.device().patience().plusSeconds(1);
  }

  private static String resource(String name) {
    try (InputStream in = DevicePages.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
