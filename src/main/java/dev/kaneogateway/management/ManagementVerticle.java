package dev.kaneogateway.management;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.KaneoSchema;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.OwnRequests;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.sqlclient.Pool;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The port for operators: {@code /metrics}, {@code /health/live}, {@code /health/ready}. Looks
 * after the database and Kaneo once a second, so that an answer costs neither of them anything.
 */
public final class ManagementVerticle extends VerticleBase {
  private static final long LOOK_EVERY_MS = 1000;
  private static final long PATIENCE_MS = 2000;

  private final Settings settings;
  private final GatewayMetrics metrics;
  private final Health health;
  private final Pool pool;
  private @Nullable HttpServer server;
  private @Nullable HttpClient client;

  public ManagementVerticle(Settings settings, GatewayMetrics metrics, Health health, Pool pool) {
    this.settings = settings;
    this.metrics = metrics;
    this.health = health;
    this.pool = pool;
  }

  @Override
  public Future<?> start() {
    client =
        vertx.createHttpClient(
            new HttpClientOptions().setConnectTimeout((int) PATIENCE_MS).setKeepAliveTimeout(4));
    for (String part : new String[] {"database", "kaneo"}) {
      metrics.gauge(
          part + "_up",
          "Whether the " + part + " answered when last asked.",
          () -> health.isUp(part) ? 1 : 0);
    }
    look();
    Router router = Router.router(vertx);
    router.get("/metrics").handler(this::scrape);
    router.get("/health/live").handler(context -> json(context, 200, "{\"status\":\"live\"}"));
    router
        .get("/health/ready")
        .handler(context -> json(context, health.isReady() ? 200 : 503, health.toJson().encode()));
    server =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost(settings.management().host())
                    .setPort(settings.management().port())
                    .setHttp2ClearTextEnabled(false)
                    .setIdleTimeout(60))
            .requestHandler(router);
    return server.listen();
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
    context
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .putHeader("Cache-Control", "no-store")
        .end(body);
  }

  private void look() {
    Future<?> database =
        KaneoSchema.probe(pool)
            .timeout(PATIENCE_MS, TimeUnit.MILLISECONDS)
            .onComplete(
                schema ->
                    health.report(
                        "database",
                        schema.usable(),
                        schema.usable() ? "" : "lacks " + String.join(", ", schema.missing())),
                failure -> health.report("database", false, "does not answer"));
    Future<?> kaneo =
        askKaneo(settings.upstream().api().get(0))
            .onComplete(
                status ->
                    health.report("kaneo", status < 500, status < 500 ? "" : "answers " + status),
                failure -> health.report("kaneo", false, "does not answer"));
    Future.join(database, kaneo).onComplete(all -> vertx.setTimer(LOOK_EVERY_MS, id -> look()));
  }

  private Future<Integer> askKaneo(URI kaneo) {
    HttpClient asking = client;
    if (asking == null) {
      return Future.failedFuture("not started");
    }
    return asking
        .request(
            OwnRequests.to(kaneo, HttpMethod.GET, "/api/health", Duration.ofMillis(PATIENCE_MS)))
        .compose(request -> request.send())
        .compose(response -> response.end().map(response.statusCode()));
  }
}
