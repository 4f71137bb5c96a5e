package dev.kaneogateway.metrics;

import java.util.Locale;

/** With what kind of credential a request came, as far as it was looked at. */
public enum CredentialKind {
  /** Nobody looked: Kaneo judges the path itself, or the request ended before. */
  UNJUDGED,
  /** None, where one is needed. */
  NONE,
  /** A cookie, which Kaneo judges. */
  COOKIE,
  /** An API key that holds. */
  API_KEY,
  /** A session token that holds. */
  SESSION,
  /** One that does not hold. */
  INVALID;

  private static final CredentialKind[] ALL = values();
  private final String label = name().toLowerCase(Locale.ROOT);

  /** The value of the {@code credential} label. */
  public String label() {
    return label;
  }

  static int count() {
    return ALL.length;
  }
}
