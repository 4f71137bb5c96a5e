package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** What had been counted at a moment since the start; two of them tell what came between. */
public final class Totals {
  private static final String DURATIONS = GatewayMetrics.PREFIX + "http_request_duration";

  /** WebSockets and event streams last as long as they like. */
  private static final Set<String> TIMED_ROUTES = Set.of("api", "web", "page", "device");

  private final Instant at;
  private final double[] tallies = new double[Tally.values().length];
  private final double[] withinBucket = new double[GatewayMetrics.LATENCY_BUCKETS.length];
  private double timed;

  private Totals(Instant at) {
    this.at = at;
  }

  /** Reads every meter once. */
  static Totals read(MeterRegistry registry, Instant at) {
    Totals totals = new Totals(at);
    registry.forEachMeter(totals::add);
    return totals;
  }

  private void add(Meter meter) {
    for (Tally tally : Tally.values()) {
      if (tally.counts(meter.getId())) {
        tallies[tally.ordinal()] += count(meter);
      }
    }
    if (meter instanceof Timer timer
        && meter.getId().getName().equals(DURATIONS)
        && TIMED_ROUTES.contains(String.valueOf(meter.getId().getTag("route")))) {
      timed += timer.count();
      CountAtBucket[] counts = timer.takeSnapshot().histogramCounts();
      for (int i = 0; i < withinBucket.length && i < counts.length; i++) {
        withinBucket[i] += counts[i].count();
      }
    }
  }

  private static double count(Meter meter) {
    if (meter instanceof Counter counter) {
      return counter.count();
    }
    if (meter instanceof FunctionCounter counter) {
      return counter.count();
    }
    return meter instanceof Timer timer ? timer.count() : 0;
  }

  public Instant at() {
    return at;
  }

  /** How often it happened since then. */
  public double since(Totals before, Tally tally) {
    return Math.max(0, tallies[tally.ordinal()] - before.tallies[tally.ordinal()]);
  }

  /** How often it happened a second since then. */
  public double rateSince(Totals before, Tally tally) {
    double seconds = Duration.between(before.at, at).toNanos() / 1e9;
    return seconds <= 0 ? 0 : since(before, tally) / seconds;
  }

  /**
   * The time within which this share of the requests since then were answered, in seconds; as exact
   * as the buckets are, empty when there were none.
   */
  public Optional<Double> quantileSince(Totals before, double share) {
    double all = timed - before.timed;
    if (all <= 0) {
      return Optional.empty();
    }
    double wanted = share * all;
    double below = 0;
    double from = 0;
    for (int i = 0; i < withinBucket.length; i++) {
      double within = withinBucket[i] - before.withinBucket[i];
      double to =
          GatewayMetrics.LATENCY_BUCKETS[i].toNanos() / (double) TimeUnit.SECONDS.toNanos(1);
      if (within >= wanted) {
        double inBucket = within - below;
        return Optional.of(from + (to - from) * (inBucket == 0 ? 1 : (wanted - below) / inBucket));
      }
      below = within;
      from = to;
    }
    return Optional.of(from);
  }
}
