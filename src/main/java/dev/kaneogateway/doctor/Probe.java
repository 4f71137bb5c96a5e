package dev.kaneogateway.doctor;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.Route;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Problems;
import dev.kaneogateway.web.Seals;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code check} asks a running gateway through everything that stands before it: where a
 * request seems to come from, a few events with time between them, a WebSocket that echoes. Answers
 * only who knows the gateway's settings, for half a minute. One for each event loop.
 */
public final class Probe {
  private static final String BASE = "/.well-known/kaneo-gateway/";
  private static final int EVENTS = 5;
  private static final long EVENT_GAP_MS = 100;

  /** A comment that makes an event as long as compressing proxies want it: 512 bytes for Caddy. */
  private static final String PADDING = ":" + " ".repeat(1024);

  private static final Duration LONGEST_PROOF = Duration.ofMinutes(1);

  private final Vertx vertx;
  private final Seals seals;
  private final Clock clock;

  public Probe(Vertx vertx, Settings settings, Clock clock) {
    this.vertx = vertx;
    this.seals = seals(settings);
    this.clock = clock;
  }

  static Seals seals(Settings settings) {
    Optional<String> secret = settings.credentials().authSecret();
    return new Seals("kaneo-gateway probe " + secret.orElse(settings.database().url()));
  }

  static String path(String what, Seals seals, Instant until) {
    String end = String.valueOf(until.getEpochSecond());
    return BASE + what + "?until=" + end + "&proof=" + seals.seal(end, what);
  }

  /** Whether a path is answered here. */
  public boolean owns(String path) {
    return path.startsWith(BASE);
  }

  /** Answers a request, now or later. */
  public void handle(Exchange exchange) {
    exchange.route(Route.PAGE);
    String what = exchange.head().path().substring(BASE.length());
    if (!isProven(exchange.head().target(), what)) {
      Problems.answer(exchange, 404, "not_found", "There is nothing here.");
      return;
    }
    switch (what) {
      case "origin" -> {
        exchange
            .response()
            .putHeader("Content-Type", "application/json")
            .putHeader("Cache-Control", "no-store");
        exchange.answer(
            new JsonObject()
                .put("address", exchange.origin().address())
                .put("scheme", exchange.origin().scheme())
                .put("host", exchange.origin().host())
                .encode());
      }
      case "events" -> {
        exchange
            .response()
            .setChunked(true)
            .putHeader("Content-Type", "text/event-stream")
            // What Kaneo's streams say to whoever might hold them back.
            .putHeader("Cache-Control", "no-cache, no-transform")
            .putHeader("X-Accel-Buffering", "no");
        event(exchange.response(), 1);
      }
      case "websocket" -> echo(exchange);
      default -> Problems.answer(exchange, 404, "not_found", "There is nothing here.");
    }
  }

  private boolean isProven(String target, String what) {
    Map<String, List<String>> query;
    try {
      query = new QueryStringDecoder(target).parameters();
    } catch (IllegalArgumentException garbled) {
      return false;
    }
    String until = String.join("", query.getOrDefault("until", List.of()));
    String proof = String.join("", query.getOrDefault("proof", List.of()));
    if (!until.matches("\\d{1,11}") || !seals.holds(proof, until, what)) {
      return false;
    }
    Duration left = Duration.between(clock.instant(), Instant.ofEpochSecond(Long.parseLong(until)));
    return !left.isNegative() && left.compareTo(LONGEST_PROOF) <= 0;
  }

  private void event(HttpServerResponse response, int number) {
    if (response.closed()) {
      return;
    }
    if (number > EVENTS) {
      response.end();
      return;
    }
    response.write("data: " + number + "\n" + PADDING + "\n\n");
    vertx.setTimer(EVENT_GAP_MS, id -> event(response, number + 1));
  }

  private static void echo(Exchange exchange) {
    exchange
        .request()
        .toWebSocket()
        .onSuccess(
            socket -> {
              socket.textMessageHandler(socket::writeTextMessage);
              socket.closeHandler(closed -> exchange.end());
            })
        .onFailure(refused -> exchange.end());
  }
}
