package dev.kaneogateway;

import dev.kaneogateway.metrics.GatewayMetrics;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;

/**
 * Notices that an event loop is late, since it is as late for a request as for a timer, and that it
 * stands still: then no timer comes that could tell how late it is, but whoever asks from another
 * thread sees how long ago the last one was. Started on its loop; asked from any thread.
 */
final class LoopDelay {
  /** Often enough to see what a request sees, and rare enough to cost nothing. */
  private static final long CHECK_EVERY_MS = 100;

  private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Vertx vertx;
  private final GatewayMetrics metrics;
  private volatile long due;

  private LoopDelay(Vertx vertx, GatewayMetrics metrics) {
    this.vertx = vertx;
    this.metrics = metrics;
  }

  /** Watches the event loop this is called on, until its verticle ends. */
  static LoopDelay start(Vertx vertx, GatewayMetrics metrics) {
    LoopDelay delay = new LoopDelay(vertx, metrics);
    delay.await();
    return delay;
  }

  private void await() {
    due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CHECK_EVERY_MS);
    vertx.setTimer(
        CHECK_EVERY_MS,
        id -> {
          metrics.process().eventLoopDelayed(Math.max(0, System.nanoTime() - due));
          await();
        });
  }

  /** Whether a timer should have come a second ago and did not. */
  boolean isStalled() {
    return System.nanoTime() - due > STALLED_NANOS;
  }
}
