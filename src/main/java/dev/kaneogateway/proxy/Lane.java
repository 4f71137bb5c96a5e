package dev.kaneogateway.proxy;

import dev.kaneogateway.auth.Authenticator;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.LiveStreams;
import dev.kaneogateway.limits.Ceilings;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.Cors;
import dev.kaneogateway.web.Deadlines;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What all exchanges of one event loop share on their way to Kaneo: connections, time limits,
 * meters. Confined to that event loop.
 */
final class Lane {
  private static final long RETURN_CHECK_MS = 100;

  final Upstreams api;
  final Upstreams web;
  final Deadlines firstByte;
  final Deadlines progress;
  final Deadlines answerHold;
  final Ceilings ceilings;
  final Authenticator authenticator;
  final LiveStreams streams;
  final GatewayMetrics metrics;
  final Cors cors;
  final long maxBodyBytes;
  final Duration bodyPatience;
  private final Duration hold;
  private final int mostHeld;
  final Vertx vertx;
  private int held;
  private int tunnelsAtKaneo;
  private boolean closing;

  private final Set<Open> open = new HashSet<>();
  private @Nullable Duration endingWithin;

  /** What stays open until somebody ends it: a WebSocket or an event stream. */
  interface Open {
    /** Ends it in its protocol's way, because the gateway goes. */
    void end();
  }

  Lane(
      Vertx vertx,
      Settings settings,
      Ceilings ceilings,
      Authenticator authenticator,
      LiveStreams streams,
      GatewayMetrics metrics,
      Presences presences) {
    this.authenticator = authenticator;
    this.streams = streams;
    Settings.Upstream upstream = settings.upstream();
    int loops = settings.server().eventLoops();
    int connections = Math.max(1, ceilings.upstreamConnections() / loops);
    this.api =
        new Upstreams(vertx, upstream.api(), upstream, connections, loops, presences, metrics);
    this.web =
        upstream.web().isEmpty()
            ? api
            : new Upstreams(
                vertx, upstream.web(), upstream, connections, loops, presences, metrics);
    this.firstByte = new Deadlines(vertx, upstream.firstByteTimeout());
    this.progress = new Deadlines(vertx, settings.limits().progressTimeout());
    this.answerHold = new Deadlines(vertx, upstream.answerHold());
    this.cors = new Cors(settings.kaneo().corsOrigins());
    this.ceilings = ceilings;
    this.metrics = metrics;
    this.maxBodyBytes = settings.limits().maxBodyBytes();
    this.bodyPatience = settings.limits().progressTimeout();
    this.hold = upstream.hold();
    this.mostHeld = Math.max(1, upstream.maxHeld() / loops);
    this.vertx = vertx;
  }

  /** Something opened; what does so while the gateway goes has an end set at once. */
  void opened(Open one) {
    open.add(one);
    if (endingWithin != null) {
      endWithin(endingWithin, one);
    }
  }

  /** Something closed. */
  void closed(Open one) {
    open.remove(one);
  }

  /**
   * Ends what is open and what will open, each at a moment of its own, so that its clients do not
   * all return at once.
   */
  void endOpen(Duration spread) {
    endingWithin = spread;
    open.forEach(one -> endWithin(spread, one));
  }

  private void endWithin(Duration spread, Open one) {
    long delay = ThreadLocalRandom.current().nextLong(Math.max(1, spread.toMillis()));
    vertx.setTimer(1 + delay, now -> one.end());
  }

  /** Whether a request to which a Kaneo took no connection may wait for it, or for another. */
  boolean mayHold(Upstreams upstreams) {
    return held < mostHeld && upstreams.mayTakeWithin(hold);
  }

  /**
   * Whether a request is not to go to a Kaneo now that is just coming back, nor to another: none
   * has its hands free.
   */
  boolean hadBetterWait(Upstreams.Upstream chosen, Upstreams upstreams) {
    return held < mostHeld && chosen.spares(hold) && upstreams.noneIsFree(hold);
  }

  /** Does something a little later, when a Kaneo that restarts may be back. */
  void holdBack(Runnable then) {
    held++;
    metrics.requestHeld();
    vertx.setTimer(
        RETURN_CHECK_MS,
        id -> {
          held--;
          metrics.requestReleased();
          then.run();
        });
  }

  /** Kaneo is asked for a WebSocket, until {@link #tunnelLeft}. */
  void tunnelBegun() {
    tunnelsAtKaneo++;
  }

  /** Kaneo has no connection of that any more. */
  void tunnelLeft() {
    tunnelsAtKaneo--;
    closeIfLeft();
  }

  /**
   * Ends timers and connections, once Kaneo has none of a WebSocket any more whose client has left;
   * no exchange may be under way.
   */
  void close() {
    closing = true;
    closeIfLeft();
  }

  private void closeIfLeft() {
    if (!closing || tunnelsAtKaneo > 0) {
      return;
    }
    closing = false;
    firstByte.close();
    progress.close();
    answerHold.close();
    api.close();
    if (web != api) {
      web.close();
    }
  }
}
