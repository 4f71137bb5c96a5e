package dev.kaneogateway.credentials;

import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.RevocationLine;
import dev.kaneogateway.metrics.GatewayMetrics;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that what ends in Kaneo's tables ends here: forgets remembered verdicts and closes
 * open connections, at once where PostgreSQL tells of changes, else within the short life of the
 * cache. One instance.
 */
public final class RevocationVerticle extends VerticleBase implements RevocationLine.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(RevocationVerticle.class);

  /** Of credentials in one question: a message of PostgreSQL's protocol stays small. */
  private static final int MOST_AT_ONCE = 1000;

  /** While every change is told, asking again is only a net below the rope. */
  private static final int SELDOM = 30;

  private final Bus bus;
  private final Pool pool;
  private final CredentialCache cache;
  private final LiveStreams streams;
  private final Settings settings;
  private final GatewayMetrics metrics;
  private final Clock clock;
  private final BiConsumer<Line, String> health;
  private final List<String> told = new ArrayList<>();
  private @Nullable RevocationLine line;
  private volatile boolean listening;
  private int checks;

  /** How it stands with the line that tells of changes. */
  public enum Line {
    UP,
    DOWN,
    /** As far as is known there is to be none. */
    ABSENT
  }

  /**
   * @param health is told whether changes are told, and if not why
   */
  public RevocationVerticle(
      Bus bus,
      Pool pool,
      CredentialCache cache,
      LiveStreams streams,
      Settings settings,
      GatewayMetrics metrics,
      Clock clock,
      BiConsumer<Line, String> health) {
    this.bus = bus;
    this.pool = pool;
    this.cache = cache;
    this.streams = streams;
    this.settings = settings;
    this.metrics = metrics;
    this.clock = clock;
    this.health = health;
  }

  @Override
  public Future<?> start() {
    metrics.gauge(
        "revocation_line_up",
        "Whether PostgreSQL tells of every changed credential.",
        () -> listening ? 1 : 0);
    metrics.gauge(
        "credential_streams_open",
        "WebSockets and event streams that end with a credential.",
        streams::size);
    Settings.Revocation revocation = settings.revocation();
    RevocationLine started =
        new RevocationLine(
            vertx, pool, settings.database(), revocation.heartbeat(), revocation.patience(), this);
    line = started;
    started.start();
    vertx.setPeriodic(revocation.streamRecheck().toMillis(), id -> recheck());
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return line == null ? Future.succeededFuture() : line.close();
  }

  @Override
  public void listening() {
    listening = true;
    Settings.Revocation revocation = settings.revocation();
    cache.listening(revocation.cacheTtl(), revocation.heartbeat().plus(revocation.patience()));
    health.accept(Line.UP, "");
    LOG.info("PostgreSQL tells of every changed credential");
    ask(streams.of(any -> true));
  }

  @Override
  public void proven(long nanos) {
    cache.proven(nanos);
  }

  @Override
  public void deaf(RevocationLine.Reason reason) {
    boolean lost = listening;
    listening = false;
    cache.deaf();
    switch (reason) {
      case NO_TRIGGERS -> health.accept(Line.ABSENT, "the triggers are not, or not all, installed");
      case NO_CONNECTION -> health.accept(Line.ABSENT, "there is no connection to PostgreSQL");
      case NO_NOTIFICATIONS ->
          health.accept(Line.DOWN, "a standby, or a pooler that keeps notifications back");
    }
    if (lost) {
      LOG.warn(
          "PostgreSQL no longer tells of changed credentials ({}): each is asked for again after {} ms",
          reason,
          settings.credentials().cacheTtl().toMillis());
    }
  }

  @Override
  public void changed(String payload) {
    told.add(payload);
    if (told.size() == 1) {
      // What came in the same packet is forgotten in the same sweep.
      vertx.runOnContext(now -> forgetTold());
    }
  }

  private void forgetTold() {
    CredentialChanges changes = CredentialChanges.read(told);
    metrics.credentials().changed(told.size());
    told.clear();
    cache.forget(changes);
    ask(streams.of(changes::touch));
  }

  private void recheck() {
    checks++;
    boolean all = !listening || checks % SELDOM == 0;
    ask(all ? streams.of(any -> true) : streams.due(clock.instant()));
  }

  /** Not knowing ends nothing; the next round asks again. */
  private void ask(List<LiveStreams.Stream> which) {
    ask(LiveStreams.identities(which), 0, new HashMap<>())
        .onSuccess(standing -> LiveStreams.asked(which, standing))
        .onFailure(unknown -> LOG.debug("open connections are asked about later"));
  }

  /** One statement after another: lookups of requests have the other connections. */
  private Future<Map<String, Identity>> ask(
      List<Identity> identities, int from, Map<String, Identity> standing) {
    if (from >= identities.size()) {
      return Future.succeededFuture(standing);
    }
    int to = Math.min(identities.size(), from + MOST_AT_ONCE);
    List<Identity> some = List.copyOf(identities.subList(from, to));
    Duration patience = settings.credentials().lookupTimeout().plusMillis(500);
    return bus.ask(CredentialVerticle.STANDING, new StandingQuestion(some), patience)
        .compose(
            answer -> {
              Set<String> ended = new HashSet<>();
              some.forEach(identity -> ended.add(identity.label()));
              ended.removeAll(answer.standing().keySet());
              metrics.credentials().streamsEnded(streams.end(ended));
              standing.putAll(answer.standing());
              return ask(identities, to, standing);
            });
  }
}
