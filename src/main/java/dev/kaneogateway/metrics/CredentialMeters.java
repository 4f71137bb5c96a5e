package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** How credentials are judged, asked for, changed and written down. Safe from any thread. */
public final class CredentialMeters {
  private final Counter[] authentications = new Counter[AuthResult.values().length * 2];
  private final Timer lookups;
  private final DistributionSummary lookupBatch;
  private final Counter lookupFailures;
  private final Counter changed;
  private final Counter ended;
  private final Counter usageWritten;

  CredentialMeters(Meters meters) {
    for (AuthResult result : AuthResult.values()) {
      for (int cached = 0; cached <= 1; cached++) {
        authentications[result.ordinal() * 2 + cached] =
            meters.counter(
                "authentications",
                "Requests by what came of judging their credential.",
                "result",
                result.label(),
                "cached",
                cached == 1 ? "true" : "false");
      }
    }
    lookups = meters.timer("credential_lookup", "One statement for credentials, to its answer.");
    lookupBatch =
        DistributionSummary.builder(GatewayMetrics.PREFIX + "credential_lookup_batch")
            .description("Credentials asked for in one statement.")
            .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
            .register(meters.registry());
    lookupFailures =
        meters.counter(
            "credential_lookup_failures",
            "Statements for credentials that failed.",
            "cause",
            "database");
    changed =
        meters.counter("credential_changes", "Changes of credentials that PostgreSQL told of.");
    ended =
        meters.counter(
            "streams_ended", "Credentials whose open connections were closed at their end.");
    usageWritten =
        meters.counter("key_usage_written", "API keys whose use was written to the database.");
  }

  /** Counts a request by what came of judging its credential. */
  public void authenticated(AuthResult result, boolean cached) {
    authentications[result.ordinal() * 2 + (cached ? 1 : 0)].increment();
  }

  /** A statement for so many credentials was answered. */
  public void lookedUp(int credentials, long nanos) {
    lookupBatch.record(credentials);
    lookups.record(nanos, TimeUnit.NANOSECONDS);
  }

  public void lookupFailed() {
    lookupFailures.increment();
  }

  /** Counts changes that PostgreSQL told of. */
  public void changed(int changes) {
    changed.increment(changes);
  }

  /** Counts credentials whose open connections were closed because they ended. */
  public void streamsEnded(int credentials) {
    ended.increment(credentials);
  }

  /** Counts keys whose use was written down. */
  public void usageWritten(int keys) {
    usageWritten.increment(keys);
  }
}
