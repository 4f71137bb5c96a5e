package dev.kaneogateway.web;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * The {@code Date} of answers that the gateway makes itself (RFC 9110 §6.6.1, §5.6.7); written out
 * once a second. Safe from any thread.
 */
public final class HttpDate {
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);
  private static volatile Written last = new Written(-1, "");

  private record Written(long second, String text) {}

  private HttpDate() {}

  /** Now. */
  public static String now() {
    long second = System.currentTimeMillis() / 1000;
    Written known = last;
    if (known.second() != second) {
      known = new Written(second, FORMAT.format(Instant.ofEpochSecond(second)));
      last = known;
    }
    return known.text();
  }
}
