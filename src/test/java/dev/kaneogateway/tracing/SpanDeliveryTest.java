package dev.kaneogateway.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kaneogateway.fixtures.FreePort;
import dev.kaneogateway.fixtures.OtlpReceiver;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class SpanDeliveryTest {
  private static final Logger LOG = (Logger) LoggerFactory.getLogger(SpanDelivery.class);

  private final ListAppender<ILoggingEvent> told = new ListAppender<>();
  private final Queue<String> besideTheLog = new ConcurrentLinkedQueue<>();
  private final Handler beside =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          if (line.getLoggerName().startsWith("io.opentelemetry.exporter")) {
            besideTheLog.add(line.getMessage());
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    told.start();
    LOG.addAppender(told);
    java.util.logging.Logger.getLogger("").addHandler(beside);
  }

  @AfterEach
  void stop() {
    LOG.detachAppender(told);
    java.util.logging.Logger.getLogger("").removeHandler(beside);
  }

  @Test
  void lossAndReturnAreToldOnceInTheGatewaysOwnLog() {
    try (OtlpReceiver receiver = new OtlpReceiver()) {
      SpanDelivery delivery = to(receiver.endpoint());
      for (int status : List.of(200, 401, 401, 200, 200, 403)) {
        receiver.answer(status);
        send(delivery);
      }
    }
    assertEquals(
        List.of(
            "spans are lost until their receiver takes them: it answers 401",
            "spans are sent again",
            "spans are lost until their receiver takes them: it answers 403"),
        told.list.stream().map(ILoggingEvent::getFormattedMessage).toList());
    assertEquals(List.of(), List.copyOf(besideTheLog));
  }

  private static SpanDelivery to(String endpoint) {
    return new SpanDelivery(
        OtlpHttpSpanExporter.builder()
            .setEndpoint(endpoint + "/v1/traces")
            .setRetryPolicy(null)
            .build());
  }

  private static void send(SpanDelivery delivery) {
    delivery.export(List.of()).join(20, TimeUnit.SECONDS);
  }

  @Test
  void aReceiverThatIsNotThereIsToldWithItsReason() {
    send(to("http://127.0.0.1:" + FreePort.find()));
    assertEquals(1, told.list.size(), told.list::toString);
    assertEquals(
        "spans are lost until their receiver takes them: java.net.ConnectException",
        told.list.get(0).getFormattedMessage());
    assertEquals(List.of(), List.copyOf(besideTheLog));
  }
}
