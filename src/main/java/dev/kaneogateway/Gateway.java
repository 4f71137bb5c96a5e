package dev.kaneogateway;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.auth.Authenticator;
import dev.kaneogateway.auth.People;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.CredentialCache;
import dev.kaneogateway.credentials.CredentialVerticle;
import dev.kaneogateway.credentials.Credentials;
import dev.kaneogateway.credentials.SessionTokens;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.management.Health;
import dev.kaneogateway.management.ManagementVerticle;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.oauth.DeviceEndpoints;
import dev.kaneogateway.pages.DevicePages;
import dev.kaneogateway.proxy.Presences;
import dev.kaneogateway.proxy.Proxy;
import dev.kaneogateway.web.ConnectionGuard;
import dev.kaneogateway.web.DeviceLimits;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.sqlclient.Pool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running gateway: its rooms built from settings, its verticles deployed. Safe from any thread.
 */
public final class Gateway {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  private final Vertx vertx;
  private final Settings settings;
  private final GatewayMetrics metrics;
  private final Health health;
  private final List<EdgeVerticle> edges = new CopyOnWriteArrayList<>();
  private final ManagementVerticle management;

  private Gateway(Vertx vertx, Settings settings, Clock clock) {
    this.vertx = vertx;
    this.settings = settings;
    this.metrics = new GatewayMetrics();
    this.health = new Health(clock);
    this.management =
        new ManagementVerticle(
            settings, metrics, health, Database.pool(vertx, settings.database()));
  }

  /** A Vertx as the gateway wants it; to be made before any other in the process. */
  public static Vertx vertx(Settings settings) {
    ConnectionGuard.Extension.enable();
    return Vertx.vertx(
        new VertxOptions()
            .setPreferNativeTransport(true)
            .setEventLoopPoolSize(settings.server().eventLoops()));
  }

  /** Starts everything; the gateway serves when the future succeeds. */
  public static Future<Gateway> start(Vertx vertx, Settings settings, Clock clock) {
    Gateway gateway = new Gateway(vertx, settings, clock);
    return gateway.deploy(clock).map(gateway);
  }

  private Future<?> deploy(Clock clock) {
    Bus bus = Bus.on(vertx);
    Settings.Credentials wanted = settings.credentials();
    CredentialCache cache = new CredentialCache(wanted, clock, Ticker.systemTicker());
    metrics.gauge("credential_cache_size", "Valid credentials remembered.", cache::size);
    metrics.gauge(
        "credential_refused_cache_size", "Refused credentials remembered.", cache::refusedSize);
    SessionTokens sessionTokens = new SessionTokens(wanted.authSecret());
    Credentials credentials = new Credentials(bus, cache, sessionTokens, wanted.lookupTimeout());
    Authenticator authenticator = new Authenticator(credentials, metrics);
    DeviceLimits limits = DeviceLimits.of(settings.device(), Ticker.systemTicker());
    Presences presences = new Presences();
    EdgeVerticle.Surfaces surfaces =
        new EdgeVerticle.Surfaces() {
          @Override
          public DeviceEndpoints endpoints(Vertx loop) {
            People people = new People(loop, settings, credentials, sessionTokens);
            return new DeviceEndpoints(
                settings, bus, people, sessionTokens, cache, limits, metrics);
          }

          @Override
          public Proxy proxy(Vertx loop) {
            return new Proxy(loop, settings, authenticator, metrics, presences);
          }

          @Override
          public DevicePages pages(Vertx loop) {
            People people = new People(loop, settings, credentials, sessionTokens);
            return new DevicePages(loop, settings, bus, people, limits, metrics, clock);
          }
        };
    Pool pool = Database.pool(vertx, settings.database());
    return vertx
        .deployVerticle(new CredentialVerticle(bus, pool, cache, wanted, metrics, clock))
        .compose(
            deployed ->
                vertx.deployVerticle(
                    new DeviceVerticle(bus, pool, settings.device(), metrics, clock)))
        .compose(deployed -> vertx.deployVerticle(management))
        .compose(
            deployed ->
                vertx.deployVerticle(
                    () -> {
                      EdgeVerticle edge = new EdgeVerticle(settings, metrics, surfaces);
                      edges.add(edge);
                      return edge;
                    },
                    new DeploymentOptions().setInstances(settings.server().eventLoops())))
        .onSuccess(deployed -> settings.server().tls().ifPresent(this::watchCertificate))
        .onSuccess(
            deployed ->
                LOG.info(
                    "Kaneo Gateway listens on {}://{}:{}, management on http://{}:{}",
                    settings.server().tls().isPresent() ? "https" : "http",
                    settings.server().host(),
                    port(),
                    settings.management().host(),
                    managementPort()));
  }

  private void watchCertificate(Settings.Tls tls) {
    FileTime[] seen = {lastChange(tls)};
    vertx.setPeriodic(
        tls.reload().toMillis(),
        id ->
            vertx
                .executeBlocking(() -> lastChange(tls))
                .onSuccess(
                    change -> {
                      if (!change.equals(seen[0])) {
                        seen[0] = change;
                        Future.join(edges.stream().map(EdgeVerticle::reloadCertificate).toList())
                            .onSuccess(taken -> LOG.info("the changed certificate is in use"))
                            .onFailure(
                                e ->
                                    LOG.error(
                                        "the changed certificate cannot be used, the old one stays: {}",
                                        e.getMessage()));
                      }
                    }));
  }

  private static FileTime lastChange(Settings.Tls tls) {
    try {
      FileTime certificate = Files.getLastModifiedTime(tls.certificate());
      FileTime key = Files.getLastModifiedTime(tls.key());
      return certificate.compareTo(key) > 0 ? certificate : key;
    } catch (IOException e) {
      // Between the removal of the old file and the arrival of the new one.
      return FileTime.fromMillis(0);
    }
  }

  /** The port clients connect to. */
  public int port() {
    return edges.get(0).port();
  }

  /** The port of metrics and health. */
  public int managementPort() {
    return management.port();
  }

  /** Says "not ready", waits for load balancers, lets requests in flight end, and closes. */
  public Future<Void> stop() {
    LOG.info("stopping: no longer ready");
    health.report("gateway", false, "stopping");
    edges.forEach(EdgeVerticle::sayGoodbye);
    long delay = Math.max(1, settings.server().drainDelay().toMillis());
    // Completed off every event loop, since they are gone by then.
    Promise<Void> stopped = Promise.promise();
    vertx
        .timer(delay)
        .compose(waited -> Future.join(edges.stream().map(EdgeVerticle::drain).toList()))
        .onComplete(
            drained ->
                vertx
                    .close()
                    .onComplete(
                        closed -> {
                          metrics.close();
                          LOG.info("stopped");
                          stopped.complete();
                        }));
    return stopped.future();
  }
}
