package dev.kaneogateway.doctor;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.RevocationLine;
import dev.kaneogateway.db.RevocationTriggers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.time.Duration;

/** How soon a revocation is seen: whether the triggers are there, and heard of. */
final class TriggersCheck {
  /** Two of the line's beats tell whether it hears, within {@link Doctor#PATIENCE}. */
  private static final Duration HEARTBEAT = Duration.ofMillis(500);

  private final Vertx vertx;
  private final Pool pool;
  private final Settings settings;

  TriggersCheck(Vertx vertx, Pool pool, Settings settings) {
    this.vertx = vertx;
    this.pool = pool;
    this.settings = settings;
  }

  /** Fails as the database does. */
  Future<Finding> finding() {
    return RevocationTriggers.status(pool)
        .compose(
            status -> {
              if (status.complete()) {
                return heard();
              }
              return Future.succeededFuture(
                  status.absent()
                      ? Finding.ok("triggers", "not installed: a revocation is seen " + late())
                      : Finding.warning(
                          "triggers",
                          "installed on some tables only",
                          "gateways cannot rely on them, and ask for each credential every second.",
                          "run triggers install again, or triggers remove."));
            });
  }

  private String late() {
    return "within GATEWAY_CACHE_TTL_MS (" + settings.credentials().cacheTtl().toMillis() + " ms)";
  }

  /** Whether the gateway's own line hears of changes: what stands between may keep them back. */
  private Future<Finding> heard() {
    Promise<Finding> found = Promise.promise();
    RevocationLine line =
        new RevocationLine(
            vertx,
            pool,
            settings.database(),
            HEARTBEAT,
            settings.revocation().patience(),
            new RevocationLine.Listener() {
              @Override
              public void listening() {
                found.tryComplete(
                    Finding.ok("triggers", "installed: a revocation is seen at once"));
              }

              @Override
              public void proven(long nanos) {}

              @Override
              public void deaf(RevocationLine.Reason reason) {
                // The others may pass while the line tries again.
                if (reason == RevocationLine.Reason.NO_NOTIFICATIONS) {
                  found.tryComplete(
                      unheard("a pooler in transaction mode (or a standby) keeps back"));
                }
              }

              @Override
              public void changed(String payload) {}
            });
    vertx.runOnContext(
        go -> {
          line.start();
          vertx.setTimer(
              Doctor.PATIENCE.toMillis(),
              late -> found.tryComplete(unheard("there is no connection on which to hear")));
        });
    return found.future().onComplete(known -> line.close());
  }

  private Finding unheard(String why) {
    return Finding.warning(
        "triggers",
        "installed, but " + why + " what they tell: a revocation is seen " + late(),
        "gateways ask for each credential as often, as if there were no triggers.",
        "let DATABASE_URL lead to the primary itself or by a pooler in session mode that has a"
            + " connection to spare, or run triggers remove.");
  }
}
