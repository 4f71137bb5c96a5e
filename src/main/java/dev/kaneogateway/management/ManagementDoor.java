package dev.kaneogateway.management;

import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.GuardedPorts;
import io.micrometer.core.instrument.Counter;
import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The places for connections to the operators' port, apart from those of clients: neither may take
 * the other's, nor the memory of the process. Safe from any thread.
 */
final class ManagementDoor implements GuardedPorts.Doorkeeper {
  private final int most;
  private final Counter refused;
  private final AtomicInteger open = new AtomicInteger();

  /**
   * @param most how many may be open at once; 0 for any number
   */
  ManagementDoor(int most, GatewayMetrics metrics) {
    this.most = most;
    this.refused = metrics.refusals().connections("management");
  }

  @Override
  public @Nullable Runnable admit(InetAddress peer) {
    if (open.incrementAndGet() > most && most > 0) {
      open.decrementAndGet();
      refused.increment();
      return null;
    }
    return open::decrementAndGet;
  }
}
