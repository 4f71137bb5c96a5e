package dev.kaneogateway.doctor;

import dev.kaneogateway.config.Origins;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.web.OwnRequests;
import dev.kaneogateway.web.Seals;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What stands between people and the gateway, tried through the public URL by asking the gateway's
 * own {@link Probe}: whether requests, event streams and WebSockets come through as they are, and
 * what the gateway, and so Kaneo, takes for the client's address.
 */
final class FrontCheckup implements Doctor.Checkup {
  /** Events this far apart came one by one; Probe sends them 100 ms apart. */
  private static final long GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  private final HttpClient client;
  private final WebSocketClient sockets;
  private final URI url;
  private final Seals seals;
  private final Clock clock;

  FrontCheckup(HttpClient client, WebSocketClient sockets, Settings settings, Clock clock) {
    this.client = client;
    this.sockets = sockets;
    this.url = settings.kaneo().publicUrl();
    this.seals = Probe.seals(settings);
    this.clock = clock;
  }

  @Override
  public Future<List<Finding>> findings() {
    return client
        .request(OwnRequests.to(url, HttpMethod.GET, path("origin"), Doctor.PATIENCE))
        .compose(
            request ->
                request
                    .send()
                    .compose(
                        answer ->
                            answer
                                .body()
                                .map(body -> answer.statusCode() == 200 ? body.toString() : "")))
        .otherwise("")
        .compose(
            body -> {
              JsonObject origin = read(body);
              if (origin.isEmpty()) {
                return Future.succeededFuture(List.of(nobody()));
              }
              return Future.join(events(), webSocket())
                  .map(both -> List.of(origin(origin), both.resultAt(0), both.resultAt(1)));
            });
  }

  private static JsonObject read(String body) {
    try {
      return body.isEmpty() ? new JsonObject() : new JsonObject(body);
    } catch (DecodeException e) {
      return new JsonObject();
    }
  }

  private Finding nobody() {
    return Finding.warning(
        "front",
        "no gateway with these settings answers at " + url,
        "what stands in front of it could not be tried: buffering, WebSockets, client addresses.",
        "start the gateway, set GATEWAY_PUBLIC_URL to the address people use, and check again from a machine that can reach it.");
  }

  private Finding origin(JsonObject origin) {
    String seen =
        "the gateway takes this machine for "
            + origin.getString("address")
            + " and itself for "
            + origin.getString("scheme")
            + "://"
            + origin.getString("host");
    boolean same =
        url.getScheme().equals(origin.getString("scheme"))
            && url.getRawAuthority().equals(origin.getString("host"));
    return same
        ? Finding.ok("front.origin", seen)
        : Finding.problem(
            "front.origin",
            seen + ", but people use " + url,
            "Kaneo is told the same: cookies, redirects and its limits by address go wrong.",
            "have the proxy in front send X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host, and name it in TRUSTED_PROXIES.");
  }

  private Future<Finding> events() {
    Promise<Finding> found = Promise.promise();
    Arrivals arrivals = new Arrivals();
    client
        .request(
            OwnRequests.to(url, HttpMethod.GET, path("events"), Doctor.PATIENCE)
                // As browsers and MCP clients do: a front that compresses may hold events back.
                .putHeader(HttpHeaders.ACCEPT_ENCODING, "gzip"))
        .compose(
            request ->
                request
                    .send()
                    .onSuccess(
                        answer -> {
                          answer.handler(piece -> arrivals.note());
                          answer.endHandler(
                              end -> found.tryComplete(eventsFinding(arrivals.count)));
                          answer.exceptionHandler(found::tryFail);
                        }))
        .onFailure(found::tryFail);
    return found
        .future()
        .otherwise(
            failure ->
                Finding.problem(
                    "front.events",
                    "an event stream breaks off (" + Doctor.reason(failure) + ")",
                    "MCP clients and live updates live on event streams.",
                    "let what stands in front of the gateway keep answers open."));
  }

  /** How often something came, with a gap before it. */
  private static final class Arrivals {
    private int count;
    private long lastNanos;

    void note() {
      long now = System.nanoTime();
      if (count == 0 || now - lastNanos > GAP_NANOS) {
        count++;
      }
      lastNanos = now;
    }
  }

  private static Finding eventsFinding(int arrivals) {
    // Probe sends five; what a compressor held back comes with the end, after the first event.
    return arrivals > 2
        ? Finding.ok("front.events", "an event stream arrives as it is sent")
        : Finding.problem(
            "front.events",
            "an event stream arrives in one piece",
            "MCP clients and live updates wait for events that something in front holds back.",
            "turn response buffering off there (nginx: proxy_buffering off), and compression of text/event-stream (Caddy: encode compresses it).");
  }

  private Future<Finding> webSocket() {
    boolean ssl = "https".equals(url.getScheme());
    Promise<Finding> found = Promise.promise();
    sockets
        .connect(
            new WebSocketConnectOptions()
                .setHost(url.getHost())
                .setPort(Origins.port(url))
                .setSsl(ssl)
                .setTimeout(Doctor.PATIENCE.toMillis())
                .setURI(path("websocket")))
        .onSuccess(
            socket -> {
              socket.textMessageHandler(
                  echo -> {
                    found.tryComplete(Finding.ok("front.websocket", "a WebSocket comes through"));
                    socket.close();
                  });
              socket.closeHandler(closed -> found.tryFail("closed without an echo"));
              socket.writeTextMessage("echo");
            })
        .onFailure(found::tryFail);
    return found
        .future()
        .timeout(Doctor.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .otherwise(
            failure ->
                Finding.problem(
                    "front.websocket",
                    "a WebSocket does not come through (" + Doctor.reason(failure) + ")",
                    "Kaneo's boards show the changes of others through one.",
                    "have what stands in front pass the upgrade on (nginx: proxy_http_version 1.1, Upgrade and Connection headers)."));
  }

  private String path(String what) {
    return Probe.path(what, seals, clock.instant().plus(Duration.ofSeconds(30)));
  }
}
