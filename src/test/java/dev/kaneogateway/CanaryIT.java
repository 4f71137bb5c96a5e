package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.OtlpReceiver;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Secrets in every place of a request are found in nothing that the gateway writes. */
class CanaryIT {
  private static final String CANARY = "canary5Q2x";

  /** Where a secret may stand; each with its own canary put in. */
  private static final List<String> FIELDS =
      List.of(
          "Authorization: Bearer %s",
          "Authorization: Bearer  %s x",
          "Authorization: Basic %s",
          "Authorization: %s",
          "Proxy-Authorization: Basic %s",
          "x-api-key: %s",
          "Cookie: better-auth.session_token=%s.sig; other=%s",
          "Cookie: __Secure-better-auth.session_token=%s",
          "Cookie: kaneo_gateway_device=%s.%s",
          "Cookie: %s",
          "X-Request-Id: %s with a space",
          "traceparent: 00-%s-00f067aa0ba902b7-01",
          "tracestate: a=%s",
          "X-Forwarded-For: %s",
          "Forwarded: for=%s",
          "Origin: https://%s.example",
          "Referer: https://a.example/?token=%s",
          "User-Agent: %s",
          "Content-Type: %s",
          "Accept-Language: %s",
          "Sec-WebSocket-Protocol: %s",
          "X-Anything: %s");

  private static final List<String> TARGETS =
      List.of(
          "/api/task/1?token=%s",
          "/api/config?token=%s#%s",
          "/index.html?%s",
          "/api/ws/user?token=%s",
          "/api/auth/reset-password/%s?callbackURL=%s",
          "/api/auth/device?user_code=%s",
          "/device?user_code=%s",
          "/device/result?outcome=%s");

  private static final List<String> BODIES =
      List.of(
          "client_id=kaneo-cli&device_code=%s&grant_type=urn:ietf:params:oauth:grant-type:device_code",
          "{\"client_id\":\"kaneo-cli\",\"device_code\":\"%s\",\"grant_type\":\"%s\"}",
          "token=%s",
          "user_code=%s&email=%s&password=%s&seal=%s",
          "{\"%s\":",
          "%s");

  private static final List<String> ENDPOINTS =
      List.of(
          "/api/auth/device/code",
          "/api/auth/device/token",
          "/api/auth/device/revoke",
          "/api/auth/device/approve",
          "/device",
          "/device/sign-in",
          "/device/decision",
          "/api/task/1");

  private static final List<String> MALFORMED =
      List.of(
          "GET /%s\r\n\r\n",
          "%s\r\n\r\n",
          "GET / HTTP/1.1\r\n%s\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\nHost: %s\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: %s\r\n\r\n",
          "GET http://%s@%s/ HTTP/1.1\r\nHost: a\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\nA\u0001B: %s\r\n\r\n",
          "GET / HTTP/9.9\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n");

  private final Queue<String> logged = new ConcurrentLinkedQueue<>();
  private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
  private final AppenderBase<ILoggingEvent> listener =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          for (boolean json : new boolean[] {false, true}) {
            byte[] line = new LogEncoder(json).encode(event);
            logged.add(new String(line, StandardCharsets.UTF_8));
          }
        }
      };

  private Level before;

  @BeforeEach
  void listen() {
    before = context.getLogger("dev.kaneogateway").getLevel();
    LogConfiguration.level("trace");
    listener.setContext(context);
    listener.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(listener);
  }

  @AfterEach
  void stopListening() {
    context.getLogger(Logger.ROOT_LOGGER_NAME).detachAppender(listener);
    LogConfiguration.level(before == null ? "info" : before.toString());
  }

  @Test
  void noSecretOfARequestIsWrittenAnywhere() throws Exception {
    TestDatabase database = TestDatabase.create();
    try (OtlpReceiver receiver = new OtlpReceiver();
        ScriptedUpstream kaneo = ScriptedUpstream.friendly()) {
      String metrics;
      try (RunningGateway gateway = start(database, kaneo.port(), receiver)) {
        sendEverything(gateway.port());
        // A Kaneo that breaks off, and one that speaks nonsense.
        kaneo.script(
            (head, connection) -> {
              connection.reset();
              return false;
            });
        sendFields(gateway.port());
        kaneo.script(
            (head, connection) -> {
              connection.write("nonsense " + CANARY + "\r\n\r\n");
              return false;
            });
        sendFields(gateway.port());
        metrics = scrape(gateway.managementPort());
      }
      try (RunningGateway gateway =
          start(
              database, kaneo.port(), receiver, "DATABASE_URL", "postgresql://a:b@127.0.0.1:1/c")) {
        sendEverything(gateway.port());
        metrics += scrape(gateway.managementPort());
      }
      assertTrue(logged.stream().anyMatch(line -> line.contains("/api/task/1")), "nothing logged");
      logged.forEach(line -> assertFalse(line.contains(CANARY), line));
      assertFalse(metrics.contains(CANARY), "in metrics");
      assertFalse(receiver.everything().contains(CANARY), "in traces");
    }
  }

  private static RunningGateway start(
      TestDatabase database, int upstream, OtlpReceiver receiver, String... more) {
    String[] settings = new String[more.length + 4];
    settings[0] = "OTEL_EXPORTER_OTLP_ENDPOINT";
    settings[1] = receiver.endpoint();
    settings[2] = "GATEWAY_LOOKUP_TIMEOUT_MS";
    settings[3] = "200";
    System.arraycopy(more, 0, settings, 4, more.length);
    return RunningGateway.start(database, upstream, settings);
  }

  private static void sendEverything(int port) throws IOException {
    sendFields(port);
    for (String target : TARGETS) {
      send(port, "GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    for (String endpoint : ENDPOINTS) {
      for (String body : BODIES) {
        String filled = fill(body);
        String type =
            body.startsWith("{") ? "application/json" : "application/x-www-form-urlencoded";
        send(
            port,
            "POST "
                + endpoint
                + " HTTP/1.1\r\nHost: kaneo.test\r\nOrigin: http://kaneo.test\r\n"
                + "Content-Type: "
                + type
                + "\r\nContent-Length: "
                + filled.length()
                + "\r\nConnection: close\r\n\r\n"
                + filled);
      }
    }
    for (String bytes : MALFORMED) {
      send(port, bytes);
    }
  }

  private static void sendFields(int port) throws IOException {
    for (String field : FIELDS) {
      for (String path : List.of("/api/task/1", "/device")) {
        send(
            port,
            "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + field + "\r\nConnection: close\r\n\r\n");
      }
    }
    send(
        port,
        "GET /api/task/1 HTTP/1.1\r\nHost: a\r\nX-Two: %s\r\nAuthorization: Bearer "
            + DemoSeed.API_KEY
            + "\r\nConnection: close\r\n\r\n");
  }

  /** Sends bytes and looks at the answer's body, in which a request's own words have no place. */
  private static void send(int port, String bytes) throws IOException {
    try (RawPeer peer = new RawPeer(port)) {
      String answer = peer.send(fill(bytes)).readAll();
      int end = answer.indexOf("\r\n\r\n");
      // The approval page shows a typed code again in its field, to whom typed it.
      boolean page = answer.contains("text/html") && answer.contains("user_code");
      if (end >= 0 && answer.startsWith("HTTP/1.1 5")) {
        assertTrue(page || !answer.substring(end).contains(CANARY), answer);
      }
    }
  }

  private static String fill(String text) {
    return text.replace("%s", CANARY);
  }

  private static String scrape(int port) throws IOException {
    try (RawPeer peer = new RawPeer(port)) {
      return peer.send("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").readAll();
    }
  }
}
