package dev.kaneogateway.web;

import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.RequestMeters;
import dev.kaneogateway.tracing.Tracing;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where every request begins and ends: named, traced to its client, counted, timed and logged, so
 * that no surface can forget to. One for each event loop.
 */
public final class Exchanges {
  private static final Logger ACCESS = LoggerFactory.getLogger("access");
  private static final RequestHead NO_HEAD = new RequestHead("-", "", "", "", 0, false);

  private final TrustedProxies trustedProxies;
  private final GatewayMetrics metrics;
  private final PathTemplates templates;
  private final Tracing tracing;
  private final boolean accessLog;
  private boolean draining;
  private int underWay;
  private @Nullable Runnable whenIdle;

  public Exchanges(
      TrustedProxies trustedProxies,
      GatewayMetrics metrics,
      PathTemplates templates,
      Tracing tracing,
      boolean accessLog) {
    this.trustedProxies = trustedProxies;
    this.metrics = metrics;
    this.templates = templates;
    this.tracing = tracing;
    this.accessLog = accessLog;
  }

  /**
   * From now on each answer is the last of its connection, so that clients go elsewhere before the
   * port closes. On the event loop of this.
   */
  public void drain() {
    draining = true;
  }

  /** Runs an action once no exchange begun here is under way. On the event loop of this. */
  public void whenIdle(Runnable action) {
    if (underWay == 0) {
      action.run();
    } else {
      whenIdle = action;
    }
  }

  private void ended() {
    underWay--;
    Runnable action = whenIdle;
    if (underWay == 0 && action != null) {
      whenIdle = null;
      action.run();
    }
  }

  /**
   * Begins the exchange of a request; or answers it, closes its connection and returns null, if its
   * head is not one that can be acted upon. One on a connection without a guard is none: nobody has
   * looked at its bytes.
   */
  public @Nullable Exchange begin(HttpServerRequest request) {
    ConnectionGuard guard = ConnectionGuard.of(request.connection());
    if (guard == null || guard.takesNoMore()) {
      return null;
    }
    RequestHead.Result result = RequestHead.read(request);
    if (result instanceof RequestHead.Result.Refused refused) {
      Exchange exchange = track(request, guard, NO_HEAD);
      Problems.answerAndClose(exchange, refused.status(), "bad_request", refused.reason());
      return null;
    }
    RequestHead head = ((RequestHead.Result.Sound) result).head();
    boolean whole =
        request.version() == HttpVersion.HTTP_2 && Http2Heads.areWhole(request.connection());
    Exchange exchange = track(request, guard, whole ? head.withoutBody() : head);
    if (exchange.announcesBody()) {
      // Or its first bytes would be gone before somebody listens.
      exchange.body().pause();
      if (exchange.head().chunked()) {
        guard.incoming().whenMalformed(() -> refuseBody(exchange));
      }
    }
    return exchange;
  }

  /** Answers if that is still possible, and hangs up. */
  private void refuseBody(Exchange exchange) {
    metrics.refusals().malformedRequest(400);
    exchange.bodyMalformed();
    HttpServerResponse response = exchange.response();
    if (!response.headWritten() && !response.ended()) {
      Problems.answerAndClose(exchange, 400, "bad_request", "The body is not well framed.");
    } else {
      // An answer under way misses its end, so nobody takes it for whole.
      Channels.cut(exchange.request().connection());
    }
  }

  private Exchange track(HttpServerRequest request, ConnectionGuard guard, RequestHead head) {
    TrustedProxies.Origin origin = trustedProxies.originOf(request, head.host());
    Exchange exchange =
        new Exchange(
            request,
            RequestIds.of(request),
            head,
            origin,
            tracing.begin(request.headers()),
            metrics.requests());
    HttpServerResponse response = request.response();
    response.headers().set(RequestIds.HEADER, exchange.id());
    guard.requestBegun();
    metrics.requests().started();
    underWay++;
    exchange.atEnd(
        () -> {
          ended();
          guard.requestEnded();
          RequestMeters.Path template = templates.of(head.path());
          AccessRecord record = exchange.over(template.template());
          metrics.requests().ended(record, template);
          exchange
              .trace()
              .end(record.method(), record.template(), record.status(), record.outcome().label());
          if (accessLog) {
            // The log writes out its fields; other appenders get the record itself.
            ACCESS.info("{}", record);
          }
        });
    boolean last = RequestHead.isLast(request);
    response.endHandler(
        ended -> {
          if (!response.ended()) {
            exchange.abandoned();
            exchange.body().drop();
          }
          exchange.end();
          // The answer to a pipelined request that has begun by now is the last instead.
          if (exchange.endsConnection()
              || (draining && request.version() != HttpVersion.HTTP_2 && guard.isIdle())) {
            exchange.body().drop();
            guard.doom();
            request.connection().close();
          }
        });
    if (request.version() != HttpVersion.HTTP_2) {
      response.headersEndHandler(
          written -> {
            if (last
                || exchange.endsConnection()
                || exchange.awaitsGoAhead()
                || exchange.leavesMuchUnread()
                || draining) {
              exchange.announceEnd();
              response.putHeader("Connection", "close");
            }
          });
    } else {
      response.headersEndHandler(
          written -> Channels.sendHeadAlone(request.connection(), response.streamId()));
    }
    return exchange;
  }

  /** Answers bytes that are no HTTP request, and hangs up. */
  public void refuseMalformed(HttpServerRequest request) {
    ConnectionGuard guard = ConnectionGuard.of(request.connection());
    if (guard == null || guard.takesNoMore()) {
      return;
    }
    guard.doom();
    Throwable cause = request.decoderResult().cause();
    if (cause instanceof PrematureChannelClosureException) {
      // It left, or was too slow, in the middle of a head: nobody is there to be answered.
      malformed(request.remoteAddress(), 0);
      return;
    }
    int status = 400;
    if (cause instanceof io.netty.handler.codec.http.TooLongHttpLineException) {
      status = 414;
    } else if (cause instanceof io.netty.handler.codec.http.TooLongHttpHeaderException) {
      status = 431;
    } else if (cause instanceof StrictDecoder.UnknownVersion) {
      status = 505;
    }
    malformed(request.remoteAddress(), status);
    HttpServerResponse response = request.response().setStatusCode(status);
    if (request.version() != HttpVersion.HTTP_2) {
      response.putHeader("Connection", "close");
    }
    response.end().onComplete(done -> request.connection().close());
  }

  /**
   * Notes what was no request, or none to its end; on any thread.
   *
   * @param status how it was answered; 0 if it was not
   */
  public void malformed(@Nullable SocketAddress peer, int status) {
    if (accessLog) {
      ACCESS.info(
          "malformed request {} client={}",
          status == 0 ? "-" : status,
          peer == null ? "-" : peer.hostAddress());
    }
    metrics.refusals().malformedRequest(status);
  }
}
