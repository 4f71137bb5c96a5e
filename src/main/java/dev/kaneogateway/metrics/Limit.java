package dev.kaneogateway.metrics;

import java.util.Locale;

/** Every limit that can refuse a request with 429; its name in metrics and in answers. */
public enum Limit {
  /** Requests of one API key or session. */
  CREDENTIAL,
  /** Requests of one API key, as its own row limits them. */
  API_KEY,
  /** Requests of one address. */
  ADDRESS,
  /** Attempts to sign in, to reset a password or to use a one-time code, by address. */
  SIGN_IN,
  /** Attempts to sign up, by address. */
  SIGN_UP,
  /** Requests to the device endpoints and the approval page, by address. */
  DEVICE,
  /** Credentials that did not hold, by address. */
  FAILED_AUTHENTICATION,
  /** Device codes asked for, by address. */
  DEVICE_CODES,
  /** Polls of device codes nobody has, by address. */
  DEVICE_UNKNOWN_POLLS,
  /** Wrong user codes, by person and by address. */
  DEVICE_USER_CODES;

  /** The value of the {@code limit} label, and the policy's name in {@code RateLimit}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
