package dev.kaneogateway.management;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.db.KaneoSchema;
import dev.kaneogateway.web.OwnRequests;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.sqlclient.Pool;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Tries what the settings name, and says of each part whether it is well or how to mend it. */
public final class Check {
  private static final long PATIENCE_MS = 3000;

  private final Vertx vertx;
  private final Settings settings;

  /**
   * One thing looked at.
   *
   * @param well whether it is as it should be
   * @param line what was found, and if it is not well what to do
   */
  public record Finding(boolean well, String line) {}

  public Check(Vertx vertx, Settings settings) {
    this.vertx = vertx;
    this.settings = settings;
  }

  /** Looks at everything; never fails. */
  public Future<List<Finding>> run() {
    List<Future<Finding>> asked = new ArrayList<>();
    asked.add(database());
    settings
        .upstream()
        .api()
        .forEach(uri -> asked.add(upstream("KANEO_UPSTREAM_URL", uri, "/api/health")));
    settings
        .upstream()
        .web()
        .forEach(uri -> asked.add(upstream("KANEO_WEB_UPSTREAM_URL", uri, "/")));
    asked.add(Future.succeededFuture(secret()));
    return Future.all(asked).map(all -> all.list());
  }

  private Future<Finding> database() {
    Pool pool = Database.pool(vertx, settings.database());
    return KaneoSchema.probe(pool)
        .timeout(PATIENCE_MS, TimeUnit.MILLISECONDS)
        .map(
            schema ->
                schema.usable()
                    ? new Finding(true, "database: reachable, and its tables are Kaneo's")
                    : new Finding(
                        false,
                        "database: reachable but lacks "
                            + String.join(", ", schema.missing())
                            + "; let Kaneo finish its migrations, or point DATABASE_URL at Kaneo's database"))
        .otherwise(
            failure ->
                new Finding(
                    false,
                    "database: cannot be used ("
                        + reason(failure)
                        + "); check host, port, user and password in DATABASE_URL and that PostgreSQL lets this machine in"))
        .eventually(pool::close);
  }

  private Future<Finding> upstream(String setting, URI uri, String path) {
    return vertx
        .createHttpClient(new HttpClientOptions().setConnectTimeout((int) PATIENCE_MS))
        .request(OwnRequests.to(uri, HttpMethod.GET, path, Duration.ofMillis(PATIENCE_MS)))
        .compose(request -> request.send())
        .map(
            response ->
                response.statusCode() < 400
                    ? new Finding(true, "kaneo: " + uri + " answers")
                    : new Finding(
                        false,
                        "kaneo: "
                            + uri
                            + path
                            + " answers "
                            + response.statusCode()
                            + "; check that "
                            + setting
                            + " names Kaneo itself"))
        .otherwise(
            failure ->
                new Finding(
                    false,
                    "kaneo: "
                        + uri
                        + " does not answer ("
                        + reason(failure)
                        + "); start Kaneo or correct "
                        + setting));
  }

  private Finding secret() {
    return settings.credentials().authSecret().isPresent()
        ? new Finding(true, "secret: AUTH_SECRET is set, so signed tokens are checked here")
        : new Finding(true, "secret: AUTH_SECRET is not set, so signatures are left to Kaneo");
  }

  private static String reason(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }
}
