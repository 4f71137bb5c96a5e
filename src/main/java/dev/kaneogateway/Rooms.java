package dev.kaneogateway;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.auth.Authenticator;
import dev.kaneogateway.auth.HeldLately;
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
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.oauth.DeviceEndpoints;
import dev.kaneogateway.pages.DevicePages;
import dev.kaneogateway.proxy.Presences;
import dev.kaneogateway.proxy.Proxy;
import dev.kaneogateway.tracing.Tracing;
import dev.kaneogateway.web.Exchanges;
import dev.kaneogateway.web.PathTemplates;
import dev.kaneogateway.web.TrustedProxies;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.net.URI;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rooms of a running gateway, built from settings and joined: what outlasts a change of
 * settings is a field here, what does not is made anew. Safe from any thread.
 */
final class Rooms {
  private final Vertx vertx;
  private final GatewayMetrics metrics;
  private final Health health;
  private final Clock clock;
  private final Bus bus;
  private final CredentialCache cache;
  private final SessionTokens sessionTokens;
  private final Credentials credentials;
  private final KeyUsage usage;
  private final HeldLately heldLately = new HeldLately();
  private final LiveStreams streams = new LiveStreams();
  private final Tracing tracing;
  private final Presences presences = new Presences();
  private final Limits limits;
  private final Optional<RedisVerticle> redis;

  Rooms(Vertx vertx, Settings settings, GatewayMetrics metrics, Health health, Clock clock) {
    this.vertx = vertx;
    this.metrics = metrics;
    this.health = health;
    this.clock = clock;
    this.tracing = new Tracing(settings.traces());
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
    measureCache();
  }

  private void measureCache() {
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
  }

  Limits limits() {
    return limits;
  }

  Presences presences() {
    return presences;
  }

  /** Deploys those whom servers ask over the bus, and those who keep what they know. */
  Future<?> deploy(Settings settings) {
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
                    : Future.succeededFuture(deployed));
  }

  private void noteRevocation(RevocationVerticle.Line line, String why) {
    if (line == RevocationVerticle.Line.ABSENT) {
      health.unused("revocation", why);
    } else {
      health.note("revocation", line == RevocationVerticle.Line.UP, why);
    }
  }

  /** All that is made anew when settings change. */
  Surfaces.Maker surfaces(Settings current) {
    TrustedProxies trustedProxies = new TrustedProxies(current.server().trustedProxies());
    PathTemplates templates = new PathTemplates(metrics.requests(), patterns(current.kaneo()));
    metrics.keepUpstreams(addresses(current.upstream()));
    RequestLimits requests = limits.requests();
    Authenticator authenticator =
        new Authenticator(
            credentials, current.kaneo().apiUrl(), usage, requests.failures(), heldLately, metrics);
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

  /** Sends the last spans; may block. */
  void close() {
    tracing.close();
  }
}
