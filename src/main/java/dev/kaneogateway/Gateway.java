package dev.kaneogateway;

import dev.kaneogateway.config.DatabaseUrl;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.management.Health;
import dev.kaneogateway.management.ManagementVerticle;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.PoolMeters;
import dev.kaneogateway.web.GuardedPorts;
import dev.kaneogateway.web.MemoryShare;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.dns.AddressResolverOptions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running gateway: its rooms and servers deployed, renewed and stopped. Safe from any thread. */
public final class Gateway {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  /** Far more than to write the last uses of keys and close connections to a PostgreSQL takes. */
  private static final int CLOSE_PATIENCE_SECONDS = 5;

  /**
   * A Kaneo or a database that moves keeps its name and says nothing. Docker lets a name be
   * believed for ten minutes, by which a container that is made anew would be asked for at its old
   * address.
   */
  private static final int NAME_BELIEVED_SECONDS = 5;

  /** Scrapes of the metrics and looks at files: now and then one, and none for long. */
  private static final int WORKERS = 4;

  private final Vertx vertx;
  private final GatewayMetrics metrics;
  private final Health health;
  private final Rooms rooms;
  private final List<EdgeVerticle> edges = new CopyOnWriteArrayList<>();
  private final ManagementVerticle management;
  private final CertificateWatch certificate;
  private volatile Settings settings;
  private volatile boolean stopping;

  private Gateway(Vertx vertx, Settings settings, Clock clock) {
    this.vertx = vertx;
    this.settings = settings;
    this.metrics = new GatewayMetrics(settings.management().metrics());
    metrics.pools(vertx);
    metrics.process().build(version(), Transports.of(vertx));
    metrics.gauge(
        "event_loops_stalled",
        "Event loops that have come to no timer for a second.",
        this::stalledLoops);
    metrics.process().logLinesDropped(LogConfiguration.DROPPED);
    metrics.gauge("stopping", "Whether the gateway is coming to its end.", () -> stopping ? 1 : 0);
    MemoryShare.measure(metrics);
    this.certificate = new CertificateWatch(vertx, metrics, clock, this::serveCertificateAnew);
    this.health = new Health(clock);
    // Management answers before clients can connect, and goes on when they never can.
    health.report("gateway", false, "starting");
    this.rooms = new Rooms(vertx, settings, metrics, health, clock);
    this.management =
        new ManagementVerticle(
            settings,
            metrics,
            health,
            this::stalledLoops,
            rooms.presences()::checked,
            Database.pool(vertx, settings.database()),
            clock,
            version());
    Settings.numeric()
        .forEach(
            name ->
                metrics.gauge(
                    "setting",
                    "A setting that is a number, in the unit its name ends in.",
                    "name",
                    name,
                    () -> this.settings.numbers().get(name)));
  }

  private long stalledLoops() {
    return edges.stream().filter(EdgeVerticle::isStalled).count();
  }

  /** What runs, as far as the jar tells. */
  static String version() {
    String packaged = Gateway.class.getPackage().getImplementationVersion();
    return packaged == null ? "(not packaged)" : packaged;
  }

  /** A Vertx as the gateway wants it; to be made before any other in the process. */
  public static Vertx vertx(Settings settings) {
    GuardedPorts.Extension.enable();
    return PoolMeters.enable(Vertx.builder())
        .with(
            new VertxOptions()
                .setEventLoopPoolSize(settings.server().eventLoops())
                .setWorkerPoolSize(WORKERS)
                .setAddressResolverOptions(names()))
        .withTransport(
            Transports.choose(
                settings.server().transport(),
                DatabaseUrl.parse(settings.database().url()).isUnixSocket()))
        .build();
  }

  /** How names become addresses. */
  static AddressResolverOptions names() {
    return new AddressResolverOptions()
        .setCacheMaxTimeToLive(NAME_BELIEVED_SECONDS)
        // In nanoseconds, whatever its documentation says; without it the file is read only once.
        .setHostsRefreshPeriod((int) TimeUnit.SECONDS.toNanos(1));
  }

  /** Starts everything; the gateway serves when the future succeeds. */
  public static Future<Gateway> start(Vertx vertx, Settings settings, Clock clock) {
    return start(vertx, settings, clock, opening -> {});
  }

