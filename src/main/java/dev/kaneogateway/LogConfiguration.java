package dev.kaneogateway;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.slf4j.LoggerFactory;

/**
 * Sets the log up without a file: lines to standard output, text or JSON. Found by Logback as a
 * service.
 */
public final class LogConfiguration extends ContextAwareBase implements Configurator {
  static final String LEVEL = "kaneo.gateway.log.level";
  static final String JSON = "kaneo.gateway.log.json";

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    LogWriter writer = new LogWriter(encoder(context), System.out);
    writer.setContext(context);
    writer.setName("stdout");
    writer.start();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(writer);
    setLevel(context, System.getProperty(LEVEL, "info"));
    // A refused TLS handshake or a connection reset is the client's affair.
    context.getLogger("io.netty").setLevel(Level.ERROR);
    // Broken connections are told by the exchange they break, with its request id.
    context.getLogger("io.vertx.core.net.impl.ConnectionBase").setLevel(Level.OFF);
    context.getLogger("io.vertx.core.http.impl.HttpClientRequestImpl").setLevel(Level.OFF);
    context.getLogger("io.vertx.core.http.impl.HttpClientResponseImpl").setLevel(Level.OFF);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /** Changes the level of the gateway's own loggers. */
  static void level(String level) {
    setLevel((LoggerContext) LoggerFactory.getILoggerFactory(), level);
  }

  private static void setLevel(LoggerContext context, String level) {
    context.getLogger("dev.kaneogateway").setLevel(Level.toLevel(level));
    context.getLogger("access").setLevel(Level.toLevel(level));
  }

  private static Encoder<ILoggingEvent> encoder(LoggerContext context) {
    if (Boolean.getBoolean(JSON)) {
      JsonEncoder json = new JsonEncoder();
      json.setContext(context);
      json.setWithMessage(false);
      json.setWithFormattedMessage(true);
      json.setWithArguments(false);
      json.setWithSequenceNumber(false);
      json.setWithContext(false);
      json.setWithNanoseconds(false);
      json.start();
      return json;
    }
    PatternLayoutEncoder text = new PatternLayoutEncoder();
    text.setContext(context);
    text.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSX,UTC} %-5level %logger{0} %msg%n%ex{short}");
    text.start();
    return text;
  }
}
