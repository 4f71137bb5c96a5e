package dev.kaneogateway.limits;

import dev.kaneogateway.metrics.Limit;
import dev.kaneogateway.web.TrustedProxies;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How often each address may do something. A trusted proxy that names no client speaks for all who
 * are behind it, so that these share a larger quota: one of them should not lock out the others,
 * and a flood of all of them should still have an end. Safe from any thread.
 */
public final class AddressLimit {
  /** As many as a small company behind one proxy. */
  private static final int CROWD = 10;

  private final RateLimit one;
  private final RateLimit crowd;

  AddressLimit(Limit name, long quota, Duration window, Counting counting) {
    this.one = new RateLimit(name, quota, window, counting);
    this.crowd = new RateLimit(name, quota * CROWD, window, counting);
  }

  /** Counts an attempt of who sent a request; null if it is not one too many. */
  public @Nullable Excess attempt(TrustedProxies.Origin origin) {
    String address = ClientKey.ofAddress(origin.address());
    RateLimit limit = origin.named() ? one : crowd;
    String key = origin.named() ? address : "behind " + address;
    return limit.attempt(key) ? null : limit.excess(key);
  }

  /** How many keys are remembered, roughly. */
  long keys() {
    return one.keys() + crowd.keys();
  }
}
