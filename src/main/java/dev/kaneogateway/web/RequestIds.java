package dev.kaneogateway.web;

import io.vertx.core.http.HttpServerRequest;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** The name of one request in answers and logs: the caller's own, if it is fit to be logged. */
final class RequestIds {
  static final String HEADER = "X-Request-Id";
  private static final int LONGEST = 128;

  private RequestIds() {}

  static String of(HttpServerRequest request) {
    String given = request.getHeader(HEADER);
    if (given != null && isFit(given)) {
      return given;
    }
    ThreadLocalRandom random = ThreadLocalRandom.current();
    // Unique, not secret: ThreadLocalRandom spares the lock of SecureRandom.
    return new UUID(
            (random.nextLong() & ~0xf000L) | 0x4000L, (random.nextLong() >>> 2) | Long.MIN_VALUE)
        .toString();
  }

  private static boolean isFit(String id) {
    if (id.isEmpty() || id.length() > LONGEST) {
      return false;
    }
    for (int i = 0; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean fit =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || "-_.:/+=".indexOf(c) >= 0;
      if (!fit) {
        return false;
      }
    }
    return true;
  }
}
