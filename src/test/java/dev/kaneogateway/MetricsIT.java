package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Http2Peer;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a running gateway tells Prometheus. */
class MetricsIT {
  private static final int KINDS = 4;
  private static final int REQUESTS = 100_000;
  private static final int PIPELINED = 200;

  /** On one connection each wrong token waits for the statement that the one before left with. */
  private static final int PEERS = 50;

  private static final String LAST = "Connection: close\r\n\r\n";
  private static final Vertx VERTX = Vertx.vertx();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws IOException {
    HttpServer kaneo =
        VERTX.createHttpServer().requestHandler(request -> request.response().end("hello"));
    int port = RunningGateway.await(kaneo.listen(0, "127.0.0.1")).actualPort();
    gateway = RunningGateway.start(TestDatabase.create(), port, "GATEWAY_ACCESS_LOG", "false");
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    RunningGateway.await(VERTX.close());
  }

  @Test
  void aRequestIsCountedByTemplateMethodStatusCredentialAndOutcome() throws Exception {
    ask("GET", "/api/task/42?q=1", "Authorization", "Bearer " + DemoSeed.API_KEY);
    ask("DELETE", "/api/project/9", "Authorization", "Bearer nobody");
    ask("GET", "/api/label", "Accept", "*/*");
    ask("GET", "/somewhere.js", "Accept", "*/*");
    ask("GET", "/device/nowhere", "Accept", "*/*");
    awaitLine(requests("/api/task/*", "GET", "2xx", "api_key", "answered"));
    awaitLine(requests("/api/project/*", "DELETE", "4xx", "invalid", "refused"));
    awaitLine(requests("/api/label/*", "GET", "4xx", "none", "refused"));
    awaitLine(requests("/*", "GET", "2xx", "unjudged", "answered"));
    awaitLine(requests("/*", "GET", "4xx", "unjudged", "invalid"));
  }

  @Test
  void whatIsNoRequestIsCountedByWhatItWasAnswered() throws Exception {
    try (RawPeer nonsense = new RawPeer(gateway.port());
        RawPeer unknown = new RawPeer(gateway.port());
        RawPeer leaving = new RawPeer(gateway.port());
        Http2Peer many = new Http2Peer(gateway.port())) {
      assertTrue(nonsense.send("nonsense\r\n\r\n").readAll().contains(" 400 "));
      assertTrue(unknown.send("GET / HTTP/3.0\r\nHost: a\r\n\r\n").readAll().contains(" 505 "));
      leaving.send("GET / HTTP/1.1\r\nHost: a\r\n");
      many.get(1, "/", Collections.nCopies(502, "x").toArray(String[]::new));
      many.await(each -> each.type() == Http2Peer.RST_STREAM);
    }
    awaitLine(malformed("none", 2));
    awaitLine(malformed("5xx", 1));
    awaitLine(malformed("4xx", 1));
  }

  private static String malformed(String answer, double times) {
    return "kaneo_gateway_malformed_requests_total{answer=\"%s\"} %s\n".formatted(answer, times);
  }

  @Test
  void aHistogramLeadsToTheTraceOfARequest() throws Exception {
    String trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    Pattern exemplar =
        Pattern.compile(
            "kaneo_gateway_(http_request_duration|upstream_response)_seconds_bucket\\{[^}]*} \\S+ # \\{"
                + "span_id=\"00f067aa0ba902b7\",trace_id=\""
                + trace
                + "\"}");
    long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    boolean whole = false;
    boolean upstreamAlone = false;
    while (!(whole && upstreamAlone) && System.nanoTime() < patience) {
      // A bucket takes a new exemplar only now and then.
      ask("GET", "/api/config", "traceparent", "00-" + trace + "-00f067aa0ba902b7-01");
      Matcher found = exemplar.matcher(scrape("application/openmetrics-text"));
      while (found.find()) {
        whole |= found.group(1).startsWith("http");
        upstreamAlone |= found.group(1).startsWith("upstream");
      }
    }
    assertTrue(whole, "no exemplar of the whole request");
    assertTrue(upstreamAlone, "no exemplar of the upstream's part");
    assertFalse(scrape("text/plain").contains(trace), "plain text has no exemplars");
  }

