package dev.kaneogateway.metrics;

import io.netty.util.concurrent.FastThreadLocal;
import io.prometheus.metrics.tracer.common.SpanContext;
import org.jspecify.annotations.Nullable;

/**
 * The trace of the request that is being measured on this thread, from which a histogram takes its
 * exemplars. Every trace counts as sampled: without an exporter its id still leads to the log.
 */
final class Traces implements SpanContext {
  private final FastThreadLocal<@Nullable Trace> current = new FastThreadLocal<>();

  private record Trace(String traceId, String spanId) {}

  /** From now on measures on this thread are of this trace. */
  void enter(String traceId, String spanId) {
    current.set(new Trace(traceId, spanId));
  }

  void leave() {
    current.set(null);
  }

  @Override
  public @Nullable String getCurrentTraceId() {
    Trace trace = current.get();
    return trace == null ? null : trace.traceId();
  }

  @Override
  public @Nullable String getCurrentSpanId() {
    Trace trace = current.get();
    return trace == null ? null : trace.spanId();
  }

  @Override
  public boolean isCurrentSpanSampled() {
    return current.get() != null;
  }

  @Override
  public void markCurrentSpanAsExemplar() {
    // Nothing that records spans asks for it.
  }
}
