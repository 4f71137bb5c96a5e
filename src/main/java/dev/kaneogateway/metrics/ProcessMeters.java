package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** What runs, and how the process fares whatever it serves. Safe from any thread. */
public final class ProcessMeters implements AutoCloseable {
  private final MeterRegistry registry;
  private final JvmGcMetrics garbageCollection = new JvmGcMetrics();
  private final Timer eventLoopDelay;

  ProcessMeters(Meters meters) {
    registry = meters.registry();
    eventLoopDelay =
        meters.timer("event_loop_delay", "How much later than due an event loop came to a timer.");
    meters.gauge(
        "buffer_memory_bytes",
        "Memory outside of the heap taken for bytes on their way.",
        ProcessMeters::bufferMemory);
    meters.gauge(
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

  /** Registers what runs: its version and the Java it runs on. */
  public void build(String version, String transport) {
    Gauge.builder(GatewayMetrics.PREFIX + "build_info", () -> 1)
        .description("What runs, as labels; always 1.")
        .tag("version", version)
        .tag("transport", transport)
        .tag("java", Runtime.version().toString())
        .register(registry);
  }

  /** Registers the count of log lines lost, which the log keeps. */
  public void logLinesDropped(LongAdder count) {
    FunctionCounter.builder(GatewayMetrics.PREFIX + "log_lines_dropped", count, LongAdder::sum)
        .description("Log lines dropped because the output was too slow for them or refused them.")
        .register(registry);
  }

  /** An event loop came to a timer so much later than it was due. */
  public void eventLoopDelayed(long nanos) {
    eventLoopDelay.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    garbageCollection.close();
  }
}
