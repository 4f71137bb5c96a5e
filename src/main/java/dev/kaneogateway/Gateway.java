package dev.kaneogateway;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.auth.Authenticator;
import dev.kaneogateway.auth.People;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.CredentialCache;
import dev.kaneogateway.credentials.CredentialVerticle;
import dev.kaneogateway.credentials.Credentials;
import dev.kaneogateway.credentials.KeyUsage;
import dev.kaneogateway.credentials.LiveStreams;
import dev.kaneogateway.credentials.RevocationVerticle;
import dev.kaneogateway.credentials.SessionTokens;
import dev.kaneogateway.credentials.UsageVerticle;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.doctor.Probe;
import dev.kaneogateway.limits.DeviceLimits;
import dev.kaneogateway.limits.Limits;
import dev.kaneogateway.limits.RedisVerticle;
import dev.kaneogateway.limits.RequestLimits;
import dev.kaneogateway.limits.SharedCounts;
import dev.kaneogateway.management.Health;
import dev.kaneogateway.management.ManagementVerticle;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.PoolMeters;
import dev.kaneogateway.oauth.DeviceEndpoints;
import dev.kaneogateway.pages.DevicePages;
import dev.kaneogateway.proxy.Presences;
import dev.kaneogateway.proxy.Proxy;
import dev.kaneogateway.tracing.Tracing;
import dev.kaneogateway.web.Exchanges;
import dev.kaneogateway.web.GuardedPorts;
import dev.kaneogateway.web.PathTemplates;
import dev.kaneogateway.web.TrustedProxies;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.dns.AddressResolverOptions;
import io.vertx.sqlclient.Pool;
import java.net.URI;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running gateway: its rooms built from settings, its verticles deployed. Safe from any thread.
 */
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
  private final Clock clock;
  private final GatewayMetrics metrics;
  private final Health health;
  private final Bus bus;
  private final CredentialCache cache;
  private final SessionTokens sessionTokens;
  private final Credentials credentials;
  private final KeyUsage usage;
  private final LiveStreams streams = new LiveStreams();
  private final Tracing tracing;
  private final Presences presences = new Presences();
  private final List<EdgeVerticle> edges = new CopyOnWriteArrayList<>();
  private final ManagementVerticle management;
  private final CertificateWatch certificate;
  private final Limits limits;
  private final Optional<RedisVerticle> redis;
  private volatile Settings settings;
  private volatile boolean stopping;

  private Gateway(Vertx vertx, Settings settings, Clock clock) {
    this.vertx = vertx;
    this.settings = settings;
    this.clock = clock;
    this.metrics = new GatewayMetrics(settings.management().metrics());
    metrics.pools(vertx);
    metrics.process().build(version(), Transports.of(vertx));
    metrics.gauge(
        "event_loops_stalled",
        "Event loops that have come to no timer for a second.",
        this::stalledLoops);
    metrics.process().logLinesDropped(LogConfiguration.DROPPED);
    metrics.gauge("stopping", "Whether the gateway is coming to its end.", () -> stopping ? 1 : 0);
    this.certificate = new CertificateWatch(vertx, metrics, this::serveCertificateAnew);
    this.tracing = new Tracing(settings.traces());
    this.health = new Health(clock);
    // Management answers before clients can connect, and goes on when they never can.
    health.report("gateway", false, "starting");
    this.bus = Bus.on(vertx);
    Settings.Credentials wanted = settings.credentials();
    this.cache = new CredentialCache(wanted, clock, Ticker.systemTicker());
    this.sessionTokens = new SessionTokens(wanted.authSecret());
    this.credentials = new Credentials(bus, cache, sessionTokens, wanted.lookupTimeout());
    this.redis =
        settings
            .redis()
            .url()
            .map(
                url ->
                    new RedisVerticle(
                        url, metrics, (up, detail) -> health.note("redis", up, detail)));
    this.limits =
        new Limits(
            vertx,
            settings,
            metrics,
            redis.<SharedCounts>map(shared -> shared).orElse(SharedCounts.NONE));
    this.usage = new KeyUsage(wanted.keyUsage());
    this.management =
        new ManagementVerticle(
            settings,
            metrics,
            health,
            this::stalledLoops,
            presences::checked,
            Database.pool(vertx, settings.database()),
            clock,
            version());
    metrics.gauge("credential_cache_size", "Valid credentials remembered.", cache::size);
    metrics.gauge(
        "credential_refused_cache_size", "Refused credentials remembered.", cache::refusedSize);
    cache
        .evictions()
        .forEach(
            (cause, count) ->
                metrics.counted(
                    "credential_cache_evictions",
                    "Verdicts on credentials that are remembered no longer, by why.",
                    "cause",
                    cause,
                    count));
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
        .withTransport(Transports.choose(settings.server().transport()))
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
    Gateway gateway = new Gateway(vertx, settings, clock);
    return gateway.deploy().map(gateway);
  }

  private Future<?> deploy() {
    Surfaces.Maker surfaces = surfaces(settings);
    Promise<Object> inside = Promise.promise();
    // Event loops are dealt out in turn. The servers come first, when nobody else takes any: each
    // then has one of its own, and waits on it for those whom it passes requests on to.
    Future<?> edge =
        vertx.deployVerticle(
            () -> {
              EdgeVerticle server =
                  new EdgeVerticle(
                      settings, surfaces, metrics, limits.connections(), inside.future());
              edges.add(server);
              return server;
            },
            new DeploymentOptions().setInstances(settings.server().eventLoops()));
    deployInside().<Object>mapEmpty().onComplete(inside);
    return edge.onSuccess(
        deployed -> {
          health.keepOnly("gateway", List.of());
          certificate.watch(settings.server());
        });
  }

  private Future<?> deployInside() {
    Pool pool = Database.pool(vertx, settings.database());
    return vertx
        .deployVerticle(
            new CredentialVerticle(bus, pool, cache, settings.credentials(), metrics, clock))
        .compose(
            deployed ->
                vertx.deployVerticle(
                    new DeviceVerticle(bus, pool, settings.device(), metrics, clock)))
        .compose(
            deployed ->
                vertx.deployVerticle(
                    new RevocationVerticle(
                        bus, pool, cache, streams, settings, metrics, clock, this::noteRevocation)))
        .compose(deployed -> vertx.deployVerticle(new UsageVerticle(pool, usage, metrics, clock)))
        .compose(
            deployed ->
                redis.isPresent()
                    ? vertx.deployVerticle(redis.get())
                    : Future.succeededFuture(deployed))
        .compose(deployed -> vertx.deployVerticle(management));
  }

  /** Says in the log where it listens; whoever reads that may send requests and signals. */
  void announce() {
    LOG.info(
        "Kaneo Gateway listens on {}://{}:{}, management on http://{}:{}",
        settings.server().tls().isPresent() ? "https" : "http",
        settings.server().host(),
        port(),
        settings.management().host(),
        managementPort());
  }

  /** All that is made anew when settings change; what must outlast a change is a field. */
  private Surfaces.Maker surfaces(Settings current) {
    TrustedProxies trustedProxies = new TrustedProxies(current.server().trustedProxies());
    PathTemplates templates = new PathTemplates(metrics.requests(), patterns(current.kaneo()));
    metrics.keepUpstreams(addresses(current.upstream()));
    RequestLimits requests = limits.requests();
    Authenticator authenticator =
        new Authenticator(
            credentials, current.kaneo().apiUrl(), usage, requests.failures(), metrics);
    DeviceLimits devices = limits.devices();
    Supplier<List<URI>> kaneos = () -> presences.bestFirst(current.upstream().api());
    return (loop, client) -> {
      People people = new People(client, current, credentials, sessionTokens, kaneos);
      return new Surfaces(
          new Exchanges(trustedProxies, metrics, templates, tracing, current.logs().access()),
          requests,
          new DeviceEndpoints(current, bus, people, sessionTokens, credentials, devices),
          new DevicePages(loop, client, current, bus, people, devices, kaneos, metrics, clock),
          new Probe(loop, current, clock),
          new Proxy(
              loop,
              current,
              authenticator,
              requests,
              limits.ceilings(),
              streams,
              metrics,
              presences));
    };
  }

  private static List<String> patterns(Settings.Kaneo kaneo) {
    List<String> patterns = new ArrayList<>(kaneo.publicPaths());
    patterns.addAll(kaneo.webSocketPaths());
    patterns.addAll(kaneo.metricPaths());
    return patterns;
  }

  private static Set<String> addresses(Settings.Upstream upstream) {
    return Stream.concat(upstream.api().stream(), upstream.web().stream())
        .map(URI::toString)
        .collect(Collectors.toSet());
  }

  /**
   * Takes up changed settings without losing a request: those under way end by the old ones.
   * Settings that only a start takes up must be as they were.
   */
  public synchronized Future<?> renew(Settings next) {
    limits.renew(settings, next);
    settings = next;
    management.renew(next);
    Surfaces.Maker surfaces = surfaces(next);
    return Future.join(edges.stream().map(edge -> edge.renew(next, surfaces)).toList());
  }

  private void noteRevocation(RevocationVerticle.Line line, String why) {
    if (line == RevocationVerticle.Line.ABSENT) {
      health.unused("revocation", why);
    } else {
      health.note("revocation", line == RevocationVerticle.Line.UP, why);
    }
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
                      tracing.close();
                      return null;
                    }))
        .onComplete(
            drained -> {
              vertx.close().onComplete(closed -> stopped.tryComplete());
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
