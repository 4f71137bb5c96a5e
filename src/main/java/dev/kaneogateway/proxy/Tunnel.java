package dev.kaneogateway.proxy;

import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.tracing.RequestTrace;
import dev.kaneogateway.upstream.Call;
import dev.kaneogateway.upstream.ConnectionPool;
import dev.kaneogateway.upstream.UpstreamFailure;
import dev.kaneogateway.web.Deadlines;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Problems;
import dev.kaneogateway.web.ProtocolSwitch;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket: the upgrade relayed, then bytes both ways with back-pressure, so that
 * sub-protocols, extensions and close codes stay the two ends' own.
 *
 * <p>A reset of the connection before Kaneo has answered the upgrade, or with its answer unread,
 * ends Kaneo's process. So this side never cuts: when the client leaves early the answer is still
 * waited for and read, and only then the connection closed. Confined to its event loop.
 */
final class Tunnel implements Lane.Open, ConnectionPool.Caller {
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final long CLOSE_PATIENCE_MS = 1000;

  private final Lane lane;
  private final Exchange exchange;
  private final HttpServerResponse response;
  private final Context loop;
  private final @Nullable Identity identity;
  private final CredentialWatch watch;
  private final Deadlines.Entry firstByte;
  private final TunnelEnd client;
  private final TunnelEnd kaneo;
  private boolean carrying;
  private boolean ending;
  private int attempts;
  private Upstreams.@Nullable Upstream upstream;
  private RequestTrace.@Nullable Step step;
  private @Nullable Call call;
  private @Nullable RefusedUpgrade refusal;
  private @Nullable Runnable leavePlace;
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
    this.loop = lane.vertx.getOrCreateContext();
    this.watch = new CredentialWatch(lane, () -> end(CloseFrame.UNAUTHORIZED, "credential ended"));
    this.firstByte = lane.firstByte.entry(() -> fail(UpstreamFailure.SILENT));
    this.client = new TunnelEnd(lane.progress, () -> stalled("the client"), this::closed);
    this.kaneo = new TunnelEnd(lane.progress, () -> stalled("Kaneo"), this::leave);
  }

  void start() {
    response.closeHandler(gone -> clientLeft());
    response.exceptionHandler(gone -> clientLeft());
    leavePlace = exchange.place().handOver();
    lane.tunnelBegun();
    connect();
  }

  private void connect() {
    attempts++;
    Upstreams.Upstream chosen = lane.api.choose();
    upstream = chosen;
    step = exchange.trace().upstream();
    chosen.pool().callApart(this);
  }

  @Override
  public void notConnected(UpstreamFailure why) {
    Upstreams.Upstream chosen = upstream;
    if (why.isAway() && chosen != null) {
      chosen.presence().refused();
    }
    boolean again = why.isAway() && !clientGone;
    if (again && attempts < lane.api.size()) {
      endStep();
      connect();
    } else if (again && lane.mayHold(lane.api)) {
      endStep();
      lane.holdBack(this::connect);
    } else {
      leave();
      fail(why);
    }
  }

  @Override
  public void connected(Call to) {
    Upstreams.Upstream chosen = upstream;
    if (clientGone || chosen == null) {
      giveUp(to);
      return;
    }
    chosen.presence().reached();
    call = to;
    try {
      to.begin(HttpMethod.GET, exchange.head().target());
      RequestHeaders.copy(exchange, to::field, chosen.authority());
    } catch (IllegalArgumentException e) {
      giveUp(to);
      Problems.answer(
          exchange, 400, "bad_request", "A field has characters that no field may have.");
      return;
    }
    to.field(HttpHeaders.CONNECTION, "Upgrade");
    to.field(HttpHeaders.UPGRADE, "websocket");
    lane.firstByte.restart(firstByte);
    to.sendWhole();
  }

  /** Nothing was sent, so nothing can be reset in its middle. */
  private void giveUp(Call to) {
    to.reset();
    endStep();
    leave();
  }

  private void endStep() {
    if (step != null) {
      step.end();
    }
  }

  @Override
  public void answered() {
    lane.firstByte.stop(firstByte);
    Call answer = call;
    if (answer == null) {
      return;
    }
    call = null;
    if (step != null) {
      step.status(answer.statusCode());
    }
    endStep();
    if (answer.statusCode() == SWITCHING_PROTOCOLS) {
      answer.takeOver(kaneo);
      if (clientGone || response.ended()) {
        kaneo.close();
      } else {
        carry(answer.headers());
      }
    } else {
      relayRefusal(answer);
    }
  }

  private void carry(MultiMap answered) {
    MultiMap headers = response.headers();
    ResponseHeaders.copy(answered, headers);
    headers.set(HttpHeaders.CONNECTION, "Upgrade").set(HttpHeaders.UPGRADE, "websocket");
    ProtocolSwitch.answer(exchange, client);
    carrying = true;
    lane.metrics.tunnelOpened();
    lane.opened(this);
    TunnelEnd.join(client, kaneo);
    watch.start(identity, exchange.request().headers());
  }

  private void closed() {
    loop.runOnContext(
        go -> {
          lane.metrics.tunnelClosed();
          lane.closed(this);
          watch.stop();
          exchange.carried(client.received(), kaneo.received());
          exchange.end();
        });
  }

  private void stalled(String who) {
    if (carrying) {
      exchange.trouble(who + " does not read");
      exchange.truncated();
    }
    cut();
  }

  private void cut() {
    if (carrying) {
      client.cut();
    }
    kaneo.cut();
  }

  @Override
  public void end() {
    end(CloseFrame.SERVICE_RESTART, "gateway restarts");
  }

  /** Closes both sides in the protocol's own way (RFC 6455 §7.4), and cuts who does not follow. */
  private void end(int code, String reason) {
    if (carrying && !ending) {
      ending = true;
      exchange.trouble(reason);
      kaneo.endWith(CloseFrame.toClient(code, reason));
      client.endWith(CloseFrame.toServer(CloseFrame.GOING_AWAY));
      lane.vertx.setTimer(CLOSE_PATIENCE_MS, late -> cut());
    }
  }

  private void relayRefusal(Call answer) {
    RefusedUpgrade refused = new RefusedUpgrade(lane, exchange, answer, this::leave);
    if (clientGone || response.ended()) {
      refused.readOut();
      return;
    }
    refusal = refused;
    if (!refused.relay()) {
      refusal = null;
      response.headers().clear().set("X-Request-Id", exchange.id());
      fail(UpstreamFailure.NONSENSE);
      refused.readOut();
    }
  }

  /** Kaneo has no connection of this any more, which may be long after its client has left. */
  private void leave() {
    Runnable leaving = leavePlace;
    leavePlace = null;
    if (leaving != null) {
      leaving.run();
      lane.tunnelLeft();
    }
  }

  private void clientLeft() {
    if (!clientGone) {
      clientGone = true;
      exchange.abandoned();
      if (refusal != null) {
        refusal.readOut();
      }
    }
  }

  private void fail(UpstreamFailure failure) {
    if (step != null) {
      step.failed(failure.label());
    }
    endStep();
    if (!clientGone && !response.ended()) {
      if (upstream != null) {
        upstream.meters().failed(failure.label());
      }
      Problems.answer(exchange, failure.status(), failure.code(), failure.message());
    }
  }

  @Override
  public void notAnswered(UpstreamFailure why) {
    lane.firstByte.stop(firstByte);
    leave();
    fail(why);
  }

  @Override
  public void goOn() {
    // There is no body to go on with.
  }

  @Override
  public void earlyHints(MultiMap hints) {
    // Of no use to a WebSocket.
  }

  @Override
  public void answerPaused() {
    // A refusal is relayed as it comes.
  }

  @Override
  public long clientPace() {
    return Long.MAX_VALUE;
  }

  @Override
  public void giveWay() {
    // It takes no place from others.
  }
}
