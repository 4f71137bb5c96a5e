package dev.kaneogateway;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.oauth.DeviceEndpoints;
import dev.kaneogateway.pages.DevicePages;
import dev.kaneogateway.proxy.Proxy;
import dev.kaneogateway.web.ConnectionGuard;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Exchanges;
import dev.kaneogateway.web.Problems;
import dev.kaneogateway.web.TrustedProxies;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.Http1xServerConnection;
import io.vertx.core.net.PemKeyCertOptions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The port that clients connect to. Each request is begun here and given to the surface that owns
 * its path. One instance for each event loop, all on one port.
 */
final class EdgeVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeVerticle.class);

  private final Settings settings;
  private final GatewayMetrics metrics;
  private final Surfaces surfaces;
  private @Nullable HttpServer server;
  private @Nullable Proxy proxy;
  private @Nullable Exchanges exchanges;

  /** Makes the surfaces of an event loop. */
  interface Surfaces {
    DeviceEndpoints endpoints(Vertx vertx);

    DevicePages pages(Vertx vertx);

    Proxy proxy(Vertx vertx);
  }

  EdgeVerticle(Settings settings, GatewayMetrics metrics, Surfaces surfaces) {
    this.settings = settings;
    this.metrics = metrics;
    this.surfaces = surfaces;
  }

  @Override
  public Future<?> start() {
    Exchanges exchanges =
        new Exchanges(
            new TrustedProxies(settings.server().trustedProxies()),
            metrics,
            settings.logs().access());
    this.exchanges = exchanges;
    Proxy toKaneo = surfaces.proxy(vertx);
    proxy = toKaneo;
    DeviceEndpoints endpoints = surfaces.endpoints(vertx);
    DevicePages pages = surfaces.pages(vertx);
    HttpServer listening =
        vertx
            .createHttpServer(options())
            .connectionHandler(EdgeVerticle::established)
            .invalidRequestHandler(exchanges::refuseMalformed)
            .requestHandler(request -> handle(request, exchanges, endpoints, pages, toKaneo));
    server = listening;
    return pages
        .load()
        .compose(loaded -> listening.listen())
        .onSuccess(
            bound ->
                ConnectionGuard.guard(
                    bound.actualPort(),
                    new ConnectionGuard.Times(
                        settings.limits().headTimeout(),
                        settings.limits().idleTimeout(),
                        options())));
  }

  private static void handle(
      HttpServerRequest request,
      Exchanges exchanges,
      DeviceEndpoints endpoints,
      DevicePages pages,
      Proxy proxy) {
    Exchange exchange = exchanges.begin(request);
    if (exchange == null) {
      return;
    }
    String path = exchange.head().path();
    try {
      if (endpoints.owns(path)) {
        endpoints.handle(exchange);
      } else if (pages.owns(path)) {
        pages.handle(exchange);
      } else {
        proxy.handle(exchange);
      }
    } catch (RuntimeException e) {
      LOG.error("request {} failed within the gateway", exchange.id(), e);
      Problems.answer(exchange, 500, "internal_error", "The gateway failed.");
    }
  }

  private static void established(HttpConnection connection) {
    // A reset is the client's way to leave; the exchange under way hears of it too.
    connection.exceptionHandler(broken -> {});
    ConnectionGuard guard = ConnectionGuard.of(connection);
    if (guard != null) {
      guard.established(!(connection instanceof Http1xServerConnection));
    }
  }

  /** The port that was bound. */
  int port() {
    return server == null ? -1 : server.actualPort();
  }

  /** Tells clients with each answer to go elsewhere. */
  void sayGoodbye() {
    Exchanges answering = exchanges;
    if (answering != null) {
      context.runOnContext(go -> answering.drain());
    }
  }

  /** Takes no new connections and lets requests in flight end. */
  Future<Void> drain() {
    if (server == null) {
      return Future.succeededFuture();
    }
    return server.shutdown(settings.server().drainTimeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Serves the certificate that is in the files now. */
  Future<Boolean> reloadCertificate() {
    HttpServerOptions options = options();
    return server == null
        ? Future.succeededFuture(false)
        : server.updateSSLOptions(options.getSslOptions(), true);
  }

  private HttpServerOptions options() {
    Settings.Limits limits = settings.limits();
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost(settings.server().host())
            // A negative port is a free one that all instances share.
            .setPort(settings.server().port() == 0 ? -1 : settings.server().port())
            .setMaxInitialLineLength(limits.maxUriBytes())
            .setMaxHeaderSize(limits.maxHeaderBytes())
            .setTcpNoDelay(true)
            .setTcpKeepAlive(true)
            .setAcceptBacklog(4096)
            .setInitialSettings(
                new Http2Settings()
                    .setMaxConcurrentStreams(250)
                    .setMaxHeaderListSize(limits.maxHeaderBytes()));
    settings
        .server()
        .tls()
        .ifPresent(
            tls ->
                options
                    .setSsl(true)
                    .setUseAlpn(true)
                    .setEnabledSecureTransportProtocols(java.util.Set.of("TLSv1.2", "TLSv1.3"))
                    .setKeyCertOptions(
                        new PemKeyCertOptions()
                            .setCertPaths(List.of(tls.certificate().toString()))
                            .setKeyPaths(List.of(tls.key().toString()))));
    return options;
  }

  @Override
  public Future<?> stop() {
    if (proxy != null) {
      proxy.close();
    }
    return server == null ? Future.succeededFuture() : server.close();
  }
}
