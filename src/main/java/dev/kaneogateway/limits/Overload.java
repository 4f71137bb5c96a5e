package dev.kaneogateway.limits;

import java.time.Duration;

/**
 * More at once than is let.
 *
 * @param retryAfter a guess: by then some of what is under way has ended
 */
public record Overload(Duration retryAfter) implements Refusal {
  @Override
  public int status() {
    return 503;
  }
}
