package dev.kaneogateway.management;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.db.KaneoSchema;
import dev.kaneogateway.web.OwnRequests;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.internal.ContextInternal;
import io.vertx.sqlclient.Pool;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the database, every Kaneo and the event loops, and tells {@link Health}, so that an
 * answer about them costs neither of them anything; the log hears when one goes and returns.
 * Confined to one event loop.
 */
final class HealthWatch {
  private static final Logger LOG = LoggerFactory.getLogger(HealthWatch.class);

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** A long pause of a collection or of the host holds up loops too, and is over sooner. */
  private static final Duration STALL_ENDS_WITHIN = Duration.ofSeconds(10);

  /** What is not known yet is not well: the first look may take as long as who does not answer. */
  private static final String NOT_ASKED = "not asked yet";

  private final Vertx vertx;
  private final HttpClient client;
  private final Pool pool;
  private final Health health;
  private final LongSupplier stalledLoops;
  private final BiConsumer<URI, Boolean> kaneoChecked;
  private Settings settings;

  HealthWatch(
      Vertx vertx,
      HttpClient client,
      Pool pool,
      Health health,
      LongSupplier stalledLoops,
      BiConsumer<URI, Boolean> kaneoChecked,
      Settings settings) {
    this.vertx = vertx;
    this.client = client;
    this.pool = pool;
    this.health = health;
    this.stalledLoops = stalledLoops;
    this.kaneoChecked = kaneoChecked;
    this.settings = settings;
    health.report("database", false, NOT_ASKED);
    expect("kaneo", settings.upstream().api());
    expect("web", settings.upstream().web());
  }

  private void expect(String kind, List<URI> origins) {
    names(origins).forEach(name -> health.reportOneOf(kind, name, false, Duration.ZERO, NOT_ASKED));
  }

  /** Looks after what these settings name from now on, and forgets the rest. */
  void renew(Settings next) {
    settings = next;
    health.keepOnly("kaneo", names(next.upstream().api()));
    health.keepOnly("web", names(next.upstream().web()));
  }

  /** Looks once; succeeds when all have answered or taken too long. */
  Future<?> look() {
    long stalled = stalledLoops.getAsLong();
    health.report(
        "event loops",
        stalled == 0,
        STALL_ENDS_WITHIN,
        stalled == 0 ? "" : "of which " + stalled + " answer nobody");
    List<Future<?>> asked = new ArrayList<>();
    asked.add(askDatabase());
    settings
        .upstream()
        .api()
        .forEach(uri -> asked.add(ask("kaneo", uri, HttpMethod.GET, "/api/health")));
    settings.upstream().web().forEach(uri -> asked.add(ask("web", uri, HttpMethod.HEAD, "/")));
    return Future.join(asked).otherwiseEmpty();
  }

  private Future<?> askDatabase() {
    Duration grace = settings.credentials().grace();
    return within(KaneoSchema.probe(pool))
        .onComplete(
            schema -> tellOfDatabase(schema.usable(), grace, schema.fault()),
            failure -> tellOfDatabase(false, grace, Database.fault(failure)));
  }

  private Future<?> ask(String kind, URI origin, HttpMethod method, String path) {
    Future<Integer> answer =
        client
            .request(OwnRequests.to(origin, method, path, PATIENCE))
            .compose(request -> request.send())
            .compose(response -> response.end().map(response.statusCode()));
    return within(answer)
        .onComplete(
            status -> tell(kind, origin, status < 500, status < 500 ? "" : "answers " + status),
            failure -> tell(kind, origin, false, OwnRequests.fault(failure)));
  }

  /**
   * The same, or a failure after a while. Timed here: the event loop that the answer comes on may
   * stand still, and its timers with it.
   */
  private <T> Future<T> within(Future<T> answer) {
    Promise<T> known = ((ContextInternal) vertx.getOrCreateContext()).promise();
    long limit = vertx.setTimer(PATIENCE.toMillis(), late -> known.tryFail("no answer in time"));
    answer.onComplete(
        value -> {
          vertx.cancelTimer(limit);
          known.tryComplete(value);
        },
        cause -> {
          vertx.cancelTimer(limit);
          known.tryFail(cause);
        });
    return known.future();
  }

  private void tellOfDatabase(boolean well, Duration grace, String detail) {
    log("database", well, detail);
    health.report("database", well, grace, detail);
  }

  private void tell(String kind, URI origin, boolean well, String detail) {
    // Settings may have changed while it was asked.
    List<URI> known = kind.equals("kaneo") ? settings.upstream().api() : settings.upstream().web();
    if (known.contains(origin)) {
      kaneoChecked.accept(origin, well);
      log(kind + " " + origin, well, detail);
      health.reportOneOf(kind, origin.toString(), well, settings.upstream().hold(), detail);
    }
  }

  /** To be called before health hears of it. What is well from the start is nothing to tell. */
  private void log(String part, boolean well, String detail) {
    boolean wasDown =
        health
            .part(part)
            .filter(known -> !known.well() && !known.detail().equals(NOT_ASKED))
            .isPresent();
    if (!well && !wasDown) {
      LOG.warn("{} is down: {}", part, detail);
    } else if (well && wasDown) {
      LOG.info("{} is up again", part);
    }
  }

  private static List<String> names(List<URI> origins) {
    return origins.stream().map(URI::toString).toList();
  }
}
