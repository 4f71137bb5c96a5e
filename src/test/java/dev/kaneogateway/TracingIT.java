package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.OtlpReceiver;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Traces as Kaneo and a collector see them. */
class TracingIT {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String GIVEN = "00-" + TRACE + "-b7ad6b7169203331-01";
  private static final Pattern TRACEPARENT =
      Pattern.compile("(?i)traceparent: (00-([0-9a-f]{32})-([0-9a-f]{16})-0[01])\r\n");

  private static ScriptedUpstream upstream;
  private static OtlpReceiver receiver;
  private static RunningGateway recording;
  private static RunningGateway silent;

  @BeforeAll
  static void start() throws IOException {
    upstream = ScriptedUpstream.friendly();
    receiver = new OtlpReceiver();
    TestDatabase database = TestDatabase.create();
    recording =
        RunningGateway.start(
            database,
            upstream.port(),
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            receiver.endpoint(),
            "OTEL_EXPORTER_OTLP_HEADERS",
            "x-receiver=its-key,authorization=Bearer%20its+token");
    silent = RunningGateway.start(database, upstream.port());
  }

  @AfterAll
  static void stop() throws IOException {
    recording.close();
    silent.close();
    receiver.close();
    upstream.close();
  }

  @BeforeEach
  void startOver() {
    upstream.startOver();
  }

  @Test
  void withoutAReceiverACallersTraceGoesOnAsItCame() throws Exception {
    ask(silent, "traceparent: " + GIVEN + "\r\ntracestate: a=1\r\n");
    String head = upstream.nextHead();
    assertEquals(GIVEN, traceparent(head).group(1));
    assertTrue(head.contains("tracestate: a=1\r\n"), head);
  }

  @Test
  void aTraceBeginsWhereTheCallerHasNone() throws Exception {
    ask(silent, "");
    String first = traceparent(upstream.nextHead()).group(2);
    ask(silent, "");
    assertNotEquals(first, traceparent(upstream.nextHead()).group(2));
  }

  @Test
  void aMalformedTraceIsReplacedWithItsState() throws Exception {
    ask(silent, "traceparent: 00-" + TRACE + "-zz-01\r\ntracestate: a=1\r\n");
    String head = upstream.nextHead();
    assertNotEquals(TRACE, traceparent(head).group(2));
    assertFalse(head.toLowerCase(java.util.Locale.ROOT).contains("tracestate"), head);
    ask(silent, "traceparent: " + GIVEN + "\r\nTraceparent: " + GIVEN + "\r\n");
    assertNotEquals(TRACE, traceparent(upstream.nextHead()).group(2));
  }

  @Test
  void aReceiverGetsTheRequestItsLookupAndKaneosPart() throws Exception {
    ask(
        recording,
        "traceparent: " + GIVEN + "\r\nAuthorization: Bearer " + DemoSeed.API_KEY + "\r\n");
    Matcher sent = traceparent(upstream.nextHead());
    assertEquals(TRACE, sent.group(2));
    List<Span> spans = receiver.spans(TRACE, 3);
    Map<String, Span> byName =
        spans.stream().collect(Collectors.toMap(Span::getName, Function.identity()));
    Span request = byName.get("GET /api/task/*");
    assertEquals("b7ad6b7169203331", OtlpReceiver.hex(request.getParentSpanId().toByteArray()));
    assertEquals(Span.SpanKind.SPAN_KIND_SERVER, request.getKind());
    Span kaneo = byName.get("kaneo");
    assertEquals(request.getSpanId(), kaneo.getParentSpanId());
    assertEquals(sent.group(3), OtlpReceiver.hex(kaneo.getSpanId().toByteArray()));
    assertEquals(request.getSpanId(), byName.get("credential lookup").getParentSpanId());
    String everything = receiver.everything();
    assertTrue(everything.contains("/v1/traces"), everything);
    assertTrue(everything.contains("x-receiver=its-key"), everything);
    assertTrue(everything.contains("authorization=Bearer its+token"), everything);
    assertFalse(everything.contains(DemoSeed.API_KEY), "a credential reached the collector");
  }

  @Test
  void anErrorOfKaneoIsOneOfItsPart() throws Exception {
    upstream.script(
        (head, connection) -> {
          connection.write("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
          return true;
        });
    for (Span span : spansOf("GET", "4bf7651916cd43dd8448eb211c80319c")) {
      assertEquals(Status.StatusCode.STATUS_CODE_ERROR, span.getStatus().getCode(), span::getName);
    }
  }

  @Test
  void aMethodOfACallersOwnNamesNoSpan() throws Exception {
    String names = spansOf("BREW", "5bf7651916cd43dd8448eb211c80319c").toString();
    assertTrue(names.contains("\"HTTP /api/config\""), names);
    assertFalse(names.contains("BREW"), names);
  }

  private static List<Span> spansOf(String method, String trace) throws Exception {
    try (RawPeer peer = new RawPeer(recording.port())) {
      String fields = "traceparent: 00-" + trace + "-b7ad6b7169203331-01\r\nConnection: close";
      peer.send(method + " /api/config HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n").readAll();
    }
    List<Span> spans = receiver.spans(trace, 2);
    assertEquals(2, spans.size());
    return spans;
  }

  @Test
  void aReceiverGetsEachTryOfAWebSocketThatWaitsForKaneo() throws Exception {
    String trace = "2af7651916cd43dd8448eb211c80319c";
    ScriptedUpstream restarting = ScriptedUpstream.friendly();
    try (RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.create(),
                restarting.port(),
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                receiver.endpoint());
        RawPeer peer = new RawPeer(gateway.port())) {
      ask(gateway, "");
      restarting.close();
      peer.send(
          "GET /api/ws/board HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              + "traceparent: 00-"
              + trace
              + "-b7ad6b7169203331-01\r\nAuthorization: Bearer "
              + DemoSeed.API_KEY
              + "\r\n\r\n");
      gateway.awaitMetric("kaneo_gateway_requests_held 1.0");
      try (ScriptedUpstream back = ScriptedUpstream.friendly(restarting.port())) {
        back.script(
            (head, connection) -> {
              connection.write(
                  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
              return false;
            });
        assertTrue(peer.readAll().startsWith("HTTP/1.1 101"));
      }
    }
    List<String> names = receiver.spans(trace, 4).stream().map(Span::getName).toList();
    assertTrue(names.stream().filter("kaneo"::equals).count() >= 2, names::toString);
  }

  @Test
  void whatTheCallerDoesNotRecordIsNotRecorded() throws Exception {
    String unsampled = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    ask(recording, "traceparent: " + unsampled + "\r\n");
    assertEquals(unsampled, traceparent(upstream.nextHead()).group(1));
  }

  private static Matcher traceparent(String head) {
    Matcher found = TRACEPARENT.matcher(head);
    assertTrue(found.find(), head);
    Matcher again = TRACEPARENT.matcher(head);
    assertEquals(1, again.results().count(), head);
    return found;
  }

  private static void ask(RunningGateway gateway, String fields) throws IOException {
    String path = fields.contains("Authorization") ? "/api/task/7" : "/api/config";
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String answer =
          peer.send(
                  "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "Connection: close\r\n\r\n")
              .readAll();
      assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
    }
  }
}