  @Test
  void aHundredThousandRandomPathsMethodsHostsAndKeysAddNoSeries() throws Exception {
    Random random = new Random(11);
    String[] methods = {
      "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"
    };
    String[] paths = {"/api/", "/", "/api/auth/", "/api/task/"};
    for (String method : methods) {
      for (String path : paths) {
        for (int kind = 0; kind < KINDS; kind++) {
          send(request(random, method, path, kind) + LAST);
        }
      }
    }
    Set<String> before = series();
    double counted = requestsCounted();
    ExecutorService peers = Executors.newFixedThreadPool(PEERS);
    List<Future<?>> sent = new ArrayList<>();
    for (int i = 0; i < REQUESTS / PIPELINED; i++) {
      Random own = new Random(i);
      sent.add(
          peers.submit(
              () -> {
                StringBuilder requests = new StringBuilder();
                for (int j = 0; j < PIPELINED; j++) {
                  String method =
                      j % 10 == 0
                          ? "X"
                              + Integer.toString(own.nextInt(1 << 30), 36).toUpperCase(Locale.ROOT)
                          : methods[own.nextInt(methods.length)];
                  String path = paths[own.nextInt(paths.length)];
                  requests.append(request(own, method, path, own.nextInt(KINDS)));
                  requests.append(j == PIPELINED - 1 ? LAST : "\r\n");
                }
                send(requests.toString());
                return null;
              }));
    }
    for (Future<?> each : sent) {
      each.get(60, TimeUnit.SECONDS);
    }
    peers.shutdown();
    awaitRequests(counted + REQUESTS);
    Set<String> added = series();
    added.removeAll(before);
    assertEquals(Set.of(), added);
  }

  /** Each was read and judged: none was lost behind a connection closed early. */
  private static void awaitRequests(double wanted) throws Exception {
    long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    double counted = requestsCounted();
    while (counted < wanted && System.nanoTime() < patience) {
      counted = requestsCounted();
    }
    assertTrue(counted >= wanted, counted + " of " + wanted + " requests were counted");
  }

  private static double requestsCounted() throws Exception {
    return scrape("text/plain")
        .lines()
        .filter(line -> line.startsWith("kaneo_gateway_http_requests_total{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  /** A head with a credential, a host, a path and a query of its own, but for its last line. */
  private static String request(Random random, String method, String path, int kind) {
    String some = Long.toString(random.nextLong() >>> 1, 36);
    String credential =
        switch (kind) {
          case 0 -> "Authorization: Bearer " + some;
          case 1 -> "x-api-key: " + some;
          case 2 -> "Cookie: " + some + "=" + some;
          default -> "User-Agent: " + some;
        };
    return method
        + " "
        + path
        + some
        + "?"
        + some
        + "="
        + some
        + " HTTP/1.1\r\n"
        + "Host: "
        + some
        + ".example\r\nX-Request-Id: "
        + some
        + "\r\n"
        + credential
        + "\r\n";
  }

  private static void send(String requests) throws Exception {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      assertTrue(peer.send(requests).readAll().startsWith("HTTP/1.1 "));
    }
  }

  private static Set<String> series() throws Exception {
    return scrape("text/plain")
        .lines()
        .filter(line -> line.startsWith("kaneo_gateway_"))
        .map(line -> line.substring(0, line.lastIndexOf(' ')))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String requests(
      String path, String method, String status, String credential, String outcome) {
    return "kaneo_gateway_http_requests_total{credential=\"%s\",method=\"%s\",outcome=\"%s\",path=\"%s\",status=\"%s\"} 1.0"
        .formatted(credential, method, outcome, path, status);
  }

  /**
   * A request is counted when its answer's last byte is written, which the client may see first.
   */
  private static void awaitLine(String line) throws Exception {
    long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    String text = scrape("text/plain");
    while (!text.contains(line) && System.nanoTime() < patience) {
      text = scrape("text/plain");
    }
    assertTrue(text.contains(line), line + "\n" + text);
  }

  private static String scrape(String accept) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + gateway.managementPort() + "/metrics");
    return CLIENT
        .send(
            HttpRequest.newBuilder(uri).header("Accept", accept).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private static void ask(String method, String path, String field, String value) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + gateway.port() + path);
    CLIENT.send(
        HttpRequest.newBuilder(uri)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .header(field, value)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
