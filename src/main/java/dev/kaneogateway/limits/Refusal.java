package dev.kaneogateway.limits;

import java.time.Duration;

/** Why a request is not served now; trying again after a while helps. */
public sealed interface Refusal permits Excess, Overload {
  /** 429 for who asks too often, 503 when the gateway is at its ceiling. */
  int status();

  /** When to come again. */
  Duration retryAfter();

  /** Whole seconds to wait, rounded up: who waits them is not refused again for coming early. */
  default long retryAfterSeconds() {
    return Math.max(1, retryAfter().plusNanos(999_999_999).toSeconds());
  }
}
