package dev.kaneogateway.doctor;

import dev.kaneogateway.web.ClassPath;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The Redis that limits are shared by, if there is to be one: it answers, knows the password, runs
 * the gateway's own script, which writes, and is near. Confined to one event loop.
 */
final class RedisCheckup implements Doctor.Checkup {
  /** What the gateway itself runs; of no token it leaves a key that lives a millisecond. */
  private static final String SCRIPT = ClassPath.text("/limits/take.lua");

  private static final String KEY = "kaneo-gateway:limit:check";
  private static final int PINGS = 3;

  /** The gateway takes half a second of silence for a loss. */
  private static final Duration FAR = Duration.ofMillis(100);

  private static final String WHY =
      "until it works each gateway counts limits alone, and who asks several is let as much by each.";

  private final Vertx vertx;
  private final String url;

  /**
   * Of one Redis.
   *
   * @param url may carry a password, so no finding has it
   */
  RedisCheckup(Vertx vertx, String url) {
    this.vertx = vertx;
    this.url = url;
  }

  @Override
  public Future<List<Finding>> findings() {
    return Future.succeededFuture()
        .compose(
            go ->
                examine(
                    Redis.createClient(
                        vertx,
                        new RedisOptions()
                            .setConnectionString(url)
                            .setNetClientOptions(
                                new NetClientOptions().setHostnameVerificationAlgorithm("HTTPS")))))
        .recover(failure -> Future.succeededFuture(unusable(failure)))
        .map(List::of);
  }

  private Future<Finding> examine(Redis client) {
    return client
        .connect()
        .compose(
            connection ->
                counts(connection)
                    .compose(done -> version(connection))
                    .compose(
                        version ->
                            slowest(connection, PINGS, Duration.ZERO)
                                .map(delay -> well(version, delay))))
        .timeout(Doctor.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .onComplete(done -> client.close());
  }

  /** By the commands of a gateway that runs, each of which needs its right. */
  private static Future<Response> counts(RedisConnection connection) {
    return connection
        .send(Request.cmd(Command.SCRIPT).arg("LOAD").arg(SCRIPT))
        .compose(
            digest ->
                connection.send(
                    Request.cmd(Command.EVALSHA)
                        .arg(digest.toString())
                        .arg(1)
                        .arg(KEY)
                        .arg(0)
                        .arg(1)
                        .arg(1000)));
  }

  /** Only worth knowing; a user may well not be allowed to ask. */
  private static Future<String> version(RedisConnection connection) {
    return connection
        .send(Request.cmd(Command.INFO).arg("server"))
        .map(
            info ->
                info.toString()
                    .lines()
                    .filter(line -> line.startsWith("redis_version:"))
                    .map(line -> "Redis " + line.split(":", 2)[1].strip())
                    .findFirst()
                    .orElse("Redis"))
        .otherwise("Redis");
  }

  private static Future<Duration> slowest(RedisConnection connection, int more, Duration slowest) {
    if (more == 0) {
      return Future.succeededFuture(slowest);
    }
    long asked = System.nanoTime();
    return connection
        .send(Request.cmd(Command.PING))
        .compose(
            pong -> {
              Duration delay = Duration.ofNanos(System.nanoTime() - asked);
              return slowest(connection, more - 1, delay.compareTo(slowest) > 0 ? delay : slowest);
            });
  }

  private static Finding well(String version, Duration delay) {
    String found =
        version
            + ", counts, and answers within "
            + String.format(Locale.ROOT, "%.1f ms", delay.toNanos() / 1e6);
    return delay.compareTo(FAR) < 0
        ? Finding.ok("redis", found)
        : Finding.warning(
            "redis",
            found,
            "gateways hear late of each other, and one that hears nothing for 500 ms counts alone.",
            "name a Redis near the gateways in REDIS_URL, and look at its load and slow commands.");
  }

  private static Finding unusable(Throwable failure) {
    String reason =
        failure instanceof TimeoutException
            ? "no answer within " + Doctor.PATIENCE.toSeconds() + " s"
            : Doctor.reason(failure);
    return Finding.problem("redis", "cannot be used (" + reason + ")", WHY, mend(reason));
  }

  /** By the word that Redis's errors begin with. */
  private static String mend(String reason) {
    // What a script may not do Redis says without that word.
    String kind = reason.contains("can't run this command") ? "NOPERM" : reason.split(" ", 2)[0];
    return switch (kind) {
      case "WRONGPASS", "NOAUTH" ->
          "give the user and password of Kaneo's Redis in REDIS_URL: redis://user:password@host:6379.";
      case "NOPERM" ->
          "let the user in REDIS_URL do what the gateway does: ACL SETUSER <user> ~kaneo-gateway:* +script|load +evalsha +time +get +set +ping (and +select if REDIS_URL has a number).";
      case "READONLY" -> "name the primary in REDIS_URL; this is a replica, which only reads.";
      default ->
          "see that Redis runs at the host and port in REDIS_URL, lets this machine in, and has room.";
    };
  }
}
