package dev.kaneogateway.metrics;

import java.util.Locale;

/** What came of judging a request's credential. */
public enum AuthResult {
  /** An API key that holds. */
  API_KEY,
  /** A session token that holds. */
  SESSION,
  /** Left to Kaneo: a cookie. */
  LEFT_TO_KANEO,
  /** No credential where one is needed. */
  MISSING,
  /** A credential that does not hold. */
  INVALID,
  /** PostgreSQL could not answer. */
  UNKNOWN;

  /** The value of the {@code result} label. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
