package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/**
 * Every meter of the gateway, registered here and nowhere else. Labels are enumerations of ours,
 * never bytes of a client's, so the number of series is bounded. Safe from any thread.
 */
public final class GatewayMetrics implements AutoCloseable {
  static final String PREFIX = "kaneo_gateway_";
  private static final int STATUS_CLASSES = 6;
  static final Duration[] LATENCY_BUCKETS = {
    Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(5), Duration.ofMillis(10),
    Duration.ofMillis(25), Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(250),
    Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofMillis(2500), Duration.ofSeconds(5),
    Duration.ofSeconds(10)
  };

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics garbageCollection = new JvmGcMetrics();
  private final AtomicReferenceArray<Timer> requests =
      new AtomicReferenceArray<>(Route.values().length * STATUS_CLASSES);
  private final Counter[] authentications = new Counter[AuthResult.values().length * 2];
  private final Counter[] limited = new Counter[Limit.values().length];
  private final Counter[] shed = new Counter[Ceiling.values().length];
  private final Timer upstream =
      timer("upstream_response", "From asking Kaneo to the head of its answer.");
  private final Timer lookups =
      timer("credential_lookup", "One statement for credentials, to its answer.");
  private final DistributionSummary lookupBatch =
      DistributionSummary.builder(PREFIX + "credential_lookup_batch")
          .description("Credentials asked for in one statement.")
          .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64, 128, 256)
          .register(registry);
  private final Counter changed =
      counter("credential_changes", "Changes of credentials that PostgreSQL told of.");
  private final Counter ended =
      counter("streams_ended", "Credentials whose open connections were closed at their end.");
  private final Counter usageWritten =
      counter("key_usage_written", "API keys whose use was written to the database.");
  private final LongAdder inFlight = new LongAdder();
  private final LongAdder tunnels = new LongAdder();
  private final LongAdder held = new LongAdder();

  public GatewayMetrics() {
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
    gauge("requests_in_flight", "Requests not yet answered in full.", inFlight::sum);
    gauge("requests_held", "Requests waiting for a Kaneo that restarts.", held::sum);
    gauge("websockets_open", "WebSocket connections carried now.", tunnels::sum);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ClassLoaderMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    garbageCollection.bindTo(registry);
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

  public void requestStarted() {
    inFlight.increment();
  }

  /** Counts one request answered in full, or given up by its client (status 499). */
  public void requestEnded(Route route, int status, long nanos) {
    inFlight.decrement();
    int statusClass = status / 100 < STATUS_CLASSES ? status / 100 : 0;
    int index = route.ordinal() * STATUS_CLASSES + statusClass;
    Timer timer = requests.get(index);
    if (timer == null) {
      timer =
          Timer.builder(PREFIX + "http_requests")
              .description("Requests from their head to the end of their answer.")
              .tag("route", route.label())
              .tag("status", statusClass == 0 ? "other" : statusClass + "xx")
              .serviceLevelObjectives(LATENCY_BUCKETS)
              .register(registry);
      requests.set(index, timer);
    }
    timer.record(nanos, TimeUnit.NANOSECONDS);
  }

  public void authenticated(AuthResult result, boolean cached) {
    authentications[result.ordinal() * 2 + (cached ? 1 : 0)].increment();
  }

  public void upstreamAnswered(long nanos) {
    upstream.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** Counts a request that Kaneo did not answer as it should, by what went wrong. */
  public void upstreamFailed(String cause) {
    counter("upstream_failures", "Requests Kaneo did not answer, by cause.", "cause", cause)
        .increment();
  }

  public void lookedUp(int credentials, long nanos) {
    lookupBatch.record(credentials);
    lookups.record(nanos, TimeUnit.NANOSECONDS);
  }

  public void lookupFailed() {
    counter(
            "credential_lookup_failures",
            "Statements for credentials that failed.",
            "cause",
            "database")
        .increment();
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

  public void malformedRequest() {
    counter("malformed_requests", "Connections whose bytes were no HTTP request.", "answer", "4xx")
        .increment();
  }

  /** Counts a step of the device grant by its outcome; both come from enumerations. */
  public void deviceStep(String step, String outcome) {
    Counter.builder(PREFIX + "device_steps")
        .description("Steps of the device authorization grant, by outcome.")
        .tag("step", step)
        .tag("outcome", outcome)
        .register(registry)
        .increment();
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
