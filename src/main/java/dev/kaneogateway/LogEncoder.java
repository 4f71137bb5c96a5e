package dev.kaneogateway;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.kaneogateway.web.AccessRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/**
 * Writes an event as one line of text or of JSON; a request with each of its properties as a field.
 * No control character of a message reaches a line, so that nobody can forge one; of a stack trace
 * each line begins with a tab. Runs on the log's own thread, and on no other.
 */
final class LogEncoder extends EncoderBase<ILoggingEvent> {
  private static final byte[] NONE = {};
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss").withZone(ZoneOffset.UTC);

  private final boolean json;
  private final StringBuilder line = new StringBuilder(1024);
  private final JsonStringEncoder quoter = JsonStringEncoder.getInstance();
  private long formattedSecond = -1;
  private String formatted = "";

  LogEncoder(boolean json) {
    this.json = json;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    line.setLength(0);
    if (json) {
      writeJson(event);
    } else {
      writeText(event);
    }
    return line.toString().getBytes(StandardCharsets.UTF_8);
  }

  private void writeText(ILoggingEvent event) {
    time(event.getTimeStamp());
    line.append(' ');
    String level = event.getLevel().toString();
    line.append(level).append(level.length() < 5 ? "  " : " ");
    line.append(shortName(event.getLoggerName())).append(' ');
    AccessRecord record = recordOf(event);
    if (record != null) {
      // Its parts were judged when the head was read, but for the method.
      appendClean(record.toString());
    } else {
      appendClean(event.getFormattedMessage());
    }
    line.append('\n');
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      ThrowableProxyUtil.asString(thrown)
          .lines()
          .forEach(
              trace -> {
                line.append('\t');
                appendClean(trace.strip());
                line.append('\n');
              });
    }
  }

  private void writeJson(ILoggingEvent event) {
    line.append("{\"time\":\"");
    time(event.getTimeStamp());
    line.append("\",\"level\":\"").append(event.getLevel()).append('"');
    text("logger", shortName(event.getLoggerName()));
    AccessRecord record = recordOf(event);
    if (record != null) {
      writeJson(record);
    } else {
      text("message", event.getFormattedMessage());
    }
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      text("exception", ThrowableProxyUtil.asString(thrown));
    }
    line.append("}\n");
  }

  private void writeJson(AccessRecord record) {
    text("request_id", record.requestId());
    text("trace_id", record.traceId());
    text("method", record.method());
    text("path", record.loggedPath());
    text("template", record.template());
    text("route", record.route().label());
    line.append(",\"status\":").append(record.status());
    text("outcome", record.outcome().label());
    line.append(",\"duration_ms\":");
    AccessRecord.millis(line, record.durationNanos());
    if (record.upstreamNanos() >= 0) {
      line.append(",\"upstream_ms\":");
      AccessRecord.millis(line, record.upstreamNanos());
    }
    line.append(",\"bytes_in\":").append(record.bytesIn());
    line.append(",\"bytes_out\":").append(record.bytesOut());
    text("client", record.client());
    text("credential_kind", record.credentialKind().label());
    known("credential", record.credential());
    known("user", record.userId());
    if (record.trouble() != null) {
      text("trouble", record.trouble());
    }
  }

  private void known(String name, String value) {
    if (!value.equals("-")) {
      text(name, value);
    }
  }

  private void text(String name, String value) {
    line.append(",\"").append(name).append("\":\"");
    quoter.quoteAsString(value, line);
    line.append('"');
  }

  private void appendClean(String text) {
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
  private void time(long millis) {
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

  @Override
  public byte[] headerBytes() {
    return NONE;
  }

  @Override
  public byte[] footerBytes() {
    return NONE;
  }
}
