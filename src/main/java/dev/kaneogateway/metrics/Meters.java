package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.function.Supplier;

/**
 * Registers meters whose names begin as all do and whose times fall into the same buckets; one that
 * is there already is found. Labels are pairs of a name and a value. Safe from any thread.
 */
record Meters(MeterRegistry registry) {
  Counter counter(String name, String description, String... labels) {
    return Counter.builder(GatewayMetrics.PREFIX + name)
        .description(description)
        .tags(labels)
        .register(registry);
  }

  Timer timer(String name, String description) {
    return Timer.builder(GatewayMetrics.PREFIX + name)
        .description(description)
        .serviceLevelObjectives(GatewayMetrics.LATENCY_BUCKETS)
        .register(registry);
  }

  /** Its value is asked for at each scrape. */
  void gauge(String name, String description, Supplier<Number> value, String... labels) {
    Gauge.builder(GatewayMetrics.PREFIX + name, value)
        .description(description)
        .tags(labels)
        .register(registry);
  }
}
