package dev.kaneogateway.limits;

import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.ClassPath;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the counts of all gateways together in Redis. A request is judged by what is known here
 * and never waits: what it took is reported behind its back, and the answer takes away here what
 * was taken elsewhere. Each gateway may so let a few too many at first; they are owed, and paid by
 * letting fewer later. Without Redis every gateway counts for itself until it returns. One
 * instance.
 */
public final class RedisVerticle extends VerticleBase implements SharedCounts {
  private static final Logger LOG = LoggerFactory.getLogger(RedisVerticle.class);
  private static final String PREFIX = "kaneo-gateway:limit:";
  private static final String SCRIPT = ClassPath.text("/limits/take.lua");

  /** Silence for so long is taken for a loss; nobody waits for it. */
  private static final long PATIENCE_MS = 500;

  private static final int CONNECT_TIMEOUT_MS = 2000;
  private static final long FIRST_RETRY_MS = 100;
  private static final long LAST_RETRY_MS = 2000;

  /** What is far from its limit is reported so often. */
  private static final long GATHER_MS = 1000;

  /** What has used so much of its quota since the last report is reported at once. */
  private static final int URGENT_PART = 100;

  private static final int MOST_AT_ONCE = 500;

  private final String url;
  private final BiConsumer<Boolean, String> state;
  private final Queue<Tokens> gathered = new ConcurrentLinkedQueue<>();
  private final Queue<Tokens> urgent = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean woken = new AtomicBoolean();
  private volatile boolean up;
  private @Nullable NetClient client;
  private @Nullable RedisConnection connection;
  private String script = "";
  private boolean lossTold;
  private boolean stopped;
  private boolean underWay;
  private long retryMs = FIRST_RETRY_MS;

  /**
   * @param url carries the password, and is never printed
   * @param state told whether Redis is there, and if not why
   */
  public RedisVerticle(String url, GatewayMetrics metrics, BiConsumer<Boolean, String> state) {
    this.url = url;
    this.state = state;
    metrics.gauge(
        "redis_up", "Whether limits are shared with other gateways now.", () -> up ? 1 : 0);
  }

  /** Succeeds whether Redis is there or not. */
  @Override
  public Future<?> start() {
    vertx.setPeriodic(GATHER_MS, id -> reportGathered());
    return connect().otherwiseEmpty();
  }

  @Override
  public void taken(Tokens tokens) {
    if (!up) {
      return;
    }
    int unreported = tokens.toReport(1);
    if (unreported == Math.max(1, tokens.limit().quota() / URGENT_PART)) {
      urgent.add(tokens);
      if (woken.compareAndSet(false, true)) {
        context.runOnContext(go -> report());
      }
    } else if (unreported == 1) {
      gathered.add(tokens);
    }
  }

  @Override
  public void givenBack(Tokens tokens) {
    if (up && tokens.toReport(-1) == -1) {
      gathered.add(tokens);
    }
  }

  /** By a client of its own each time, which closes whatever has come of it. */
  private Future<?> connect() {
    NetClient next =
        vertx.createNetClient(
            new NetClientOptions()
                .setConnectTimeout(CONNECT_TIMEOUT_MS)
                .setTcpKeepAlive(true)
                .setTcpNoDelay(true));
    client = next;
    return RedisLink.connect(vertx, next, url)
        .compose(this::tried)
        .timeout(CONNECT_TIMEOUT_MS, TimeUnit.MILLISECONDS)
        .onComplete(this::connected, this::lost);
  }

  @Override
  public Future<?> stop() {
    stopped = true;
    if (client != null) {
      client.close();
    }
    return Future.succeededFuture();
  }

  /**
   * A Redis that cannot run the script, or not write, is none; nor is one too slow for the reports,
   * which would be lost with the first.
   */
  private Future<RedisConnection> tried(RedisConnection made) {
    return made.send(Request.cmd(Command.SCRIPT).arg("LOAD").arg(SCRIPT))
        .compose(
            loaded -> {
              script = loaded.toString();
              return made.send(probe()).timeout(PATIENCE_MS, TimeUnit.MILLISECONDS);
            })
        .map(made);
  }

