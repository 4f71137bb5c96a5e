package dev.kaneogateway.tracing;

import io.opentelemetry.exporter.internal.FailedExportException;
import io.opentelemetry.exporter.internal.FailedExportException.HttpExportException;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the gateway's own log when spans begin to get lost on their way and when they arrive
 * again, once each. What the library says of it are stack traces past that log. Safe from any
 * thread.
 */
final class SpanDelivery implements SpanExporter {
  private static final Logger LOG = LoggerFactory.getLogger(SpanDelivery.class);

  /** Kept here, as the JDK forgets the level of a logger that nobody holds. */
  private static final java.util.logging.Logger LIBRARY =
      java.util.logging.Logger.getLogger("io.opentelemetry.exporter");

  static {
    LIBRARY.setLevel(Level.OFF);
  }

  private final SpanExporter exporter;
  private final AtomicBoolean lost = new AtomicBoolean();

  SpanDelivery(SpanExporter exporter) {
    this.exporter = exporter;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    CompletableResultCode sent = exporter.export(spans);
    return sent.whenComplete(() -> told(sent));
  }

  private void told(CompletableResultCode sent) {
    if (!sent.isSuccess()) {
      if (lost.compareAndSet(false, true)) {
        LOG.warn("spans are lost until their receiver takes them: {}", reason(sent));
      }
    } else if (lost.compareAndSet(true, false)) {
      LOG.info("spans are sent again");
    }
  }

  private static String reason(CompletableResultCode sent) {
    @Nullable Throwable failure = sent.getFailureThrowable();
    if (failure instanceof HttpExportException answered && answered.getResponse() != null) {
      return "it answers " + answered.getResponse().statusCode();
    }
    while (failure instanceof FailedExportException
        || failure instanceof CompletionException
        || failure instanceof UncheckedIOException) {
      failure = failure.getCause();
    }
    return failure == null ? "it does not say why" : failure.toString();
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
