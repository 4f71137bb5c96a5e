package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/**
 * One Kaneo process, told apart by the address the settings give it. Gone from the exposition once
 * the settings name it no longer. Safe from any thread.
 */
public final class UpstreamMeters {
  /** Every way in which Kaneo fails a request; the {@code cause} label. */
  public static final List<String> CAUSES =
      List.of("refused", "unresolved", "busy", "broken", "silent", "nonsense", "truncated");

  private final MeterRegistry registry;
  private final List<Meter> registered = new ArrayList<>();
  private final Map<String, Counter> failures = new HashMap<>();
  private final LongAdder inFlight = new LongAdder();
  private final LongAdder connections = new LongAdder();
  private final LongAdder waiting = new LongAdder();
  private final Counter repeats;
  private final Counter slow;
  private volatile BooleanSupplier available = () -> true;

  UpstreamMeters(MeterRegistry registry, String address) {
    this.registry = registry;
    for (String cause : CAUSES) {
      Counter counter =
          Counter.builder(GatewayMetrics.PREFIX + "upstream_failures")
              .description("Requests Kaneo did not answer as it should, by cause.")
              .tag("upstream", address)
              .tag("cause", cause)
              .register(registry);
      failures.put(cause, counter);
      registered.add(counter);
    }
    gauge("upstream_requests_in_flight", "Requests under way at a Kaneo.", address, inFlight);
    gauge("upstream_connections", "Connections open to a Kaneo.", address, connections);
    gauge(
        "upstream_requests_waiting",
        "Requests that wait for a connection to a Kaneo.",
        address,
        waiting);
    repeats =
        counter(
            "upstream_repeats",
            "Requests asked of a Kaneo again because their connection died.",
            address);
    slow =
        counter(
            "upstream_slow_clients_ended",
            "Requests ended because their clients were slow while connections were scarce.",
            address);
    registered.add(
        Gauge.builder(
                GatewayMetrics.PREFIX + "upstream_available",
                this,
                meters -> meters.available.getAsBoolean() ? 1 : 0)
            .description("Whether a Kaneo is well, or passed over if there are others.")
            .tag("upstream", address)
            .register(registry));
  }

  public void requestBegan() {
    inFlight.increment();
  }

  public void requestEnded() {
    inFlight.decrement();
  }

  public void connectionOpened() {
    connections.increment();
  }

  public void connectionClosed() {
    connections.decrement();
  }

  /** Has the exposition ask whether it is well. */
  public void availableWhile(BooleanSupplier well) {
    available = well;
  }

  /** A request waits for a connection. */
  public void waitBegan() {
    waiting.increment();
  }

  /** It waits no longer. */
  public void waitEnded() {
    waiting.decrement();
  }

  /** A request was ended for others that wait. */
  public void gaveWay() {
    slow.increment();
  }

  /** A request was asked again. */
  public void requestRepeated() {
    repeats.increment();
  }

  /** Counts a failure by one of {@link #CAUSES}. */
  public void failed(String cause) {
    Counter counter = failures.get(cause);
    if (counter == null) {
      throw new IllegalArgumentException(cause + " is no known cause");
    }
    counter.increment();
  }

  void forget() {
    registered.forEach(registry::remove);
  }

  private Counter counter(String name, String description, String address) {
    Counter counter =
        Counter.builder(GatewayMetrics.PREFIX + name)
            .description(description)
            .tag("upstream", address)
            .register(registry);
    registered.add(counter);
    return counter;
  }

  private void gauge(String name, String description, String address, LongAdder value) {
    registered.add(
        Gauge.builder(GatewayMetrics.PREFIX + name, value, LongAdder::sum)
            .description(description)
            .tag("upstream", address)
            .register(registry));
  }
}
