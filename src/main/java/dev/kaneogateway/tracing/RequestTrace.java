package dev.kaneogateway.tracing;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.vertx.core.http.HttpHeaders;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The place of one request in its trace, and its spans if they are recorded. Spans name no path and
 * nothing of a credential. Confined to the request's event loop.
 */
public final class RequestTrace {
  public static final CharSequence TRACEPARENT = HttpHeaders.createOptimized("traceparent");
  private static final Step UNRECORDED = new Step(null);

  /** Those that a span is named by (OpenTelemetry's HTTP conventions): others are made up. */
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT");

  private final String traceId;
  private final String spanId;
  private final boolean continued;
  private final @Nullable Span span;
  private final @Nullable Tracer tracer;
  private String traceparent;

  /** A part of a request, from its making to its end. */
  public static final class Step {
    private final @Nullable Span span;

    private Step(@Nullable Span span) {
      this.span = span;
    }

    /** Notes what Kaneo answered. */
    public void status(int status) {
      if (span != null) {
        span.setAttribute("http.response.status_code", status);
        if (status >= 500) {
          span.setStatus(StatusCode.ERROR);
        }
      }
    }

    /** Notes what went wrong, in a word of the gateway's own. */
    public void failed(String cause) {
      if (span != null) {
        span.setStatus(StatusCode.ERROR, cause);
      }
    }

    /** Ends it; again does nothing. */
    public void end() {
      if (span != null) {
        span.end();
      }
    }
  }

  /** A place that nobody records. */
  RequestTrace(TraceParent parent, boolean continued) {
    this.traceId = parent.traceId();
    this.spanId = parent.spanId();
    this.traceparent = parent.text();
    this.continued = continued;
    this.span = null;
    this.tracer = null;
  }

  /** A place that is recorded. */
  RequestTrace(Span span, Tracer tracer, boolean continued) {
    this.traceId = span.getSpanContext().getTraceId();
    this.spanId = span.getSpanContext().getSpanId();
    this.traceparent = parentOf(span);
    this.continued = continued;
    this.span = span;
    this.tracer = tracer;
  }

  /** Whether the client's trace goes on, and its {@code tracestate} with it. */
  public boolean isContinued() {
    return continued;
  }

  public String traceId() {
    return traceId;
  }

  public String spanId() {
    return spanId;
  }

  /** What Kaneo gets as {@code traceparent}. */
  public String traceparent() {
    return traceparent;
  }

  /** PostgreSQL is asked about the credential. */
  public Step lookup() {
    return step("credential lookup", SpanKind.INTERNAL);
  }

  /** Kaneo is asked; its own spans will stand below this step. */
  public Step upstream() {
    Step step = step("kaneo", SpanKind.CLIENT);
    if (step.span != null) {
      traceparent = parentOf(step.span);
    }
    return step;
  }

  /** Ends the request's span. */
  public void end(String method, String template, int status, String outcome) {
    if (span != null) {
      boolean known = METHODS.contains(method);
      span.updateName((known ? method : "HTTP") + " " + template);
      span.setAttribute("http.request.method", known ? method : "_OTHER");
      span.setAttribute("http.route", template);
      span.setAttribute("http.response.status_code", status);
      span.setAttribute("kaneo_gateway.outcome", outcome);
      if (status >= 500) {
        span.setStatus(StatusCode.ERROR);
      }
      span.end();
    }
  }

  private Step step(String name, SpanKind kind) {
    return span == null || tracer == null
        ? UNRECORDED
        : new Step(
            tracer
                .spanBuilder(name)
                .setSpanKind(kind)
                .setParent(Context.root().with(span))
                .startSpan());
  }

  private static String parentOf(Span span) {
    return "00-"
        + span.getSpanContext().getTraceId()
        + "-"
        + span.getSpanContext().getSpanId()
        + "-01";
  }
}
