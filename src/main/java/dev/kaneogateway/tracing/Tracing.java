package dev.kaneogateway.tracing;

import dev.kaneogateway.config.Settings;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.vertx.core.MultiMap;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Gives each request its place in a trace, and records spans when there is somewhere to send them.
 * Spans leave by a thread of their own in batches; when the receiver is away or slow they are
 * dropped, not requests held. Safe from any thread.
 */
public final class Tracing implements AutoCloseable {
  private static final Duration EXPORT_EVERY = Duration.ofSeconds(1);
  private static final long LAST_EXPORT_SECONDS = 3;

  private final double ratio;
  private final @Nullable SdkTracerProvider provider;
  private final @Nullable Tracer tracer;

  /**
   * @param settings without an endpoint nothing is recorded
   */
  public Tracing(Settings.Traces settings) {
    this.ratio = settings.ratio();
    this.provider =
        settings.endpoint().isEmpty() ? null : exporting(settings, settings.endpoint().get());
    this.tracer = provider == null ? null : provider.get("dev.kaneogateway");
  }

  private static SdkTracerProvider exporting(Settings.Traces settings, String endpoint) {
    OtlpHttpSpanExporterBuilder exporter =
        OtlpHttpSpanExporter.builder()
            .setEndpoint((endpoint.endsWith("/") ? endpoint : endpoint + "/") + "v1/traces")
            .setTimeout(Duration.ofSeconds(5))
            .setMeterProvider(MeterProvider.noop());
    settings.headers().forEach(exporter::addHeader);
    return SdkTracerProvider.builder()
        .setResource(
            Resource.create(
                Attributes.of(AttributeKey.stringKey("service.name"), settings.serviceName())))
        // What is recorded is decided here, by the caller's wish or the ratio.
        .setSampler(Sampler.alwaysOn())
        .addSpanProcessor(
            BatchSpanProcessor.builder(new SpanDelivery(exporter.build()))
                .setScheduleDelay(EXPORT_EVERY)
                .setMeterProvider(MeterProvider.noop())
                .build())
        .build();
  }

  /** The place of a request: the one its fields name, or a trace that begins here. */
  public RequestTrace begin(MultiMap headers) {
    TraceParent given =
        headers.contains(RequestTrace.TRACEPARENT)
            ? TraceParent.parse(headers.getAll(RequestTrace.TRACEPARENT))
            : null;
    boolean continued = given != null;
    if (tracer == null) {
      // Sampled although nobody records this place: a Kaneo that traces would otherwise take it
      // for a wish not to.
      return new RequestTrace(given == null ? TraceParent.start(true) : given, continued);
    }
    boolean recorded =
        given == null ? ThreadLocalRandom.current().nextDouble() < ratio : given.sampled();
    if (!recorded) {
      return new RequestTrace(given == null ? TraceParent.start(false) : given, continued);
    }
    SpanBuilder builder = tracer.spanBuilder("request").setSpanKind(SpanKind.SERVER);
    if (given == null) {
      builder.setNoParent();
    } else {
      builder.setParent(
          Context.root()
              .with(
                  Span.wrap(
                      SpanContext.createFromRemoteParent(
                          given.traceId(),
                          given.spanId(),
                          TraceFlags.getSampled(),
                          TraceState.getDefault()))));
    }
    return new RequestTrace(builder.startSpan(), tracer, continued);
  }

  /** Sends what is left, for a few seconds at most. Blocks. */
  @Override
  public void close() {
    if (provider != null) {
      provider.shutdown().join(LAST_EXPORT_SECONDS, TimeUnit.SECONDS);
    }
  }
}