  private void connected(RedisConnection made) {
    connection = made;
    underWay = false;
    retryMs = FIRST_RETRY_MS;
    made.exceptionHandler(broken -> lost(made, "broken: " + broken.getMessage()));
    made.endHandler(ended -> lost(made, "it hung up"));
    forgetUnreported();
    up = true;
    lossTold = false;
    LOG.info("limits count over all gateways, by Redis");
    state.accept(true, "");
  }

  private void lost(RedisConnection which, String reason) {
    if (connection == which) {
      connection = null;
      lost(new IOException(reason));
    }
  }

  private void lost(Throwable failure) {
    up = false;
    if (client != null) {
      client.close();
    }
    if (stopped) {
      return;
    }
    if (!lossTold) {
      lossTold = true;
      String reason = String.valueOf(failure.getMessage());
      LOG.warn("Redis is lost ({}): limits count for this gateway alone until it returns", reason);
      state.accept(false, "limits count for each gateway alone");
    }
    vertx.setTimer(retryMs, id -> connect());
    retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
  }

  /** What was taken long ago has come back since; to report it now would be unjust. */
  private void forgetUnreported() {
    for (Queue<Tokens> queue : List.of(gathered, urgent)) {
      for (Tokens old = queue.poll(); old != null; old = queue.poll()) {
        old.reported();
      }
    }
  }

  private void reportGathered() {
    for (Tokens tokens = gathered.poll(); tokens != null; tokens = gathered.poll()) {
      urgent.add(tokens);
    }
    report();
    RedisConnection to = connection;
    if (to != null && !underWay) {
      // So that a Redis that hangs is noticed without traffic.
      send(to, List.of(probe()), List.of());
    }
  }

  private void report() {
    woken.set(false);
    RedisConnection to = connection;
    if (to == null || underWay) {
      return;
    }
    List<Tokens> batch = new ArrayList<>();
    List<Request> requests = new ArrayList<>();
    while (batch.size() < MOST_AT_ONCE) {
      Tokens tokens = urgent.poll();
      if (tokens == null) {
        break;
      }
      int taken = tokens.reported();
      if (taken != 0) {
        batch.add(tokens);
        RateLimit limit = tokens.limit();
        requests.add(taking(sharedKey(tokens), taken, limit.quota(), limit.window().toMillis()));
      }
    }
    if (batch.isEmpty()) {
      return;
    }
    send(to, requests, batch);
  }

  private void send(RedisConnection to, List<Request> requests, List<Tokens> batch) {
    underWay = true;
    to.batch(requests)
        .timeout(PATIENCE_MS, TimeUnit.MILLISECONDS)
        .map(
            answers -> {
              for (int i = 0; i < batch.size(); i++) {
                batch.get(i).leftOfAll(answers.get(i).toLong());
              }
              return to;
            })
        .onSuccess(
            heard -> {
              if (connection == to) {
                underWay = false;
                report();
              }
            })
        .onFailure(failure -> lost(to, String.valueOf(failure.getMessage())));
  }

  /** Writes as a report does, and takes nothing. */
  private Request probe() {
    return taking(PREFIX + "probe", 0, 1, 1000);
  }

  private Request taking(String key, int taken, long quota, long windowMs) {
    return Request.cmd(Command.EVALSHA)
        .arg(script)
        .arg(1)
        .arg(key)
        .arg(taken)
        .arg(quota)
        .arg(windowMs);
  }

  /** With the quota, so that gateways with other settings do not mix what cannot be compared. */
  private static String sharedKey(Tokens tokens) {
    RateLimit limit = tokens.limit();
    return PREFIX
        + limit.name().label()
        + ":"
        + limit.quota()
        + "/"
        + limit.window().toMillis()
        + ":"
        + tokens.key();
  }
}
