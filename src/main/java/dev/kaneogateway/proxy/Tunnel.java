package dev.kaneogateway.proxy;

import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.tracing.RequestTrace;
import dev.kaneogateway.upstream.UpstreamFailure;
import dev.kaneogateway.web.ConnectionGuard;
import dev.kaneogateway.web.Deadlines;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Problems;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.NetSocket;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket: the upgrade relayed, then bytes both ways with back-pressure, so that
 * sub-protocols, extensions and close codes stay the two ends' own.
 *
 * <p>A reset of the connection before Kaneo has answered the upgrade, or with its answer unread,
 * ends Kaneo's process. So this side never cuts: when the client leaves early the answer is still
 * waited for and read, and only then the connection closed. Confined to its event loop.
 */
final class Tunnel implements Lane.Open {
  /** Of the range for applications (RFC 6455 §7.4.2), after 401. */
  private static final int UNAUTHORIZED = 4401;

  private static final int GOING_AWAY = 1001;
  private static final int SERVICE_RESTART = 1012;
  private static final long CLOSE_PATIENCE_MS = 1000;

  private final Lane lane;
  private final Exchange exchange;
  private final HttpServerResponse response;
  private final Deadlines.Entry firstByte;
  private final @Nullable Identity identity;
  private @Nullable FramedPipe toClient;
  private @Nullable FramedPipe toKaneo;
  private Runnable cut = () -> {};
  private boolean ending;
  private Upstreams.@Nullable Upstream upstream;
  private RequestTrace.@Nullable Step step;
  private boolean clientGone;

  /**
   * Carries a WebSocket.
   *
   * @param identity whose it is, if the gateway knows
   */
  Tunnel(Lane lane, Exchange exchange, @Nullable Identity identity) {
    this.lane = lane;
    this.identity = identity;
    this.exchange = exchange;
    this.response = exchange.response();
    this.firstByte = lane.firstByte.entry(() -> fail(UpstreamFailure.SILENT));
  }

  void start() {
    response.closeHandler(gone -> clientLeft());
    response.exceptionHandler(gone -> clientLeft());
    connect();
  }

  private void connect() {
    Upstreams.Upstream chosen = lane.api.choose();
    upstream = chosen;
    step = exchange.trace().upstream();
    lane.api
        .upgradeRequest(chosen, exchange.head().target())
        .onComplete(connected -> ask(connected, chosen), cause -> notConnected(cause, chosen));
  }

  private void notConnected(Throwable cause, Upstreams.Upstream chosen) {
    UpstreamFailure failure = UpstreamFailure.ofConnecting(cause);
    if (failure == UpstreamFailure.REFUSED) {
      chosen.refused();
    }
    if (failure == UpstreamFailure.REFUSED && !clientGone && lane.mayHold(chosen)) {
      lane.holdBack(this::connect);
    } else {
      fail(failure);
    }
  }

  private void ask(HttpClientRequest to, Upstreams.Upstream chosen) {
    to.exceptionHandler(broken -> {});
    chosen.reached();
    if (clientGone) {
      // Nothing was sent, so nothing can be reset in its middle.
      to.reset();
      return;
    }
    RequestHeaders.copy(exchange, to.headers()::add, chosen.authority());
    to.headers().set(HttpHeaders.CONNECTION, "Upgrade").set(HttpHeaders.UPGRADE, "websocket");
    lane.firstByte.restart(firstByte);
    to.connect().onComplete(this::answered, cause -> fail(UpstreamFailure.ofAnswer(cause)));
  }

  private void answered(HttpClientResponse answer) {
    lane.firstByte.stop(firstByte);
    if (step != null) {
      step.status(answer.statusCode());
      step.end();
    }
    if (answer.statusCode() == 101) {
      NetSocket kaneo = answer.netSocket();
      if (clientGone || response.ended()) {
        kaneo.handler(late -> {});
        kaneo.close();
      } else {
        kaneo.pause();
        join(answer, kaneo);
      }
    } else {
      relayRefusal(answer);
    }
  }

