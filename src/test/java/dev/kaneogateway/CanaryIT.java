package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.OnEventLoop;
import dev.kaneogateway.fixtures.OtlpReceiver;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Secrets in every place of a request are found in nothing that the gateway writes. */
class CanaryIT {
  private static final String CANARY = "canary5Q2x";

  /** What a person typed and a form shows again to them; it has no place in logs either. */
  private static final String TYPED = "typed7Kw4";

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
          "user_code=%t&email=%t&password=%s&seal=%s",
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
          "GET / HTTP/9.9\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n",
          "GET /%s" + "x".repeat(20_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\nX-Long: %s" + "x".repeat(40_000) + "\r\n\r\n");

  /** Where nothing is, for a method there is none of, and where a code may be asked for. */
  private static final List<String> LINES =
      List.of(
          "GET /device/nowhere?%s",
          "DELETE /api/auth/device/token?%s",
          "PUT /device?user_code=%t",
          "POST /api/auth/device/code?%s");

  private static final String[] STRICT = {
    "GATEWAY_MAX_BODY_BYTES", "1000",
    "GATEWAY_PROGRESS_TIMEOUT_MS", "300",
    "GATEWAY_LIMIT_FAILED_PER_MINUTE", "2"
  };

  private final Set<Integer> refusals = new TreeSet<>();
  private final Queue<String> logged = new ConcurrentLinkedQueue<>();
  private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
  private final AppenderBase<ILoggingEvent> listener =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          for (boolean json : new boolean[] {false, true}) {
            StringBuilder line = new StringBuilder();
            new LogFormat(json).append(event, line);
            logged.add(line.toString());
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
        metrics = gateway.metrics();
      }
      try (RunningGateway gateway = start(database, kaneo.port(), receiver, STRICT)) {
        // It waits for bodies, and needs no more of others.
        kaneo.script(
            (head, connection) -> {
              if (head.contains("Content-Length: 20\r\n")) {
                connection.read(20);
              }
              connection.write(ScriptedUpstream.ok("hello"));
              return true;
            });
        sendTooMuch(gateway.port());
        sendByHttp2(gateway);
        metrics += gateway.metrics();
      }
      try (RunningGateway gateway =
          start(
              database, kaneo.port(), receiver, "DATABASE_URL", "postgresql://a:b@127.0.0.1:1/c")) {
        sendEverything(gateway.port());
        metrics += gateway.metrics();
      }
      assertTrue(
          refusals.containsAll(
              Set.of(400, 401, 403, 404, 405, 408, 413, 414, 422, 429, 431, 501, 502, 503, 505)),
          "refused were only " + refusals);
      assertTrue(logged.stream().anyMatch(line -> line.contains("/api/task/1")), "nothing logged");
      String traces = receiver.everything();
      for (String secret : List.of(CANARY, TYPED, TYPED.toUpperCase(Locale.ROOT))) {
        logged.forEach(line -> assertFalse(line.contains(secret), line));
        assertFalse(metrics.contains(secret), "in metrics");
        assertFalse(traces.contains(secret), "in traces");
      }
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

  private void sendEverything(int port) throws IOException {
    sendFields(port);
    for (String line : LINES) {
      send(port, line + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
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

  /** A body that does not come, one that is too long, and more wrong tokens than are looked at. */
  private void sendTooMuch(int port) throws IOException {
    try (RawPeer peer = new RawPeer(port)) {
      String head = "POST /api/config?%s HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n%s";
      String answer = peer.send(fill(head)).readUntil("\"}");
      judge(Integer.parseInt(answer.substring(9, 12)), answer);
    }
    send(
        port,
        "POST /api/config HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\nConnection: close\r\n\r\n%s"
            + "x".repeat(2000 - CANARY.length()));
    for (int i = 0; i < 5; i++) {
      send(
          port,
          "GET /api/task/1?%s HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.5\r\n"
              + "Authorization: Bearer %s"
              + i
              + "\r\nConnection: close\r\n\r\n");
    }
  }

  private void sendByHttp2(RunningGateway gateway) {
    HttpClient client =
        gateway
            .vertx()
            .createHttpClient(
                new HttpClientOptions()
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false));
    Set<Integer> before = Set.copyOf(refusals);
    refusals.clear();
    for (String field : FIELDS) {
      ask(client, gateway, "GET /api/task/1?%s", field, "");
      ask(client, gateway, "POST /device/decision", field, "seal=%s");
    }
    for (String target : TARGETS) {
      ask(client, gateway, "GET " + target, "X-Anything: %s", "");
    }
    for (String line : LINES) {
      ask(client, gateway, line, "X-Anything: %s", "");
    }
    for (String endpoint : ENDPOINTS) {
      for (String body : BODIES) {
        ask(client, gateway, "POST " + endpoint, "Origin: http://kaneo.test", body);
      }
    }
    ask(client, gateway, "POST /api/config", "X-Anything: %s", "%s" + "x".repeat(2000));
    assertTrue(
        refusals.containsAll(Set.of(400, 401, 403, 404, 405, 413)),
        "refused by HTTP/2 were only " + refusals);
    refusals.addAll(before);
    RunningGateway.await(client.close());
  }

  private void ask(
      HttpClient client, RunningGateway gateway, String line, String field, String body) {
    String[] methodAndTarget = line.split(" ", 2);
    String[] nameAndValue = field.split(": ", 2);
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.valueOf(methodAndTarget[0]))
            .setHost("127.0.0.1")
            .setPort(gateway.port())
            .setURI(fill(methodAndTarget[1]))
            .putHeader("Content-Type", "application/x-www-form-urlencoded")
            .putHeader(nameAndValue[0].toLowerCase(Locale.ROOT), fill(nameAndValue[1]));
    RunningGateway.await(
        OnEventLoop.run(
            gateway.vertx(),
            () ->
                client
                    .request(options)
                    .compose(request -> request.send(fill(body)))
                    .compose(
                        answer ->
                            answer
                                .body()
                                .map(
                                    read -> {
                                      judge(answer.statusCode(), answer.headers() + "\n" + read);
                                      return read;
                                    }))));
  }

  private void sendFields(int port) throws IOException {
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

  private void send(int port, String bytes) throws IOException {
    try (RawPeer peer = new RawPeer(port)) {
      String answer = peer.send(fill(bytes)).readAll();
      if (answer.startsWith("HTTP/1.")) {
        judge(Integer.parseInt(answer.substring(9, 12)), answer);
      }
    }
  }

  /** A request's own words have no place in an answer that refuses it. */
  private void judge(int status, String answer) {
    if (status >= 400) {
      refusals.add(status);
      assertFalse(answer.contains(CANARY), answer);
    }
  }

  private static String fill(String text) {
    return text.replace("%s", CANARY).replace("%t", TYPED);
  }
}
