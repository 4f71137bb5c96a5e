package dev.kaneogateway;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;
import dev.kaneogateway.config.Settings;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.LoggerFactory;

/**
 * Sets the log up without a file: lines to standard output, or to standard error beside a command
 * that answers on the former; text or JSON. Found by Logback as a service.
 */
public final class LogConfiguration extends ContextAwareBase implements Configurator {
  private static final String ROOMS = "dev.kaneogateway";

  /** Lines lost since the start; one for the process, as standard output is. */
  static final LongAdder DROPPED = new LongAdder();

  private static final String LEVEL = "kaneo.gateway.log.level";
  private static final String JSON = "kaneo.gateway.log.json";
  private static final String BESIDE = "kaneo.gateway.log.beside";

  /**
   * Has the log be as the settings say. To read them some library may have logged, or only asked
   * for a logger, and so have set the log up before.
   *
   * @param serves whether the log is all that standard output is for
   */
  static void take(Settings.Logs logs, boolean serves) {
    System.setProperty(LEVEL, logs.level());
    System.setProperty(JSON, String.valueOf(logs.json()));
    System.setProperty(BESIDE, String.valueOf(!serves));
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    new LogConfiguration().configure(context);
  }

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    boolean json = Boolean.getBoolean(JSON);
    LogWriter writer = new LogWriter(() -> new LogFormat(json), output(), DROPPED);
    writer.setContext(context);
    writer.setName("stdout");
    writer.start();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(writer);
    setLevel(context, System.getProperty(LEVEL, "info"));
    // A refused TLS handshake or a connection reset is the client's affair.
    context.getLogger("io.netty").setLevel(Level.ERROR);
    // Why an event loop died.
    context.getLogger("io.netty.util.concurrent").setLevel(Level.WARN);
    // Broken connections are told by the exchange they break, with its request id.
    context.getLogger("io.vertx.core.net.impl.ConnectionBase").setLevel(Level.OFF);
    context.getLogger("io.vertx.core.http.impl.HttpClientRequestImpl").setLevel(Level.OFF);
    context.getLogger("io.vertx.core.http.impl.HttpClientResponseImpl").setLevel(Level.OFF);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /**
   * Standard output or error itself, as the JDK's stream tells nobody what it lost; but what tests
   * have put in its place is theirs to read.
   */
  private static OutputStream output() {
    boolean beside = Boolean.getBoolean(BESIDE);
    PrintStream stream = beside ? System.err : System.out;
    return stream.getClass() == PrintStream.class
        ? new FileOutputStream(beside ? FileDescriptor.err : FileDescriptor.out)
        : stream;
  }

  /** Changes the levels of the gateway's own loggers. */
  static void level(String level) {
    setLevel((LoggerContext) LoggerFactory.getILoggerFactory(), level);
  }

  /**
   * {@code info,credentials=debug}: a level for all rooms, and others for some, in any order. Who
   * names none for all means the usual one.
   */
  private static void setLevel(LoggerContext context, String levels) {
    context.getLoggerList().stream()
        .filter(logger -> logger.getName().startsWith(ROOMS))
        .forEach(logger -> logger.setLevel(null));
    List<String> parts = new ArrayList<>(List.of("info"));
    parts.addAll(List.of(levels.split(",")));
    parts.sort(Comparator.comparing(part -> part.indexOf('=') >= 0));
    for (String part : parts) {
      String[] roomAndLevel = part.strip().split("=", 2);
      Level level = Level.toLevel(roomAndLevel[roomAndLevel.length - 1].strip());
      if (roomAndLevel.length == 1) {
        context.getLogger(ROOMS).setLevel(level);
        context.getLogger("access").setLevel(level);
      } else if (roomAndLevel[0].strip().equals("access")) {
        context.getLogger("access").setLevel(level);
      } else {
        context.getLogger(ROOMS + "." + roomAndLevel[0].strip()).setLevel(level);
      }
    }
  }
}
