package dev.kaneogateway.management;

import static java.util.Objects.requireNonNull;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.GuardedPorts;
import dev.kaneogateway.web.HttpDate;
import dev.kaneogateway.web.OwnRequests;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.sqlclient.Pool;
import java.net.URI;
import java.time.Clock;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The port for operators: the status page at {@code /}, {@code /metrics}, {@code /health/live},
 * {@code /health/ready}. Has the database and Kaneo looked after once a second.
 */
public final class ManagementVerticle extends VerticleBase {
  private static final long LOOK_EVERY_MS = 1000;
  private static final String TEXT = "text/plain;charset=UTF-8";

  private final Settings settings;
  private final GatewayMetrics metrics;
  private final Health health;
  private final LongSupplier stalledLoops;
  private final BiConsumer<URI, Boolean> kaneoChecked;
  private final Pool pool;
  private final Clock clock;
  private final String version;
  private final ManagementDoor door;
  private @Nullable HttpServer server;
  private @Nullable HealthWatch watch;
  private boolean stopped;

  public ManagementVerticle(
      Settings settings,
      GatewayMetrics metrics,
      Health health,
      LongSupplier stalledLoops,
      BiConsumer<URI, Boolean> kaneoChecked,
      Pool pool,
      Clock clock,
      String version) {
    this.settings = settings;
    this.metrics = metrics;
    this.health = health;
    this.stalledLoops = stalledLoops;
    this.kaneoChecked = kaneoChecked;
    this.pool = pool;
    this.clock = clock;
    this.version = version;
    this.door = new ManagementDoor(settings.management().connections(), metrics);
  }

  @Override
  public Future<?> start() {
    for (String part : new String[] {"database", "kaneo"}) {
      metrics.gauge(
          part + "_up",
          "Whether the " + part + " answered when last asked.",
          () -> health.isUp(part) ? 1 : 0);
    }
    HealthWatch watching =
        new HealthWatch(
            vertx, OwnRequests.client(vertx), pool, health, stalledLoops, kaneoChecked, settings);
    watch = watching;
    StatusPage page = new StatusPage(vertx, metrics, health, clock, version);
    Router router = Router.router(vertx);
    reading(router.route("/metrics")).handler(this::scrape);
    reading(router.route("/health/live"))
        .handler(context -> json(context, 200, "{\"status\":\"live\"}"));
    reading(router.route("/health/ready"))
        .handler(context -> json(context, health.isReady() ? 200 : 503, health.toJson().encode()));
    reading(router.route("/")).handler(page::show);
    reading(router.route(StatusPage.STYLE)).handler(page::style);
    router.errorHandler(
        404, context -> text(context, 404, "Here are /, /metrics, /health/live, /health/ready.\n"));
    router.errorHandler(
        405,
        context -> {
          context.response().putHeader("Allow", "GET, HEAD");
          text(context, 405, "Only GET and HEAD are answered here.\n");
        });
    HttpServer listening =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost(settings.management().host())
                    .setPort(settings.management().port())
                    .setHttp2ClearTextEnabled(false)
                    .setIdleTimeout(60))
            .requestHandler(router);
    server = listening;
    return page.load()
        .compose(loaded -> listening.listen())
        .onSuccess(
            bound -> {
              GuardedPorts.keepDoor(bound.actualPort(), door);
              vertx.setPeriodic(StatusPage.SAMPLE_EVERY_MS, id -> page.sample());
              look(watching, page);
            });
  }

  @Override
  public Future<?> stop() {
    stopped = true;
    GuardedPorts.leaveDoor(port(), door);
    return Future.succeededFuture();
  }

  private static Route reading(Route route) {
    return route.method(HttpMethod.GET).method(HttpMethod.HEAD);
  }

  private void look(HealthWatch watching, StatusPage page) {
    watching
        .look()
        .onComplete(
            looked -> {
              if (stopped) {
                return;
              }
              page.sawParts();
              vertx.setTimer(LOOK_EVERY_MS, id -> look(watching, page));
            });
  }

  /** Looks after what changed settings name. */
  public void renew(Settings next) {
    context.runOnContext(go -> requireNonNull(watch).renew(next));
  }

  /** The port that was bound. */
  public int port() {
    return server == null ? -1 : server.actualPort();
  }

  private void scrape(RoutingContext context) {
    String accept = context.request().getHeader("Accept");
    String type =
        accept != null && accept.contains("application/openmetrics-text")
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
            : "text/plain; version=0.0.4; charset=utf-8";
    // Writing out some thousand series takes milliseconds, which no event loop has to spare.
    vertx
        .executeBlocking(() -> metrics.scrape(type))
        .onSuccess(text -> context.response().putHeader("Content-Type", type).end(text))
        .onFailure(context::fail);
  }

  private static void json(RoutingContext context, int status, String body) {
    answer(context, status, "application/json", body);
  }

  private static void text(RoutingContext context, int status, String body) {
    answer(context, status, TEXT, body);
  }

  private static void answer(RoutingContext context, int status, String type, String body) {
    HttpServerResponse response = context.response();
    response
        .setStatusCode(status)
        .putHeader("Content-Type", type)
        .putHeader("Date", HttpDate.now())
        .putHeader("Cache-Control", "no-store")
        .end(body);
  }
}
