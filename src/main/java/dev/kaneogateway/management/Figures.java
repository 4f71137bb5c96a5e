package dev.kaneogateway.management;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Numbers and times as people read them. */
final class Figures {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter DAY_AND_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);

  private Figures() {}

  /** Three figures, with a unit. */
  static String rate(double value, String unit) {
    return number(value) + unit;
  }

  /** A time in seconds. */
  static String time(double seconds) {
    return seconds < 1 ? number(seconds * 1000) + " ms" : number(seconds) + " s";
  }

  /** A whole number. */
  static String count(double value) {
    return String.format(Locale.ROOT, "%,.0f", value);
  }

  private static String number(double value) {
    if (value >= 100) {
      return count(value);
    }
    String text = String.format(Locale.ROOT, value >= 10 ? "%.1f" : "%.2f", value);
    return text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
  }

  /** A time of day, in UTC. */
  static String clock(Instant at) {
    return TIME.format(at);
  }

  /** When it was, with its day if that is not today's. */
  static String when(Instant at, Instant now) {
    boolean recent = Duration.between(at, now).toHours() < 20;
    return (recent ? TIME : DAY_AND_TIME).format(at);
  }

  /** How long it is, in its largest units. */
  static String length(Duration length) {
    long seconds = Math.max(0, length.toSeconds());
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3600) {
      return seconds / 60 + " min";
    }
    if (seconds < 86_400) {
      return seconds / 3600 + " h " + seconds % 3600 / 60 + " min";
    }
    return seconds / 86_400 + " d " + seconds % 86_400 / 3600 + " h";
  }
}
