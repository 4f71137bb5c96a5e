package dev.kaneogateway.limits;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import io.vertx.core.Vertx;

/**
 * All limits of one process. What they have counted outlasts a change of settings that leaves them
 * as they are. Safe from any thread.
 */
public final class Limits {
  private final GatewayMetrics metrics;
  private final CoarseClock clock;
  private final SharedCounts shared;
  private final Ceilings ceilings;
  private final OpenConnections connections;
  private DeviceLimits devices;
  private RequestLimits requests;

  /**
   * @param shared what counts over all gateways, or {@link SharedCounts#NONE}
   */
  public Limits(Vertx vertx, Settings settings, GatewayMetrics metrics, SharedCounts shared) {
    this.metrics = metrics;
    this.clock = CoarseClock.on(vertx);
    this.shared = shared;
    Means means = Means.ofProcess();
    this.ceilings = new Ceilings(settings, counting(settings), means);
    this.connections = new OpenConnections(counting(settings), means);
    connections.renew(settings);
    this.devices = DeviceLimits.of(settings.device(), counting(settings));
    this.requests = new RequestLimits(settings.rateLimits(), ceilings, counting(settings));
    metrics.gauge(
        "limit_keys", "Addresses, credentials and people that limits remember.", this::keys);
  }

  private Counting counting(Settings settings) {
    return new Counting(settings.rateLimits().mostKeys(), clock, metrics, shared);
  }

  /** Takes up changed settings. */
  public synchronized void renew(Settings before, Settings next) {
    boolean others = !next.rateLimits().equals(before.rateLimits());
    if (others) {
      requests = new RequestLimits(next.rateLimits(), ceilings, counting(next));
    }
    ceilings.renew(next);
    connections.renew(next);
    if (others || !next.device().equals(before.device())) {
      devices = DeviceLimits.of(next.device(), counting(next));
    }
  }

  public synchronized RequestLimits requests() {
    return requests;
  }

  public synchronized DeviceLimits devices() {
    return devices;
  }

  public Ceilings ceilings() {
    return ceilings;
  }

  public OpenConnections connections() {
    return connections;
  }

  private synchronized long keys() {
    return requests.keys() + devices.keys();
  }
}