  private void join(HttpClientResponse answer, NetSocket kaneo) {
    MultiMap headers = response.headers();
    ResponseHeaders.copy(answer.headers(), headers);
    headers.set(HttpHeaders.CONNECTION, "Upgrade").set(HttpHeaders.UPGRADE, "websocket");
    response.setStatusCode(101);
    exchange
        .request()
        .toNetSocket()
        .onComplete(
            client -> {
              // A WebSocket lives for hours; what was said at its beginning need not.
              headers.clear();
              answer.headers().clear();
              // By this Vert.x will know, when this has returned, that the protocol was changed.
              answer.request().headers().clear().set(HttpHeaders.CONNECTION, "Upgrade");
              carry(client, kaneo, answer.request().connection());
            },
            failure -> {
              kaneo.close();
              exchange.end();
            });
  }

  private void carry(NetSocket client, NetSocket kaneo, HttpConnection kaneoConnection) {
    lane.metrics.tunnelOpened();
    lane.opened(this);
    CredentialWatch watch = new CredentialWatch(lane, () -> end(UNAUTHORIZED, "credential ended"));
    HttpConnection clientConnection = exchange.request().connection();
    FramedPipe down = new FramedPipe(kaneo, kaneoConnection, client, clientConnection);
    FramedPipe up = new FramedPipe(client, clientConnection, kaneo, kaneoConnection);
    toClient = down;
    toKaneo = up;
    client.exceptionHandler(broken -> {});
    kaneo.exceptionHandler(broken -> {});
    client.closeHandler(
        closed -> {
          lane.metrics.tunnelClosed();
          lane.closed(this);
          watch.stop();
          kaneo.close();
          exchange.end();
        });
    kaneo.closeHandler(closed -> client.close());
    // Not in good order: a client that does not read would keep that waiting for ever.
    cut = () -> ConnectionGuard.cut(exchange.request().connection());
    up.start();
    down.start();
    watch.start(identity, exchange.request().headers());
  }

  @Override
  public void end() {
    end(SERVICE_RESTART, "gateway restarts");
  }

  /** Closes both sides in the protocol's own way (RFC 6455 §7.4), and cuts who does not follow. */
  private void end(int code, String reason) {
    if (toClient != null && toKaneo != null && !ending) {
      ending = true;
      exchange.trouble(reason);
      toClient.endWith(closeFrame(code, reason, false));
      toKaneo.endWith(closeFrame(GOING_AWAY, "", true));
      lane.vertx.setTimer(CLOSE_PATIENCE_MS, late -> cut.run());
    }
  }

  private static Buffer closeFrame(int code, String reason, boolean masked) {
    Buffer frame = Buffer.buffer().appendByte((byte) 0x88);
    int length = 2 + reason.length();
    frame.appendByte((byte) (masked ? length | 0x80 : length));
    if (masked) {
      // A mask of zeros leaves the payload as it is.
      frame.appendInt(0);
    }
    return frame.appendUnsignedShort(code).appendString(reason);
  }

  /**
   * Passes on the answer of a Kaneo that does not upgrade; reads it whole even with nobody left.
   */
  private void relayRefusal(HttpClientResponse answer) {
    if (clientGone || response.ended()) {
      answer.handler(dropped -> {});
      answer.exceptionHandler(broken -> {});
      answer.resume();
      return;
    }
    response.setStatusCode(answer.statusCode());
    ResponseHeaders.copy(answer.headers(), response.headers());
    String length = answer.getHeader(HttpHeaders.CONTENT_LENGTH);
    if (length == null) {
      response.setChunked(true);
    }
    new BodyPump(answer, response, length == null ? -1 : Long.parseLong(length), 0, new Refusal())
        .start();
  }

  private final class Refusal implements BodyPump.Events {
    @Override
    public void completed() {
      // The end of the answer ends the exchange.
    }

    @Override
    public void tooLarge() {
      throw new IllegalStateException("answers have no limit");
    }

    @Override
    public void sourceFailed(Throwable cause) {
      Download.breakOff(exchange);
    }
  }

  private void clientLeft() {
    if (!clientGone) {
      clientGone = true;
      exchange.abandoned();
    }
  }

  private void fail(UpstreamFailure failure) {
    if (!clientGone && !response.ended()) {
      if (upstream != null) {
        upstream.meters().failed(failure.label());
      }
      if (step != null) {
        step.failed(failure.label());
        step.end();
      }
      Problems.answer(exchange, failure.status(), failure.code(), failure.message());
    }
  }
}
