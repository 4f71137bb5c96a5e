package dev.kaneogateway.metrics;

import java.util.Locale;

/** How a request ended, whatever its status says. */
public enum Outcome {
  /** Whoever owns the path answered it in full. */
  ANSWERED,
  /** Its credential was refused. */
  REFUSED,
  /** It was no request that could be acted upon, or its body never came. */
  INVALID,
  /** A limit was reached. */
  LIMITED,
  /** Nobody could answer now: the database, or too much under way. */
  UNAVAILABLE,
  /** Kaneo or the gateway failed before an answer began. */
  FAILED,
  /** The answer broke off after its head. */
  TRUNCATED,
  /** The client left before its answer was complete. */
  ABANDONED;

  private static final Outcome[] ALL = values();
  private final String label = name().toLowerCase(Locale.ROOT);

  /** The value of the {@code outcome} label. */
  public String label() {
    return label;
  }

  /** What a status means that the gateway itself chose. */
  public static Outcome ofOwn(int status) {
    if (status < 400) {
      return ANSWERED;
    }
    return switch (status) {
      case 401, 403 -> REFUSED;
      case 429 -> LIMITED;
      case 503 -> UNAVAILABLE;
      default -> status < 500 ? INVALID : FAILED;
    };
  }

  static int count() {
    return ALL.length;
  }
}
