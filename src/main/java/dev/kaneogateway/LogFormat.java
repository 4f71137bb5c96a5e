package dev.kaneogateway;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.kaneogateway.web.AccessRecord;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/**
 * Writes an event as one line of text or of JSON; a request with each of its properties as a field.
 * No control character of a message reaches a line, so that nobody can forge one; of a stack trace
 * each line begins with a tab. Remembers the second it wrote last, so one thread at a time may use
 * it.
 */
final class LogFormat {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss").withZone(ZoneOffset.UTC);

  private final boolean json;
  private final JsonStringEncoder quoter = JsonStringEncoder.getInstance();
  private long formattedSecond = -1;
  private String formatted = "";

  LogFormat(boolean json) {
    this.json = json;
  }

  /** Appends an event's line, and the newline that ends it. */
  void append(ILoggingEvent event, StringBuilder line) {
    if (json) {
      writeJson(event, line);
    } else {
      writeText(event, line);
    }
  }

  private void writeText(ILoggingEvent event, StringBuilder line) {
    time(event.getTimeStamp(), line);
    line.append(' ');
    String level = event.getLevel().toString();
    line.append(level).append(level.length() < 5 ? "  " : " ");
    line.append(shortName(event.getLoggerName())).append(' ');
    AccessRecord record = recordOf(event);
    if (record != null) {
      writeText(record, line);
    } else {
      appendClean(event.getFormattedMessage(), line);
    }
    line.append('\n');
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      ThrowableProxyUtil.asString(thrown)
          .lines()
          .forEach(
              trace -> {
                line.append('\t');
                appendClean(trace.strip(), line);
                line.append('\n');
              });
    }
  }

  /** Its parts were judged when the head was read, but for the method. */
  private static void writeText(AccessRecord record, StringBuilder line) {
    appendClean(record.method(), line);
    line.append(' ').append(record.loggedPath()).append(' ').append(record.status());
    line.append(" outcome=").append(record.outcome().label());
    line.append(" route=").append(record.route().label());
    line.append(" path=").append(record.template());
    line.append(" ms=");
    AccessRecord.millis(line, record.durationNanos());
    if (record.upstreamNanos() >= 0) {
      line.append(" upstream_ms=");
      AccessRecord.millis(line, record.upstreamNanos());
    }
    line.append(" in=").append(record.bytesIn());
    line.append(" out=").append(record.bytesOut());
    line.append(" client=").append(record.client());
    line.append(" credential=").append(record.credential());
    line.append(" user=").append(record.userId());
    line.append(" id=").append(record.requestId());
    line.append(" trace=").append(record.traceId());
    if (record.trouble() != null) {
      line.append(" trouble=\"").append(record.trouble()).append('"');
    }
  }

  private void writeJson(ILoggingEvent event, StringBuilder line) {
    line.append("{\"time\":\"");
    time(event.getTimeStamp(), line);
    line.append("\",\"level\":\"").append(event.getLevel()).append('"');
    text("logger", shortName(event.getLoggerName()), line);
    AccessRecord record = recordOf(event);
    if (record != null) {
      writeJson(record, line);
    } else {
      text("message", event.getFormattedMessage(), line);
    }
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      text("exception", ThrowableProxyUtil.asString(thrown), line);
    }
    line.append("}\n");
  }

  private void writeJson(AccessRecord record, StringBuilder line) {
    text("request_id", record.requestId(), line);
    text("trace_id", record.traceId(), line);
    text("method", record.method(), line);
    text("path", record.loggedPath(), line);
    text("template", record.template(), line);
    text("route", record.route().label(), line);
    line.append(",\"status\":").append(record.status());
    text("outcome", record.outcome().label(), line);
    line.append(",\"duration_ms\":");
    AccessRecord.millis(line, record.durationNanos());
    if (record.upstreamNanos() >= 0) {
      line.append(",\"upstream_ms\":");
      AccessRecord.millis(line, record.upstreamNanos());
    }
    line.append(",\"bytes_in\":").append(record.bytesIn());
    line.append(",\"bytes_out\":").append(record.bytesOut());
    text("client", record.client(), line);
    text("credential_kind", record.credentialKind().label(), line);
    known("credential", record.credential(), line);
    known("user", record.userId(), line);
    if (record.trouble() != null) {
      text("trouble", record.trouble(), line);
    }
  }

  private void known(String name, String value, StringBuilder line) {
    if (!value.equals("-")) {
      text(name, value, line);
    }
  }

  private void text(String name, String value, StringBuilder line) {
    line.append(",\"").append(name).append("\":\"");
    quoter.quoteAsString(value, line);
    line.append('"');
  }

  private static void appendClean(String text, StringBuilder line) {
    int clean = 0;
    while (clean < text.length() && !isControl(text.charAt(clean))) {
      clean++;
    }
    line.append(text, 0, clean);
    for (int i = clean; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isControl(c)) {
        line.append("\\u").append(String.format("%04x", (int) c));
      } else {
        line.append(c);
      }
    }
  }

  /** Line and paragraph separators end a line for some viewers. */
  private static boolean isControl(char c) {
    return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
  }

  private static @Nullable AccessRecord recordOf(ILoggingEvent event) {
    Object[] arguments = event.getArgumentArray();
    return arguments != null && arguments.length == 1 && arguments[0] instanceof AccessRecord record
        ? record
        : null;
  }

  /** Formatting costs as much as the rest of a line, and thousands of lines share a second. */
  private void time(long millis, StringBuilder line) {
    long second = Math.floorDiv(millis, 1000);
    if (second != formattedSecond) {
      formattedSecond = second;
      formatted = TIME.format(Instant.ofEpochSecond(second));
    }
    int fraction = Math.floorMod(millis, 1000);
    line.append(formatted).append('.');
    line.append(fraction < 100 ? fraction < 10 ? "00" : "0" : "").append(fraction).append('Z');
  }

  private static String shortName(String logger) {
    return logger.substring(logger.lastIndexOf('.') + 1);
  }
}
