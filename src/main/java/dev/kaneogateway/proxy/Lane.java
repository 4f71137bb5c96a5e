package dev.kaneogateway.proxy;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.Deadlines;
import io.vertx.core.Vertx;

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

  Lane(Vertx vertx, Settings settings, GatewayMetrics metrics) {
    Settings.Upstream upstream = settings.upstream();
    int loops = settings.server().eventLoops();
    this.api = new Upstreams(vertx, upstream.api(), upstream, loops);
    this.web =
        upstream.web().isEmpty() ? api : new Upstreams(vertx, upstream.web(), upstream, loops);
    this.firstByte = new Deadlines(vertx, upstream.firstByteTimeout());
    this.progress = new Deadlines(vertx, settings.limits().progressTimeout());
    this.metrics = metrics;
    this.maxBodyBytes = settings.limits().maxBodyBytes();
  }

  void close() {
    firstByte.close();
    progress.close();
  }
}
