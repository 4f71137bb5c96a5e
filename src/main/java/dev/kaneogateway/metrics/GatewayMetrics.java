package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.util.internal.PlatformDependent;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.Vertx;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Every meter of the gateway, registered here and nowhere else. Labels are enumerations of ours,
 * never bytes of a client's, so the number of series is bounded. Safe from any thread.
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

  private final Traces traces = new Traces();
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(EXPOSITION, new PrometheusRegistry(), Clock.SYSTEM, traces);
  private final RequestMeters requests;
  private final JvmGcMetrics garbageCollection = new JvmGcMetrics();
  private final Counter[] authentications = new Counter[AuthResult.values().length * 2];
  private final Counter[] limited = new Counter[Limit.values().length];
  private final Counter[] shed = new Counter[Ceiling.values().length];
  private final Map<String, UpstreamMeters> upstreams = new ConcurrentHashMap<>();
  private final Timer lookups;
  private final DistributionSummary lookupBatch;
  private final Counter changed;
  private final Counter ended;
  private final Counter usageWritten;
  private final Timer eventLoopDelay;
  private final Counter lookupFailures;
  private final Counter malformed;
  private final Counter floods;
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
    if (!measured) {
      // Whatever is registered from here on takes every call and keeps nothing.
      registry.config().meterFilter(MeterFilter.deny());
    }
    requests = new RequestMeters(registry, traces, measured);
    lookups = timer("credential_lookup", "One statement for credentials, to its answer.");
    lookupBatch =
        DistributionSummary.builder(PREFIX + "credential_lookup_batch")
            .description("Credentials asked for in one statement.")
            .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
            .register(registry);
    changed = counter("credential_changes", "Changes of credentials that PostgreSQL told of.");
    ended =
        counter("streams_ended", "Credentials whose open connections were closed at their end.");
    usageWritten = counter("key_usage_written", "API keys whose use was written to the database.");
    eventLoopDelay =
        timer("event_loop_delay", "How much later than due an event loop came to a timer.");
    lookupFailures =
        counter(
            "credential_lookup_failures",
            "Statements for credentials that failed.",
            "cause",
            "database");
    floods =
        counter(
            "http2_floods",
            "HTTP/2 connections and streams ended because they flooded the gateway with frames, or with halves of frames or of TLS records.");
    malformed =
        counter(
            "malformed_requests", "Connections whose bytes were no HTTP request.", "answer", "4xx");
    for (AuthResult result : AuthResult.values()) {
      for (int cached = 0; cached <= 1; cached++) {
        authentications[result.ordinal() * 2 + cached] =
            Counter.builder(PREFIX + "authentications")
                .description("Requests by what came of judging their credential.")
                .tag("result", result.label())
                .tag("cached", cached == 1 ? "true" : "false")
                .register(registry);
      }
    }
    for (Limit limit : Limit.values()) {
      limited[limit.ordinal()] =
          counter(
              "limited_requests", "Requests refused with 429, by limit.", "limit", limit.label());
    }
    for (Ceiling ceiling : Ceiling.values()) {
      shed[ceiling.ordinal()] =
          counter(
              "shed_requests",
              "Requests refused with 503 because too much was under way, by ceiling.",
              "ceiling",
              ceiling.label());
    }
    gauge("requests_in_flight", "Requests not yet answered in full.", requests::inFlight);
    gauge("requests_held", "Requests waiting for a Kaneo that restarts.", held::sum);
    gauge("websockets_open", "WebSocket connections carried now.", tunnels::sum);
    gauge(
        "buffer_memory_bytes",
        "Memory outside of the heap taken for bytes on their way.",
        GatewayMetrics::bufferMemory);
    gauge(
        "buffer_memory_max_bytes",
        "The most memory outside of the heap that may be taken for bytes.",
        PlatformDependent::maxDirectMemory);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ClassLoaderMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    garbageCollection.bindTo(registry);
  }

  /** By Netty's own count; where {@code java.nio} is closed to it, by the JVM's. */
  private static long bufferMemory() {
    long counted = PlatformDependent.usedDirectMemory();
    return counted >= 0
        ? counted
        : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
  }

  /** Registers a gauge whose value is asked for at each scrape. */
  public void gauge(String name, String description, Supplier<Number> value) {
    Gauge.builder(PREFIX + name, value).description(description).register(registry);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(PREFIX + name).description(description).register(registry);
  }

  /** Registers, or finds, a counter of events told apart by one bounded label. */
  public Counter counter(String name, String description, String label, String value) {
    return Counter.builder(PREFIX + name)
        .description(description)
        .tag(label, value)
        .register(registry);
  }

  /** Registers a gauge told apart by one bounded label. */
  public void gauge(
      String name, String description, String label, String value, Supplier<Number> reading) {
    Gauge.builder(PREFIX + name, reading)
        .description(description)
        .tag(label, value)
        .register(registry);
  }

  /** Registers the count of log lines lost, which the log keeps. */
  public void logLinesDropped(LongAdder count) {
    FunctionCounter.builder(PREFIX + "log_lines_dropped", count, LongAdder::sum)
        .description("Log lines dropped because the output was too slow for them or refused them.")
        .register(registry);
  }

  /** Registers a count that is kept elsewhere, told apart by one bounded label. */
  public void counted(
      String name, String description, String label, String value, LongAdder count) {
    FunctionCounter.builder(PREFIX + name, count, LongAdder::sum)
        .description(description)
        .tag(label, value)
        .register(registry);
  }

  /** Registers what runs: its version and the Java it runs on. */
  public void build(String version, String transport) {
    Gauge.builder(PREFIX + "build_info", () -> 1)
        .description("What runs, as labels; always 1.")
        .tag("version", version)
        .tag("transport", transport)
        .tag("java", Runtime.version().toString())
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

  /** An event loop came to a timer so much later than it was due. */
  public void eventLoopDelayed(long nanos) {
    eventLoopDelay.record(nanos, TimeUnit.NANOSECONDS);
  }

  public void authenticated(AuthResult result, boolean cached) {
    authentications[result.ordinal() * 2 + (cached ? 1 : 0)].increment();
  }

  public void lookedUp(int credentials, long nanos) {
    lookupBatch.record(credentials);
    lookups.record(nanos, TimeUnit.NANOSECONDS);
  }

  public void lookupFailed() {
    lookupFailures.increment();
  }

  /** Counts changes of credentials that PostgreSQL told of. */
  public void credentialsChanged(int changes) {
    changed.increment(changes);
  }

  /** Counts credentials whose open connections were closed because they ended. */
  public void streamsEnded(int credentials) {
    ended.increment(credentials);
  }

  /** Counts keys whose use was written down. */
  public void keyUsageWritten(int keys) {
    usageWritten.increment(keys);
  }

  /** Counts an HTTP/2 connection that was ended because it flooded. */
  public void http2Flood() {
    floods.increment();
  }

  /** Counts a connection whose bytes were no HTTP request. */
  public void malformedRequest() {
    malformed.increment();
  }

  /** Counts a page that was shown, by its view and what that meant to the person. */
  public void page(String view, String outcome) {
    pageCounter(view, outcome).increment();
  }

  /** Has the pages there are exposed before the first of them is shown. */
  public void pages(Iterable<String> views) {
    views.forEach(view -> pageCounter(view, "shown"));
  }

  private Counter pageCounter(String view, String outcome) {
    return Counter.builder(PREFIX + "pages")
        .description("Pages of the device sign-in by view and outcome.")
        .tag("page", view)
        .tag("outcome", outcome)
        .register(registry);
  }

  /** Has the outcomes that a step of the device grant can have exposed before the first. */
  public void deviceOutcomes(String step, Iterable<String> outcomes) {
    outcomes.forEach(outcome -> deviceCounter(step, outcome));
  }

  /** Counts a step of the device grant by its outcome; both come from enumerations. */
  public void deviceStep(String step, String outcome) {
    deviceCounter(step, outcome).increment();
  }

  private Counter deviceCounter(String step, String outcome) {
    return Counter.builder(PREFIX + "device_steps")
        .description("Steps of the device authorization grant, by outcome.")
        .tag("step", step)
        .tag("outcome", outcome)
        .register(registry);
  }

  /** Counts a request refused because of a limit. */
  public void limited(Limit limit) {
    limited[limit.ordinal()].increment();
  }

  /** Counts a request refused because too much was under way. */
  public void shed(Ceiling ceiling) {
    shed[ceiling.ordinal()].increment();
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
    garbageCollection.close();
    registry.close();
  }

  private Timer timer(String name, String description) {
    return Timer.builder(PREFIX + name)
        .description(description)
        .serviceLevelObjectives(LATENCY_BUCKETS)
        .register(registry);
  }
}
