package dev.kaneogateway.doctor;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.sqlclient.Pool;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** All checkups of an installation, at once and within seconds. */
public final class Doctor {
  /** A part that does not answer in this time is as good as gone. */
  static final Duration PATIENCE = Duration.ofSeconds(3);

  private static final Duration LONGEST = Duration.ofSeconds(10);

  private final Vertx vertx;
  private final Settings settings;
  private final Clock clock;

  /** One group of findings; may fail or throw, which is a finding too. */
  interface Checkup {
    Future<List<Finding>> findings();
  }

  public Doctor(Vertx vertx, Settings settings, Clock clock) {
    this.vertx = vertx;
    this.settings = settings;
    this.clock = clock;
  }

  /** Looks at everything, the worst last, where a terminal shows it; never fails. */
  public Future<List<Finding>> examine() {
    Pool pool = Database.pool(vertx, settings.database());
    HttpClient client =
        vertx.createHttpClient(
            // Certificates are looked at, not relied upon: nothing secret is sent to a stranger.
            new HttpClientOptions()
                .setConnectTimeout((int) PATIENCE.toMillis())
                .setTrustAll(true)
                .setVerifyHost(false));
    // Held until the end, as is the other: Vert.x closes a client that nobody holds.
    WebSocketClient sockets =
        vertx.createWebSocketClient(
            new WebSocketClientOptions().setTrustAll(true).setVerifyHost(false));
    List<Checkup> checkups =
        new ArrayList<>(
            List.of(
                new DatabaseCheckup(vertx, pool, settings, clock),
                new KaneoCheckup(client, pool, settings, clock),
                new CertificateCheckup(vertx, client, settings, clock),
                new FrontCheckup(client, sockets, settings, clock)));
    settings.redis().url().ifPresent(url -> checkups.add(new RedisCheckup(vertx, url)));
    List<Future<List<Finding>>> asked = new ArrayList<>();
    for (Checkup checkup : checkups) {
      asked.add(
          Future.succeededFuture()
              .compose(go -> checkup.findings())
              .timeout(LONGEST.toMillis(), TimeUnit.MILLISECONDS)
              .otherwise(failure -> List.of(gaveUp(checkup, failure))));
    }
    return Future.all(asked)
        .map(
            all -> {
              List<Finding> findings = new ArrayList<>();
              findings.add(Finding.ok("settings", "complete"));
              all.<List<Finding>>list().forEach(findings::addAll);
              findings.sort(Comparator.comparing(Finding::state));
              return List.copyOf(findings);
            })
        // The pool is left to the end of the process: one that is closed while it connects never
        // says that it is.
        .eventually(() -> Future.join(client.close(), sockets.close()));
  }

  private static Finding gaveUp(Checkup checkup, Throwable failure) {
    return Finding.problem(
        checkup.getClass().getSimpleName().replace("Checkup", "").toLowerCase(Locale.ROOT),
        "could not be looked at (" + reason(failure) + ")",
        "what cannot be looked at may be broken.",
        "see what the other findings say, mend that, and check again.");
  }

  static String reason(Throwable failure) {
    String message = failure.getMessage();
    return message == null
        ? failure.getClass().getSimpleName()
        : message.lines().findFirst().orElse("");
  }
}
