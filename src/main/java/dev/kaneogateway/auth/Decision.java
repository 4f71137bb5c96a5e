package dev.kaneogateway.auth;

import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.limits.Excess;
import org.jspecify.annotations.Nullable;

/** What is done with a request on account of its credential. */
public sealed interface Decision {
  /** It goes on to Kaneo; with nobody known when Kaneo itself is to judge. */
  record Admit(@Nullable Identity identity) implements Decision {}

  /** It is refused with 401. */
  record Refuse(Reason reason) implements Decision {}

  /** Its address has sent so many wrong credentials that this one is not looked up: 429. */
  record TooMany(Excess excess) implements Decision {}

  /** Nobody can say now: 503. */
  record Unavailable() implements Decision {}

  /** Why a request is refused. */
  enum Reason {
    /** It had no credential. */
    MISSING,
    /** Its credential was no credential. */
    MALFORMED,
    /** Its credential holds no longer, or never did. */
    INVALID
  }

  Decision LEFT_TO_KANEO = new Admit(null);
  Decision UNAVAILABLE = new Unavailable();
}
