package dev.kaneogateway.limits;

import dev.kaneogateway.metrics.Limit;
import java.time.Duration;

/**
 * One request too many.
 *
 * @param limit what it was too many for
 * @param quota how many would have been let within {@code window}
 * @param retryAfter when the next one would be let
 */
public record Excess(Limit limit, long quota, Duration window, Duration retryAfter)
    implements Refusal {
  @Override
  public int status() {
    return 429;
  }
}
