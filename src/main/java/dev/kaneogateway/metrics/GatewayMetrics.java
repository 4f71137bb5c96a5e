package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Every meter of the gateway, registered here and by the meters of each subject. Labels are
 * enumerations of ours, never bytes of a client's, so the number of series is bounded. Safe from
 * any thread.
 */
public final class GatewayMetrics implements AutoCloseable {
  static final String PREFIX = "kaneo_gateway_";

  /** From a gateway's own share, a tenth of a millisecond, to the longest wait for Kaneo. */
  static final Duration[] LATENCY_BUCKETS = {
    Duration.ofNanos(100_000),
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofNanos(2_500_000),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofSeconds(60)
  };

  /**
   * Exemplars on nothing but buckets and counters: others fail a scrape of Prometheus up to 2.42.
   */
  private static final PrometheusConfig EXPOSITION =
      new PrometheusConfig() {
        @Override
        public @Nullable String get(String key) {
          return null;
        }

        @Override
        public Properties prometheusProperties() {
          Properties properties = new Properties();
          properties.setProperty("io.prometheus.exporter.exemplarsOnAllMetricTypes", "false");
          return properties;
        }
      };

  private final boolean measured;
  private final Traces traces = new Traces();
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(EXPOSITION, new PrometheusRegistry(), Clock.SYSTEM, traces);
  private final Meters meters = new Meters(registry);
  private final RequestMeters requests;
  private final CredentialMeters credentials;
  private final DeviceMeters devices;
  private final RefusalMeters refusals;
  private final ProcessMeters process;
  private final Map<String, UpstreamMeters> upstreams = new ConcurrentHashMap<>();
  private final LongAdder tunnels = new LongAdder();
  private final LongAdder held = new LongAdder();

  public GatewayMetrics() {
    this(true);
  }

  /**
   * All meters, or the same calls without them.
   *
   * @param measured whether anything is measured; if not, the exposition is empty
   */
  public GatewayMetrics(boolean measured) {
    this.measured = measured;
    if (!measured) {
      // Whatever is registered from here on takes every call and keeps nothing.
      registry.config().meterFilter(MeterFilter.deny());
    }
    requests = new RequestMeters(registry, traces, measured);
    credentials = new CredentialMeters(meters);
    devices = new DeviceMeters(meters);
    refusals = new RefusalMeters(meters);
    process = new ProcessMeters(meters);
    gauge("requests_in_flight", "Requests not yet answered in full.", requests::inFlight);
    gauge("requests_held", "Requests waiting for a Kaneo that restarts.", held::sum);
    gauge("websockets_open", "WebSocket connections carried now.", tunnels::sum);
  }

  /** Registers a gauge whose value is asked for at each scrape. */
  public void gauge(String name, String description, Supplier<Number> value) {
    meters.gauge(name, description, value);
  }

  /** Registers, or finds, a counter of events told apart by one bounded label. */
  public Counter counter(String name, String description, String label, String value) {
    return meters.counter(name, description, label, value);
  }

  /** Registers a gauge told apart by one bounded label. */
  public void gauge(
      String name, String description, String label, String value, Supplier<Number> reading) {
    meters.gauge(name, description, reading, label, value);
  }

  /** Registers a count that is kept elsewhere, told apart by one bounded label. */
  public void counted(
      String name, String description, String label, String value, LongAdder count) {
    FunctionCounter.builder(PREFIX + name, count, LongAdder::sum)
        .description(description)
        .tag(label, value)
        .register(registry);
  }

  /** Has the pools of a Vertx made by {@link PoolMeters#enable} told of here. */
  public void pools(Vertx vertx) {
    PoolMeters.register(vertx, registry);
  }

  /** What is measured of each request. */
  public RequestMeters requests() {
    return requests;
  }

  /** What is measured of credentials. */
  public CredentialMeters credentials() {
    return credentials;
  }

  /** What is measured of the device grant and its pages. */
  public DeviceMeters devices() {
    return devices;
  }

  /** What is measured of what is refused. */
  public RefusalMeters refusals() {
    return refusals;
  }

  /** What is measured of the process. */
  public ProcessMeters process() {
    return process;
  }

  /** What is measured of one Kaneo; {@code address} is one of the settings'. */
  public UpstreamMeters upstream(String address) {
    return upstreams.computeIfAbsent(address, name -> new UpstreamMeters(registry, name));
  }

  /** Forgets the Kaneo processes that the settings name no longer. */
  public void keepUpstreams(Set<String> addresses) {
    upstreams
        .entrySet()
        .removeIf(
            known -> {
              boolean gone = !addresses.contains(known.getKey());
              if (gone) {
                known.getValue().forget();
              }
              return gone;
            });
  }

  public void requestHeld() {
    held.increment();
  }

  public void requestReleased() {
    held.decrement();
  }

  public void tunnelOpened() {
    tunnels.increment();
  }

  public void tunnelClosed() {
    tunnels.decrement();
  }

  /** Whether anything is measured, or all that is told here of figures means nothing. */
  public boolean measured() {
    return measured;
  }

  /** What has been counted so far. */
  public Totals totals(Instant now) {
    return Totals.read(registry, now);
  }

  /** The exposition of everything, in the form the {@code Accept} header asks for. */
  public String scrape(String contentType) {
    return registry.scrape(contentType);
  }

  @Override
  public void close() {
    process.close();
    registry.close();
  }
}
