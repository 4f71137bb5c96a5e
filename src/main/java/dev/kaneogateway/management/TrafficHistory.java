package dev.kaneogateway.management;

import dev.kaneogateway.metrics.Totals;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Readings of the last quarter of an hour and a little more, the oldest falling out. Confined to
 * one event loop.
 */
final class TrafficHistory {
  static final Duration SPAN = Duration.ofMinutes(15);

  /** What the oldest point drawn looks back on. */
  private static final Duration WINDOW = Duration.ofMinutes(1);

  private final int most;
  private final List<Totals> readings;

  /** Something told by two readings; empty when they tell nothing. */
  interface Measure {
    Optional<Double> between(Totals before, Totals after);
  }

  /** A value so many seconds before the last reading. */
  record Point(double age, double value) {}

  TrafficHistory(Duration every) {
    this.most = (int) (SPAN.plus(WINDOW).toMillis() / every.toMillis()) + 1;
    this.readings = new ArrayList<>(most + 1);
  }

  void add(Totals totals) {
    readings.add(totals);
    if (readings.size() > most) {
      readings.remove(0);
    }
  }

  Optional<Totals> last() {
    return readings.isEmpty() ? Optional.empty() : Optional.of(readings.get(readings.size() - 1));
  }

  /** A measure at each reading, of what came in so many readings before it; oldest first. */
  List<Point> over(int window, Measure measure) {
    List<Point> points = new ArrayList<>();
    for (int i = 1; i < readings.size(); i++) {
      Totals after = readings.get(i);
      double age = seconds(after, readings.get(readings.size() - 1));
      if (age <= SPAN.toSeconds()) {
        measure
            .between(readings.get(Math.max(0, i - window)), after)
            .ifPresent(value -> points.add(new Point(age, value)));
      }
    }
    return points;
  }

  private static double seconds(Totals from, Totals to) {
    return Duration.between(from.at(), to.at()).toMillis() / 1000.0;
  }
}
