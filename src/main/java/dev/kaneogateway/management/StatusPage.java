package dev.kaneogateway.management;

import static dev.kaneogateway.management.RecentProblems.Problem;

import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.Tally;
import dev.kaneogateway.metrics.Totals;
import dev.kaneogateway.web.ClassPath;
import dev.kaneogateway.web.HttpDate;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.templ.handlebars.HandlebarsTemplateEngine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One page that says whether all is well, for those without Grafana: no script, nothing from
 * elsewhere, nothing secret. Confined to one event loop.
 */
final class StatusPage {
  static final String STYLE = "/status.css";
  static final long SAMPLE_EVERY_MS = 5000;

  private static final String TEMPLATE = "management/status.hbs";
  private static final int MINUTE = (int) (60_000 / SAMPLE_EVERY_MS);
  private static final int REFRESH_S = 10;

  private final Vertx vertx;
  private final GatewayMetrics metrics;
  private final Health health;
  private final Clock clock;
  private final String version;
  private final Instant started;
  private final HandlebarsTemplateEngine engine;
  private final String style = ClassPath.text("/management/status.css");
  private final TrafficHistory history = new TrafficHistory(Duration.ofMillis(SAMPLE_EVERY_MS));
  private final RecentProblems problems = new RecentProblems();

  StatusPage(Vertx vertx, GatewayMetrics metrics, Health health, Clock clock, String version) {
    this.vertx = vertx;
    this.metrics = metrics;
    this.health = health;
    this.clock = clock;
    this.version = version;
    this.started = clock.instant();
    this.engine = ClassPath.templates(vertx, "/management");
    history.add(metrics.totals(started));
  }

  /** Reads and compiles the template, which blocks, so that no request has to. */
  Future<?> load() {
    return engine.render(model(true), TEMPLATE);
  }

  /** Takes a reading of what is counted. */
  void sample() {
    Totals now = metrics.totals(clock.instant());
    history.last().ifPresent(before -> problems.counted(before, now));
    history.add(now);
  }

  /** The parts have just been looked after. */
  void sawParts() {
    problems.saw(health.parts(), clock.instant());
  }

  /** The page, which a browser asks for again by itself unless told not to. */
  void show(RoutingContext context) {
    boolean refresh = !"off".equals(context.request().getParam("refresh"));
    Map<String, Object> model = model(refresh);
    // Filling the template takes a millisecond or more, which no event loop has to spare.
    vertx
        .executeBlocking(() -> engine.render(model, TEMPLATE))
        .compose(rendered -> rendered)
        .onSuccess(
            page -> {
              HttpServerResponse response = harden(context.response());
              if (refresh) {
                response.putHeader("Refresh", Integer.toString(REFRESH_S));
              }
              response
                  .putHeader("Content-Type", "text/html;charset=UTF-8")
                  .putHeader("Cache-Control", "no-store")
                  .end(page);
            })
        .onFailure(context::fail);
  }

  /** Its looks. */
  void style(RoutingContext context) {
    harden(context.response())
        .putHeader("Content-Type", "text/css;charset=UTF-8")
        .putHeader("Cache-Control", "public, max-age=3600")
        .end(style);
  }

  private static HttpServerResponse harden(HttpServerResponse response) {
    return response
        .putHeader("Date", HttpDate.now())
        .putHeader(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none';"
                + " form-action 'none'; base-uri 'none'")
        .putHeader("Referrer-Policy", "same-origin")
        .putHeader("X-Content-Type-Options", "nosniff");
  }

  private Map<String, Object> model(boolean refresh) {
    Instant now = clock.instant();
    List<Health.Part> parts = health.parts();
    boolean ready = health.isReady();
    boolean troubled = parts.stream().anyMatch(part -> part.state() == Health.State.DOWN);
    Map<String, Object> model = new HashMap<>();
    model.put("state", ready ? troubled ? "warn" : "good" : "bad");
    model.put(
        "verdict", ready ? troubled ? "Serving, but not all is well" : "All is well" : "Not ready");
    model.put("version", version);
    model.put(
        "started",
        Figures.when(started, now)
            + ", "
            + Figures.length(Duration.between(started, now))
            + " ago");
    model.put("now", Figures.clock(now));
    model.put("refresh", refresh);
    model.put("seconds", REFRESH_S);
    model.put("styleVersion", Integer.toHexString(style.hashCode()));
    model.put("parts", parts.stream().map(part -> part(part, now)).toList());
    model.put("charts", charts());
    model.put("problems", problems.all().stream().map(each -> problem(each, now)).toList());
    return model;
  }

  /** None where nothing is counted: a line at 0 would say that nobody asks and nothing fails. */
  private List<Map<String, Object>> charts() {
    if (!metrics.measured()) {
      return List.of();
    }
    return List.of(
        new Chart("Requests", value -> Figures.rate(value, "/s"))
            .line(
                "requests",
                "a",
                history.over(
                    3, (before, after) -> Optional.of(after.rateSince(before, Tally.REQUESTS))))
            .model(),
        new Chart("Time to answer", Figures::time)
            .line("the slowest in a hundred", "b", history.over(MINUTE, quantile(0.99)))
            .line("half of them within", "a", history.over(MINUTE, quantile(0.5)))
            .model(),
        new Chart("Refused and failed", value -> Figures.rate(value, "/min"))
            .line("401, no good credential", "a", history.over(MINUTE, count(Tally.REFUSED)))
            .line("429, over a limit", "b", history.over(MINUTE, count(Tally.LIMITED)))
            .line("5xx, failed", "c", history.over(MINUTE, count(Tally.SERVER_ERRORS)))
            .model(),
        new Chart("Device sign-ins", value -> Figures.rate(value, "/min"))
            .line("codes asked for", "a", history.over(MINUTE, count(Tally.DEVICES_STARTED)))
            .line("signed in", "d", history.over(MINUTE, count(Tally.DEVICES_SIGNED_IN)))
            .line("wrong codes", "b", history.over(MINUTE, count(Tally.USER_CODES_UNKNOWN)))
            .model());
  }

  private static TrafficHistory.Measure count(Tally tally) {
    return (before, after) -> Optional.of(after.since(before, tally));
  }

  private static TrafficHistory.Measure quantile(double share) {
    return (before, after) -> after.quantileSince(before, share);
  }

  private static Map<String, Object> part(Health.Part part, Instant now) {
    return Map.of(
        "name", part.name(),
        "state",
            switch (part.state()) {
              case UP -> "good";
              case DOWN -> "bad";
              case UNUSED -> "idle";
            },
        "word", part.state().word(),
        "detail", part.detail(),
        "since", Figures.when(part.since(), now),
        "age", Figures.length(Duration.between(part.since(), now)));
  }

  private static Map<String, Object> problem(Problem problem, Instant now) {
    String times = problem.times() > 1 ? " (" + Figures.count(problem.times()) + " times)" : "";
    String from = Figures.when(problem.since(), now);
    String to = Figures.when(problem.last(), now);
    String when = problem.lasting() ? "since " + from : from.equals(to) ? from : from + " to " + to;
    return Map.of(
        "what",
        problem.what() + times,
        "remedy",
        problem.remedy(),
        "when",
        when,
        "state",
        problem.lasting() ? "bad" : "over");
  }
}
