package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.LoggingEvent;
import dev.kaneogateway.metrics.CredentialKind;
import dev.kaneogateway.metrics.Outcome;
import dev.kaneogateway.metrics.Route;
import dev.kaneogateway.web.AccessRecord;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LogFormatTest {
  private static final AccessRecord RECORD =
      new AccessRecord(
          "id-1",
          "a".repeat(32),
          "b".repeat(16),
          "GET",
          "/api/task/42?secret=1",
          "/api/task/*",
          Route.API,
          502,
          1_234_567,
          1_000_999,
          10,
          20,
          "192.0.2.1",
          CredentialKind.API_KEY,
          "api_key:k1",
          "u1",
          Outcome.FAILED,
          "Kaneo said \"no\"");

  @Test
  void aRequestIsJsonWithAFieldForEachProperty() {
    JsonObject line = new JsonObject(line(true, "{}", RECORD, null));
    line.remove("time");
    assertEquals(
        new JsonObject()
            .put("level", "INFO")
            .put("logger", "access")
            .put("request_id", "id-1")
            .put("trace_id", "a".repeat(32))
            .put("method", "GET")
            .put("path", "/api/task/42")
            .put("template", "/api/task/*")
            .put("route", "api")
            .put("status", 502)
            .put("outcome", "failed")
            .put("duration_ms", 1.234)
            .put("upstream_ms", 1.0)
            .put("bytes_in", 10)
            .put("bytes_out", 20)
            .put("client", "192.0.2.1")
            .put("credential_kind", "api_key")
            .put("credential", "api_key:k1")
            .put("user", "u1")
            .put("trouble", "Kaneo said \"no\"")
            .getMap(),
        line.getMap());
  }

  @Test
  void aRequestIsTextWithTheSame() {
    String line = line(false, "{}", RECORD, null);
    assertEquals(
        "INFO  access GET /api/task/42 502 outcome=failed route=api path=/api/task/* ms=1.234"
            + " upstream_ms=1.000 in=10 out=20 client=192.0.2.1 credential=api_key:k1 user=u1"
            + " id=id-1 trace="
            + "a".repeat(32)
            + " trouble=\"Kaneo said \"no\"\"\n",
        line.substring(line.indexOf(' ') + 1));
  }

  @Test
  void noMessageCanForgeALine() {
    String forged = "a\n2026-01-01T00:00:00.000Z INFO  access forged\r\u001b[31m\u2028b\u0000";
    for (boolean json : new boolean[] {false, true}) {
      String line = line(json, "said {}", forged, null);
      assertEquals(line.length() - 1, line.indexOf('\n'), line);
      assertFalse(line.contains("\r") || line.contains("\u001b"), line);
    }
    assertEquals(
        "said " + forged, new JsonObject(line(true, "said {}", forged, null)).getString("message"));
  }

  @Test
  void eachLineOfAStackTraceIsIndented() {
    String lines = line(false, "failed {}", "x", new IllegalStateException("a\nb INFO forged"));
    assertTrue(lines.lines().skip(1).allMatch(line -> line.startsWith("\t")), lines);
    assertTrue(lines.contains("\tjava.lang.IllegalStateException: a\n"), lines);
  }

  private static String line(boolean json, String message, Object argument, Throwable thrown) {
    Logger logger = (Logger) LoggerFactory.getLogger("access");
    LoggingEvent event =
        new LoggingEvent("", logger, Level.INFO, message, thrown, new Object[] {argument});
    StringBuilder line = new StringBuilder();
    new LogFormat(json).append(event, line);
    return line.toString();
  }
}
