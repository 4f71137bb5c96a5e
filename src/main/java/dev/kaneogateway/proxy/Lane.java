package dev.kaneogateway.proxy;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.Deadlines;
import io.vertx.core.Vertx;
import java.time.Duration;

/**
 * What all exchanges of one event loop share on their way to Kaneo: connections, time limits,
 * meters. Confined to that event loop.
 */
final class Lane {
  final Upstreams api;
  final Upstreams web;
  final Deadlines firstByte;
  final Deadlines progress;
  final GatewayMetrics metrics;
  final long maxBodyBytes;
  final Duration hold;
  final int mostHeld;
  final Vertx vertx;
  int held;

  Lane(Vertx vertx, Settings settings, GatewayMetrics metrics, Presences presences) {
    Settings.Upstream upstream = settings.upstream();
    int loops = settings.server().eventLoops();
    this.api = new Upstreams(vertx, upstream.api(), upstream, loops, presences);
    this.web =
        upstream.web().isEmpty()
            ? api
            : new Upstreams(vertx, upstream.web(), upstream, loops, presences);
    this.firstByte = new Deadlines(vertx, upstream.firstByteTimeout());
    this.progress = new Deadlines(vertx, settings.limits().progressTimeout());
    this.metrics = metrics;
    this.maxBodyBytes = settings.limits().maxBodyBytes();
    this.hold = upstream.hold();
    this.mostHeld = upstream.maxQueue() / loops;
    this.vertx = vertx;
  }

  /** Ends timers and connections; nothing may be under way any more. */
  void close() {
    firstByte.close();
    progress.close();
    api.close();
    if (web != api) {
      web.close();
    }
  }
}
