package dev.kaneogateway.pages;

import dev.kaneogateway.auth.People;
import dev.kaneogateway.auth.Person;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Origins;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.device.UserCode;
import dev.kaneogateway.limits.DeviceLimits;
import dev.kaneogateway.limits.Refusal;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.Route;
import dev.kaneogateway.web.Bodies;
import dev.kaneogateway.web.ClassPath;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.RequestHead;
import dev.kaneogateway.web.Seals;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The approval page under {@code /device}: sign-in, entry, confirmation, decision, result. A GET
 * changes nothing; every POST is checked for where it comes from and what page it belongs to, and
 * ends in 303. One for each event loop.
 */
public final class DevicePages {
  static final String PATH = "/device";

  /** Where a sign-in leads: on, or to what hindered it. */
  static final String SIGNED_IN = PATH + "/signed-in";

  private static final Map<String, String> ALLOWED =
      Map.of(
          PATH,
          "GET, HEAD, POST",
          PATH + "/confirm",
          "GET, HEAD",
          PATH + "/approve",
          "GET, HEAD",
          PATH + "/result",
          "GET, HEAD",
          PATH + "/style.css",
          "GET, HEAD",
          PATH + "/sign-in",
          "GET, HEAD, POST",
          SIGNED_IN,
          "GET, HEAD",
          PATH + "/sign-out",
          "POST",
          PATH + "/decision",
          "GET, HEAD, POST");

  private final People people;
  private final PageWriter writer;
  private final PageViews views;
  private final DecisionSteps decision;
  private final SignInSteps signIn;
  private final Set<String> ownOrigins = new HashSet<>();
  private final String style;
  private final Duration bodyPatience;

  public DevicePages(
      Vertx vertx,
      HttpClient client,
      Settings settings,
      Bus bus,
      People people,
      DeviceLimits limits,
      Supplier<List<URI>> kaneos,
      GatewayMetrics metrics,
      Clock clock) {
    this.people = people;
    for (URI url : List.of(settings.kaneo().publicUrl(), settings.kaneo().clientUrl())) {
      ownOrigins.add(Origins.of(url));
    }
    this.bodyPatience = settings.limits().progressTimeout();
    Duration patience = DeviceVerticle.patience(settings.device());
    Seals seals = new Seals(People.pageSecret(settings));
    this.style = ClassPath.text("/pages/style.css");
    this.writer = new PageWriter(vertx, style, metrics);
    this.views = new PageViews(settings, bus, clock, writer, seals, patience);
    this.decision =
        new DecisionSteps(
            bus,
            new CodeSearch(bus, limits.guesses(), patience),
            new CodeCookie(seals, settings.device().codeLife()),
            seals,
            views,
            writer,
            patience);
    this.signIn = new SignInSteps(new KaneoSignIn(client, settings, kaneos), views, writer);
  }

  /** Gets the template ready; to be awaited before the first request. */
  public Future<?> load() {
    return writer.load();
  }

  /**
   * Whether a request is answered here: also one in another case or after several slashes, as
   * Kaneo's web app takes those for its own approval page, which asks for no tick.
   */
  public boolean owns(RequestHead head) {
    return isUnderPath(head.path()) || isUnderPath(head.merged());
  }

  private static boolean isUnderPath(String path) {
    return path.regionMatches(true, 0, PATH, 0, PATH.length())
        && (path.length() == PATH.length() || path.charAt(PATH.length()) == '/');
  }

  /** Answers a request, now or later. */
  public void handle(Exchange exchange) {
    exchange.route(Route.PAGE);
    HttpMethod method = exchange.request().method();
    boolean get = method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
    String path = exchange.head().path();
    if (get && !path.startsWith(PATH)) {
      toStart(exchange);
      return;
    }
    String key = (get ? "GET " : method.name() + " ") + path;
    switch (key) {
      case "GET " + PATH -> withPerson(exchange, decision::open, views::signInPage);
      case "GET " + PATH + "/confirm" -> withPerson(exchange, decision::confirm, views::signInPage);
      case "GET " + SIGNED_IN ->
          withPerson(exchange, (asked, person) -> toStart(asked), signIn::notKept);
      case "GET " + PATH + "/result" -> views.result(exchange);
      case "GET " + PATH + "/style.css" -> writer.style(exchange, style);
      case "POST " + PATH -> withForm(exchange, personally(decision::enter));
      case "POST " + PATH + "/sign-in" -> withForm(exchange, signIn::signIn);
      case "POST " + PATH + "/sign-out" -> withForm(exchange, this::signOut);
      case "POST " + PATH + "/decision" -> withForm(exchange, personally(decision::decide));
      // Where Kaneo's web app decides on a code without a load; a reload, or a provider it signs
      // people in with, leads here. Or somebody typed a slash.
      case "GET " + PATH + "/approve", "GET " + PATH + "/" -> toStart(exchange);
      // Where a browser stands after a refusal.
      case "GET " + PATH + "/sign-in", "GET " + PATH + "/decision" ->
          writer.redirect(exchange, PATH);
      default -> {
        String allow = ALLOWED.getOrDefault(path, "");
        if (!allow.isEmpty()) {
          exchange.response().putHeader("Allow", allow);
        }
        views.problem(exchange, allow.isEmpty() ? 404 : 405, "notfound");
      }
    }
  }

  /** Refuses a request of one who asks too often, or that is more than can be under way at once. */
  public void refuse(Exchange exchange, Refusal refusal) {
    exchange.route(Route.PAGE);
    views.refuse(exchange, refusal);
  }

  /** To where a person begins, with the code of the query. */
  private void toStart(Exchange exchange) {
    writer.redirectToStart(
        exchange, UserCode.normalize(Form.ofQuery(exchange.head().target()).get("user_code")));
  }

  /** Who goes leaves the code to whoever signs in next. */
  private void signOut(Exchange exchange, Form form) {
    withPerson(
        exchange,
        (asked, person) ->
            decision.release(person, form).onComplete(done -> signIn.signOut(asked, form)),
        asked -> signIn.signOut(asked, form));
  }

  /** A step of somebody signed in. */
  private interface PersonalStep {
    void take(Exchange exchange, Person.SignedIn person, Form form);
  }

  private BiConsumer<Exchange, Form> personally(PersonalStep step) {
    return (exchange, form) ->
        withPerson(
            exchange,
            (asked, person) -> step.take(asked, person, form),
            asked -> decision.signInFirst(asked, form));
  }

  private void withPerson(
      Exchange exchange,
      BiConsumer<Exchange, Person.SignedIn> signedIn,
      Consumer<Exchange> nobody) {
    people
        .of(exchange)
        .onSuccess(
            person -> {
              if (person instanceof Person.SignedIn known) {
                signedIn.accept(exchange, known);
              } else if (person instanceof Person.Unknown) {
                views.problem(exchange, 503, "trouble");
              } else {
                nobody.accept(exchange);
              }
            });
  }

  private void withForm(Exchange exchange, BiConsumer<Exchange, Form> step) {
    if (!comesFromOwnPage(exchange) || !Form.isForm(exchange.request().getHeader("Content-Type"))) {
      views.forbidden(exchange);
      return;
    }
    Bodies.read(exchange, bodyPatience)
        .onSuccess(body -> step.accept(exchange, Form.of(body)))
        .onFailure(
            failure -> {
              if (failure instanceof Bodies.TooSlow) {
                views.problem(exchange, 408, "trouble");
              } else if (!(failure instanceof Bodies.Left)) {
                views.problem(
                    exchange, failure instanceof Bodies.TooLarge ? 413 : 400, "forbidden");
              }
            });
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
}
