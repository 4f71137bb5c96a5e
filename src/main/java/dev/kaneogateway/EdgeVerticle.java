package dev.kaneogateway;

import static java.util.Objects.requireNonNull;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.Certificates;
import dev.kaneogateway.web.ConnectionGuard;
import dev.kaneogateway.web.GuardedPorts;
import dev.kaneogateway.web.Http1Deliveries;
import dev.kaneogateway.web.Http2Deliveries;
import dev.kaneogateway.web.Http2Flood;
import dev.kaneogateway.web.Http2Heads;
import dev.kaneogateway.web.Http2Pieces;
import dev.kaneogateway.web.Http2Streams;
import dev.kaneogateway.web.Http2Tables;
import dev.kaneogateway.web.Http2Writability;
import dev.kaneogateway.web.OwnRequests;
import dev.kaneogateway.web.Taken;
import dev.kaneogateway.web.UnreadMessages;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.impl.Http1xServerConnection;
import io.vertx.core.internal.ContextInternal;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The port that clients connect to; each request is given to the {@link Surfaces} of the moment.
 * One instance for each event loop, all on one port.
 */
final class EdgeVerticle extends VerticleBase {
  /**
   * Who was let in last has so long to shake hands and to ask, be it on a busy machine: Vert.x ends
   * at once whoever has not.
   */
  private static final long MOST_ARRIVING_MS = 500;

  private final GatewayMetrics metrics;
  private final GuardedPorts.Doorkeeper doorkeeper;
  private final Future<?> inside;
  private Settings settings;
  private Surfaces.Maker maker;
  private @Nullable HttpServer server;
  private @Nullable HttpClient client;

  /** Volatile: what guards the port, on every event loop, tells them of what was no request. */
  private volatile @Nullable Surfaces surfaces;

  private boolean leaving;
  private int guardedPort;
  private GuardedPorts.@Nullable Rules rules;
  private volatile @Nullable LoopDelay delay;

  /** Those of now, and those of before that exchanges under way still need. */
  private final Set<Surfaces> inUse = new HashSet<>();

  /**
   * @param inside succeeds when those whom requests are passed on to are there; until then nothing
   *     is done
   */
  EdgeVerticle(
      Settings settings,
      Surfaces.Maker maker,
      GatewayMetrics metrics,
      GuardedPorts.Doorkeeper doorkeeper,
      Future<?> inside) {
    this.settings = settings;
    this.maker = maker;
    this.metrics = metrics;
    this.doorkeeper = doorkeeper;
    this.inside = inside;
  }

  @Override
  public Future<?> start() {
    // A server belongs to the event loop that it is made on.
    Promise<Object> ready = ((ContextInternal) context).promise();
    inside.<Object>mapEmpty().onComplete(ready);
    return ready.future().compose(there -> open());
  }

  private Future<?> open() {
    client = OwnRequests.client(vertx);
    HttpServer listening =
        vertx
            .createHttpServer(options())
            .connectionHandler(this::established)
            .invalidRequestHandler(request -> current().exchanges().refuseMalformed(request))
            .requestHandler(
                request -> Http1Deliveries.inTurn(request, next -> current().handle(next)));
    server = listening;
    delay = LoopDelay.start(vertx, metrics);
    return checkCertificate().compose(sound -> makeSurfaces()).compose(made -> listen(listening));
  }

  private Future<?> listen(HttpServer listening) {
    int port = settings.server().port();
    if (port > 0) {
      guard(port);
    }
    // A free port is known only once it is bound.
    return listening
        .listen()
        .onSuccess(bound -> guard(bound.actualPort()))
        .onFailure(taken -> release());
  }

  private Future<?> makeSurfaces() {
    Surfaces made = maker.make(vertx, requireNonNull(client));
    return made.load()
        .onSuccess(
            loaded -> {
              Surfaces before = surfaces;
              surfaces = made;
              inUse.add(made);
              if (leaving) {
                made.exchanges().drain();
              }
              if (before != null) {
                before.retire(() -> inUse.remove(before));
              }
            });
  }

  private Surfaces current() {
    return requireNonNull(surfaces);
  }

  /** Takes up changed settings: requests from now on are answered by surfaces made from them. */
  Future<?> renew(Settings next, Surfaces.Maker nextMaker) {
    Promise<Object> renewed = Promise.promise();
    context.runOnContext(
        go -> {
          settings = next;
          maker = nextMaker;
          guard(port());
          makeSurfaces().<Object>mapEmpty().onComplete(renewed);
        });
    return renewed.future();
  }

  private void guard(int port) {
    GuardedPorts.Rules next =
        new GuardedPorts.Rules(
            settings.limits().headTimeout(),
            settings.limits().idleTimeout(),
            settings.limits().maxHeaderFields(),
            options(),
            peer -> current().exchanges().malformed(peer, 400),
            metrics.refusals()::http2Flood);
    GuardedPorts.keepDoor(port, doorkeeper);
    GuardedPorts.guard(port, next);
    guardedPort = port;
    rules = next;
  }