  /**
   * The same.
   *
   * @param opening is given the gateway just before clients can connect, of whom the first may have
   *     asked before the future succeeds
   */
  static Future<Gateway> start(
      Vertx vertx, Settings settings, Clock clock, Consumer<Gateway> opening) {
    Gateway gateway = new Gateway(vertx, settings, clock);
    return gateway.deploy(() -> opening.accept(gateway)).map(gateway);
  }

  private Future<?> deploy(Runnable opening) {
    Surfaces.Maker surfaces = rooms.surfaces(settings);
    Promise<Object> inside = Promise.promise();
    // Event loops are dealt out in turn. The servers come first, when nobody else takes any: each
    // then has one of its own, and waits on it for those whom it passes requests on to.
    Future<?> edge =
        vertx.deployVerticle(
            () -> {
              EdgeVerticle server =
                  new EdgeVerticle(
                      settings, surfaces, metrics, rooms.limits().connections(), inside.future());
              edges.add(server);
              return server;
            },
            new DeploymentOptions().setInstances(settings.server().eventLoops()));
    rooms
        .deploy(settings)
        .compose(deployed -> vertx.deployVerticle(management))
        .onSuccess(deployed -> opening.run())
        .<Object>mapEmpty()
        .onComplete(inside);
    return edge.onSuccess(
        deployed -> {
          health.keepOnly("gateway", List.of());
          certificate.watch(settings.server());
        });
  }

  /** Says in the log where it listens; whoever reads that may send requests and signals. */
  void announce() {
    LOG.info(
        "Kaneo Gateway listens on {}://{}:{}, management on http://{}:{}",
        settings.server().tls().isPresent() ? "https" : "http",
        inUrl(settings.server().host()),
        port(),
        inUrl(settings.management().host()),
        managementPort());
  }

  private static String inUrl(String host) {
    return host.indexOf(':') < 0 ? host : "[" + host + "]";
  }

  /**
   * Takes up changed settings without losing a request: those under way end by the old ones.
   * Settings that only a start takes up must be as they were.
   */
  public synchronized Future<?> renew(Settings next) {
    rooms.limits().renew(settings, next);
    settings = next;
    management.renew(next);
    Surfaces.Maker surfaces = rooms.surfaces(next);
    return Future.join(edges.stream().map(edge -> edge.renew(next, surfaces)).toList());
  }

  /** Serves the certificate that is in the files now, if it can be used. */
  void reloadCertificate() {
    settings.server().tls().ifPresent(certificate::takeUp);
  }

  private Future<?> serveCertificateAnew() {
    return Future.join(edges.stream().map(EdgeVerticle::reloadCertificate).toList());
  }

  /** The port clients connect to. */
  public int port() {
    return edges.get(0).port();
  }

  /** The port of metrics and health. */
  public int managementPort() {
    return management.port();
  }

  /** Far more than {@link #stop} takes. */
  Duration longestStop() {
    Settings.Server server = settings.server();
    return server.drainDelay().plus(server.drainTimeout()).plusSeconds(3 * CLOSE_PATIENCE_SECONDS);
  }

  /** Says "not ready", waits for load balancers, lets requests in flight end, and closes. */
  public Future<Void> stop() {
    LOG.info("stopping: no longer ready");
    stopping = true;
    health.report("gateway", false, "stopping");
    edges.forEach(EdgeVerticle::sayGoodbye);
    long delay = Math.max(1, settings.server().drainDelay().toMillis());
    // Completed off every event loop, since they are gone by then.
    Promise<Void> stopped = Promise.promise();
    vertx
        .timer(delay)
        .compose(waited -> Future.join(edges.stream().map(EdgeVerticle::drain).toList()))
        .eventually(
            () ->
                vertx.executeBlocking(
                    () -> {
                      rooms.close();
                      return null;
                    }))
        .onComplete(
            drained -> {
              // Who asks the database and Kaneo ends before the ways to them.
              Future.join(vertx.deploymentIDs().stream().map(vertx::undeploy).toList())
                  .eventually(vertx::close)
                  .onComplete(closed -> stopped.tryComplete());
              // A database that answers nothing must not keep the process, nor can Vert.x tell
              // time.
              CompletableFuture.delayedExecutor(CLOSE_PATIENCE_SECONDS, TimeUnit.SECONDS)
                  .execute(stopped::tryComplete);
            });
    return stopped
        .future()
        .onComplete(
            closed -> {
              metrics.close();
              LOG.info("stopped");
            });
  }
}
