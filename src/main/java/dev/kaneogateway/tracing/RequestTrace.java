package dev.kaneogateway.tracing;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;

/** The place of one request in its trace. Confined to the request's event loop. */
public final class RequestTrace {
  public static final CharSequence TRACEPARENT = HttpHeaders.createOptimized("traceparent");

  private final TraceParent parent;
  private final boolean continued;

  private RequestTrace(TraceParent parent, boolean continued) {
    this.parent = parent;
    this.continued = continued;
  }

  /** The trace that a request's fields name; a new one if they name none that can be. */
  public static RequestTrace of(MultiMap headers) {
    TraceParent given =
        headers.contains(TRACEPARENT) ? TraceParent.parse(headers.getAll(TRACEPARENT)) : null;
    return new RequestTrace(given == null ? TraceParent.start() : given, given != null);
  }

  /** Whether the client's trace goes on, and its {@code tracestate} with it. */
  public boolean isContinued() {
    return continued;
  }

  public String traceId() {
    return parent.traceId();
  }

  public String spanId() {
    return parent.spanId();
  }

  /** What Kaneo gets as {@code traceparent}. */
  public String traceparent() {
    return parent.text();
  }
}
