package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.spi.metrics.PoolMetrics;
import io.vertx.core.spi.metrics.VertxMetrics;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The pool of database connections, as Vert.x tells of it: the one part of its metrics that costs
 * nothing per request. Its HTTP metrics cost a fifth of a request and label by the raw method.
 */
public final class PoolMeters implements VertxMetrics, PoolMetrics<Long, Long> {
  private final LongAdder waiting = new LongAdder();
  private final LongAdder used = new LongAdder();
  private volatile @Nullable Timer wait;

  private PoolMeters() {}

  /** Has a Vertx tell of its pools. */
  public static VertxBuilder enable(VertxBuilder builder) {
    return builder.withMetrics(options -> new PoolMeters());
  }

  static void register(Vertx vertx, MeterRegistry registry) {
    if (((VertxInternal) vertx).metrics() instanceof PoolMeters meters) {
      meters.register(registry);
    }
  }

  private void register(MeterRegistry registry) {
    Gauge.builder(GatewayMetrics.PREFIX + "database_connections_used", used, LongAdder::sum)
        .description("Connections to PostgreSQL that work now.")
        .register(registry);
    Gauge.builder(GatewayMetrics.PREFIX + "database_connections_awaited", waiting, LongAdder::sum)
        .description("Statements that wait for a connection to PostgreSQL.")
        .register(registry);
    wait =
        Timer.builder(GatewayMetrics.PREFIX + "database_connection_wait")
            .description("Time to get a connection to PostgreSQL from the pool.")
            .serviceLevelObjectives(GatewayMetrics.LATENCY_BUCKETS)
            .register(registry);
  }

  @Override
  public @Nullable PoolMetrics<?, ?> createPoolMetrics(String type, String name, int size) {
    return type.equals("sql") ? this : null;
  }

  @Override
  public Long enqueue() {
    waiting.increment();
    return System.nanoTime();
  }

  @Override
  public void dequeue(Long since) {
    waiting.decrement();
    Timer timer = wait;
    if (timer != null) {
      timer.record(System.nanoTime() - since, TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public Long begin() {
    used.increment();
    return 0L;
  }

  @Override
  public void end(Long begun) {
    used.decrement();
  }

  @Override
  public boolean isMetricsEnabled() {
    return true;
  }

  @Override
  public void close() {
    // The pools end with their Vertx, and the meters with their registry.
  }
}