  private void release() {
    if (rules != null) {
      GuardedPorts.release(guardedPort, rules);
      GuardedPorts.leaveDoor(guardedPort, doorkeeper);
    }
  }

  private void established(HttpConnection connection) {
    ConnectionGuard guard = ConnectionGuard.of(connection);
    if (guard == null) {
      // It came to a free port before anybody knew which one that is.
      connection.close();
      return;
    }
    boolean http2 = !(connection instanceof Http1xServerConnection);
    if (http2) {
      Http2Flood.watch(
          connection, settings.limits().http2ControlFrames(), metrics.refusals()::http2Flood);
      Http2Heads.check(
          connection,
          settings.limits().maxHeaderFields(),
          () -> current().exchanges().malformed(connection.remoteAddress(), 0));
      Http2Pieces.watch(connection, metrics.refusals()::http2Flood);
      Http2Streams.watch(connection);
      Http2Writability.watch(connection);
      Http2Tables.limit(connection);
      Taken.watch(connection);
      Http2Deliveries.watch(connection, settings.limits().progressTimeout());
    } else {
      // A reset is the client's way to leave; the exchange under way hears of it too.
      connection.exceptionHandler(broken -> {});
      UnreadMessages.watch(connection);
      Http1Deliveries.watch(connection, settings.limits().progressTimeout());
    }
    guard.established(http2);
  }

  /** Whether its event loop stands still; asked from any thread. */
  boolean isStalled() {
    LoopDelay measured = delay;
    return measured != null && measured.isStalled();
  }

  /** The port that was bound. */
  int port() {
    return server == null ? -1 : server.actualPort();
  }

  /** Tells clients with each answer to go elsewhere. */
  void sayGoodbye() {
    context.runOnContext(
        go -> {
          leaving = true;
          inUse.forEach(each -> each.exchanges().drain());
        });
  }

  /** Takes no new connections and lets requests in flight end. */
  Future<Void> drain() {
    HttpServer ending = server;
    if (ending == null) {
      return Future.succeededFuture();
    }
    // Clients that come back must find the others, so only once nobody is let in here any more.
    context.runOnContext(
        go -> inUse.forEach(each -> each.proxy().endOpen(settings.server().webSocketSpread())));
    long patienceMillis = settings.server().drainTimeout().toMillis();
    long arrivingMillis = 1 + Math.min(MOST_ARRIVING_MS, patienceMillis / 20);
    return GuardedPorts.close(port())
        .compose(closed -> vertx.timer(arrivingMillis))
        .compose(arrived -> ending.shutdown(patienceMillis, TimeUnit.MILLISECONDS));
  }

  /** Serves the certificate that is in the files now. */
  Future<Boolean> reloadCertificate() {
    HttpServer changed = server;
    return changed == null
        ? Future.succeededFuture(false)
        : checkCertificate()
            .compose(sound -> changed.updateSSLOptions(options().getSslOptions(), true));
  }

  /** Renewed files are written one after the other: for a moment they may not belong together. */
  private Future<?> checkCertificate() {
    return settings
        .server()
        .tls()
        .<Future<?>>map(
            tls ->
                vertx.executeBlocking(
                    () -> {
                      Certificates.fault(vertx, tls)
                          .ifPresent(
                              fault -> {
                                throw new IllegalArgumentException(fault.toString());
                              });
                      return null;
                    }))
        .orElse(Future.succeededFuture());
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
            .setHttp2RstFloodMaxRstFramePerWindow(limits.http2Resets())
            .setHttp2RstFloodWindowDuration(30)
            // Everything here is written on its event loop. Vert.x would keep a queue of 4 KB for
            // each connection in case it were not, and write on into it when a client is slow.
            .setStrictThreadMode(true)
            // A WebSocket's extensions are its two ends' own; Vert.x would look for them each time.
            .setPerMessageWebSocketCompressionSupported(false)
            .setPerFrameWebSocketCompressionSupported(false)
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
                    // A client that offers HTTP/1.0 alone is hung up on in the handshake otherwise.
                    .setAlpnVersions(
                        List.of(HttpVersion.HTTP_2, HttpVersion.HTTP_1_1, HttpVersion.HTTP_1_0))
                    .setEnabledSecureTransportProtocols(Set.of("TLSv1.2", "TLSv1.3"))
                    .setKeyCertOptions(Certificates.options(tls)));
    return options;
  }

  @Override
  public Future<?> stop() {
    inUse.forEach(each -> each.retire(() -> {}));
    return server == null
        ? Future.succeededFuture()
        : server.close().onComplete(closed -> release());
  }
}
