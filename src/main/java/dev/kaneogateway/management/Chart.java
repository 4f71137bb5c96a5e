package dev.kaneogateway.management;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;

/** Draws series of the last quarter of an hour as paths of an SVG. */
final class Chart {
  private static final double WIDTH = 300;
  private static final double HEIGHT = 60;

  /** Points farther apart were not measured one after the other. */
  private static final double GAP_S = 20;

  private final String title;
  private final DoubleFunction<String> format;
  private final List<Line> lines = new ArrayList<>();

  private record Line(String name, String kind, List<TrafficHistory.Point> points) {
    double highest() {
      return points.stream().mapToDouble(TrafficHistory.Point::value).max().orElse(0);
    }

    double now() {
      return points.isEmpty() || points.get(points.size() - 1).age() > GAP_S
          ? Double.NaN
          : points.get(points.size() - 1).value();
    }
  }

  /** A chart whose figures are written as {@code format} says. */
  Chart(String title, DoubleFunction<String> format) {
    this.title = title;
    this.format = format;
  }

  /** Adds a line; {@code kind} is the class of its look. */
  Chart line(String name, String kind, List<TrafficHistory.Point> points) {
    lines.add(new Line(name, kind, points));
    return this;
  }

  /** What the template shows. */
  Map<String, Object> model() {
    double highest = lines.stream().mapToDouble(Line::highest).max().orElse(0);
    List<Map<String, Object>> drawn = new ArrayList<>();
    List<String> spoken = new ArrayList<>();
    for (Line line : lines) {
      String now = Double.isNaN(line.now()) ? "–" : format.apply(line.now());
      spoken.add(
          line.name()
              + " "
              + (now.equals("–") ? "none" : now)
              + ", at most "
              + format.apply(line.highest()));
      drawn.add(
          Map.of(
              "name",
              line.name(),
              "kind",
              line.kind(),
              "now",
              now,
              "path",
              path(line.points(), highest)));
    }
    return Map.of(
        "title",
        title,
        "lines",
        drawn,
        "highest",
        highest > 0 ? format.apply(highest) : "",
        "spoken",
        title + " in the last 15 minutes. Now: " + String.join("; ", spoken) + ".");
  }

  private static String path(List<TrafficHistory.Point> points, double highest) {
    StringBuilder path = new StringBuilder();
    double span = TrafficHistory.SPAN.toSeconds();
    double previous = Double.POSITIVE_INFINITY;
    for (TrafficHistory.Point point : points) {
      double x = WIDTH * (1 - point.age() / span);
      double y = highest > 0 ? HEIGHT - point.value() / highest * HEIGHT : HEIGHT;
      String to = tenths(x) + " " + tenths(y);
      boolean apart = previous - point.age() > GAP_S;
      // A line to where it is makes a dot of a point that stands alone.
      path.append(apart ? "M" + to + "L" : "L").append(to);
      previous = point.age();
    }
    return path.toString();
  }

  private static double tenths(double coordinate) {
    return Math.round(coordinate * 10) / 10.0;
  }
}
