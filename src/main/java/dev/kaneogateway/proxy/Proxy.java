package dev.kaneogateway.proxy;

import dev.kaneogateway.auth.Authenticator;
import dev.kaneogateway.auth.Challenges;
import dev.kaneogateway.auth.Decision;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.credentials.KeyLimit;
import dev.kaneogateway.credentials.LiveStreams;
import dev.kaneogateway.limits.Ceilings;
import dev.kaneogateway.limits.Excess;
import dev.kaneogateway.limits.Refusal;
import dev.kaneogateway.limits.RequestLimits;
import dev.kaneogateway.limits.RetryFields;
import dev.kaneogateway.metrics.CredentialKind;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.Route;
import dev.kaneogateway.tracing.RequestTrace;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Problems;
import dev.kaneogateway.web.RequestHead;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Every request that is Kaneo's to answer: routed, authenticated, carried there and back. One for
 * each event loop, and confined to it.
 */
public final class Proxy {
  /** One before another is somebody's plan; three are none. */
  private static final int MOST_GATEWAYS = 3;

  private final Routes routes;
  private final Authenticator authenticator;
  private final Challenges challenges;
  private final RequestLimits limits;
  private final Lane lane;

  public Proxy(
      Vertx vertx,
      Settings settings,
      Authenticator authenticator,
      RequestLimits limits,
      Ceilings ceilings,
      LiveStreams streams,
      GatewayMetrics metrics,
      Presences presences) {
    this.routes = new Routes(settings.kaneo());
    this.authenticator = authenticator;
    this.limits = limits;
    this.lane = new Lane(vertx, settings, ceilings, authenticator, streams, metrics, presences);
    this.challenges = new Challenges(lane.cors);
  }

  /** Answers a request, now or later, whatever happens. */
  public void handle(Exchange exchange) {
    RequestHead head = exchange.head();
    Route route = routes.of(head);
    boolean upgrade = isUpgrade(exchange);
    exchange.route(upgrade ? Route.WEBSOCKET : route);
    if (lane.maxBodyBytes > 0 && head.contentLength() > lane.maxBodyBytes) {
      lane.cors.openRefusal(exchange);
      Problems.answer(
          exchange, 413, "content_too_large", "The body is larger than this server takes.");
    } else if (upgrade && exchange.announcesBody()) {
      // Its bytes could be taken for the first of the WebSocket.
      Problems.answer(exchange, 400, "bad_request", "A request to upgrade has no body here.");
    } else if (isGoingRound(exchange)) {
      Problems.answer(
          exchange, 508, "loop_detected", "KANEO_UPSTREAM_URL leads back to the gateway.");
    } else if (MaxForwards.isSpent(exchange)) {
      MaxForwards.answer(exchange);
    } else if ((route == Route.API || upgrade)
        && !exchange.request().method().equals(HttpMethod.OPTIONS)) {
      Future<Decision> decision = authenticator.decide(exchange);
      if (decision.succeeded()) {
        act(exchange, decision.result(), upgrade);
      } else {
        RequestTrace.Step lookup = exchange.trace().lookup();
        exchange
            .place()
            .until(decision)
            .map(
                later -> {
                  lookup.end();
                  act(exchange, later, upgrade);
                  return later;
                })
            .onFailure(fault -> Problems.answerFault(exchange, fault));
      }
    } else {
      // Kaneo judges its public paths itself, and answers preflights before any credential.
      forward(exchange, route, null);
    }
  }

  /** Whether a request comes back to where it was sent (RFC 9110 §7.6.3). */
  private static boolean isGoingRound(Exchange exchange) {
    return exchange.request().headers().contains(RequestHeaders.VIA)
        && exchange.request().headers().getAll(RequestHeaders.VIA).stream()
                .filter(hop -> hop.contains(RequestHeaders.PSEUDONYM))
                .count()
            >= MOST_GATEWAYS;
  }

  private void act(Exchange exchange, Decision decision, boolean upgrade) {
    if (exchange.response().closed() || exchange.response().ended()) {
      return;
    }
    if (decision instanceof Decision.Admit admit) {
      Identity identity = admit.identity();
      exchange.credential(
          identity == null
              ? CredentialKind.COOKIE
              : identity.kind() == Identity.Kind.API_KEY
                  ? CredentialKind.API_KEY
                  : CredentialKind.SESSION);
      Refusal refusal = identity == null ? null : identified(exchange, identity);
      if (refusal == null && upgrade) {
        refusal = lane.ceilings.livesLong(exchange);
      }
      if (refusal != null) {
        refuse(exchange, refusal);
      } else if (upgrade) {
        new Tunnel(lane, exchange, identity).start();
      } else {
        forward(exchange, Route.API, identity);
      }
    } else if (decision instanceof Decision.Refuse refuse) {
      exchange.credential(
          refuse.reason() == Decision.Reason.MISSING
              ? CredentialKind.NONE
              : CredentialKind.INVALID);
      challenges.refuse(exchange, refuse.reason());
    } else if (decision instanceof Decision.TooMany guessing) {
      refuse(exchange, guessing.excess());
    } else {
      lane.cors.openRefusal(exchange);
      Problems.answerRetryLater(
          exchange,
          503,
          "temporarily_unavailable",
          "The credential cannot be checked now.",
          Duration.ofSeconds(1));
    }
  }

  private @Nullable Excess identified(Exchange exchange, Identity identity) {
    String label = identity.label();
    exchange.identified(label, identity.userId());
    Excess excess = limits.authenticated(label);
    KeyLimit own = identity.keyLimit().orElse(null);
    return excess != null || own == null ? excess : limits.ofKey(label, own.most(), own.window());
  }

  /** Refuses a request of one who asks too often, or that is more than can be under way at once. */
  public void refuse(Exchange exchange, Refusal refusal) {
    String path = exchange.head().path();
    exchange.route(routes.of(exchange.head()));
    if (lane.cors.grants(exchange)) {
      return;
    }
    lane.cors.openRefusal(exchange);
    RetryFields.put(exchange.response(), refusal);
    if (path.startsWith("/api/auth/")) {
      // Where Better Auth's own clients look.
      exchange.response().putHeader("X-Retry-After", Long.toString(refusal.retryAfterSeconds()));
    }
    if (refusal instanceof Excess) {
      Problems.answer(
          exchange, 429, "too_many_requests", "Too many requests. Please try again later.");
    } else {
      Problems.answer(
          exchange, 503, "overloaded", "The server has too much to do. Please try again later.");
    }
  }

  private void forward(Exchange exchange, Route route, @Nullable Identity identity) {
    boolean api = Routes.isApiServer(exchange.head().path(), route);
    new Forward(lane, api ? lane.api : lane.web, exchange, identity).start();
  }

  /** Kaneo reads odd targets of an upgrade as other paths, so only a plain one is upgraded. */
  private boolean isUpgrade(Exchange exchange) {
    RequestHead head = exchange.head();
    return routes.allowsWebSocket(head.path())
        && head.target().startsWith(head.path())
        && head.isReadAlike()
        && RequestHead.wantsUpgrade(exchange.request(), "websocket");
  }

  /** Ends WebSockets and event streams, spread over a time. */
  public void endOpen(Duration spread) {
    lane.endOpen(spread);
  }

  /** Ends timers and connections to Kaneo; no exchange may be under way any more. */
  public void close() {
    lane.close();
  }
}
