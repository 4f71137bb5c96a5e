package dev.kaneogateway.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.fixtures.FreePort;
import dev.kaneogateway.fixtures.RedisServer;
import dev.kaneogateway.fixtures.RunningGateway;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.junit5.VertxExtension;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What {@code check} says of a real Redis, with the fault really there. */
@ExtendWith(VertxExtension.class)
@Timeout(60)
class RedisCheckupIT {
  private static final String PASSWORD = "only-redis-knows";
  private static final String WRONG = "hidden-pw";
  private static final String NOWHERE = "postgresql://a@127.0.0.1:1/none";

  private RedisServer redis;
  private Vertx vertx;

  @BeforeEach
  void start(Vertx own) throws Exception {
    vertx = own;
    redis = new RedisServer(PASSWORD);
  }

  @AfterEach
  void stop() throws Exception {
    redis.close();
  }

  @Test
  void oneThatCountsIsWellAndLeftAsItWas() throws Exception {
    Finding finding = look(url(PASSWORD));
    assertEquals(Finding.State.OK, finding.state(), finding::toString);
    assertTrue(
        finding.found().matches("Redis [0-9.]+, counts, and answers within [0-9.]+ ms"),
        finding::found);
    assertFalse(finding.json().encode().contains(PASSWORD));
    // Without a password the same.
    ask("CONFIG", "SET", "requirepass", "");
    assertEquals(Finding.State.OK, look(redis.url()).state());
    long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    String left = redis.ask("EXISTS", "kaneo-gateway:limit:check");
    while (!left.equals(":0") && System.nanoTime() < patience) {
      left = redis.ask("EXISTS", "kaneo-gateway:limit:check");
    }
    assertEquals(":0", left);
  }

  @Test
  void aWrongPasswordAndNone() throws Exception {
    Finding wrong = problem(url(WRONG));
    assertTrue(wrong.found().contains("WRONGPASS"), wrong::toString);
    assertTrue(wrong.mend().contains("password"), wrong::toString);
    assertFalse(wrong.json().encode().contains(WRONG), "the password is told");
    Finding none = problem(redis.url());
    assertTrue(none.found().contains("NOAUTH"), none::toString);
    assertTrue(none.mend().contains("password"), none::toString);
  }

  @Test
  void nothingListening() throws Exception {
    int port = FreePort.find();
    Finding away = problem("redis://:" + WRONG + "@127.0.0.1:" + port);
    assertTrue(away.found().contains("refused"), away::toString);
    assertFalse(away.toString().contains(WRONG), "the password is told");
  }

  @Test
  void oneThatHangs() throws Exception {
    redis.freeze();
    Finding hanging = problem(url(PASSWORD));
    redis.thaw();
    assertEquals("cannot be used (no answer within 3 s)", hanging.found());
  }

  @Test
  void aReplicaAndAUserWithoutRights() throws Exception {
    ask("ACL", "SETUSER", "weak", "on", ">" + WRONG, "+ping");
    String url = redis.url().replace("//", "//weak:" + WRONG + "@");
    Finding weak = problem(url);
    assertTrue(weak.found().contains("NOPERM"), weak::toString);
    String all = weak.mend().replaceAll(".*ACL SETUSER <user> | \\(.*", "");
    ask("ACL", "SETUSER", "weak", "on", "~*", "+script|load", "+evalsha");
    assertEquals(weak.mend(), problem(url).mend());
    List<String> mended =
        new ArrayList<>(List.of("ACL", "SETUSER", "weak", "reset", "on", ">" + WRONG));
    mended.addAll(List.of(all.split(" ")));
    ask(mended.toArray(String[]::new));
    assertEquals("counts", look(url).found().split(", ")[1]);
    ask("REPLICAOF", "127.0.0.1", "1");
    Finding replica = problem(url(PASSWORD));
    assertTrue(replica.found().contains("READONLY"), replica::toString);
    assertTrue(replica.mend().contains("primary"), replica::toString);
  }

  @Test
  void oneThatIsFarAwayIsAWarning() throws Exception {
    NetServer relay = vertx.createNetServer().connectHandler(this::relaySlowly);
    int port = RunningGateway.await(relay.listen(0, "127.0.0.1")).actualPort();
    Finding far = look("redis://:" + PASSWORD + "@127.0.0.1:" + port);
    assertEquals(Finding.State.WARNING, far.state(), far::toString);
    assertTrue(far.mend().contains("near"), far::toString);
  }

  @Test
  void whereNoneIsNamedNoneIsLookedFor() throws Exception {
    Settings settings =
        Settings.load(Map.of("DATABASE_URL", NOWHERE), Optional.empty(), Optional.empty());
    assertTrue(redisOf(settings).isEmpty());
  }

  /** What comes is passed on 120 ms later, as over a long way. */
  private void relaySlowly(NetSocket near) {
    near.pause();
    vertx
        .createNetClient()
        .connect(Integer.parseInt(redis.url().replaceAll(".*:", "")), "127.0.0.1")
        .onSuccess(
            far -> {
              near.handler(bytes -> later(far, bytes));
              far.handler(near::write);
              near.resume();
            });
  }

  private void later(NetSocket to, Buffer bytes) {
    vertx.setTimer(120, id -> to.write(bytes));
  }

  private void ask(String... command) throws Exception {
    redis.askAs(PASSWORD, command);
  }

  private String url(String password) {
    return redis.url().replace("//", "//:" + password + "@");
  }

  private Finding problem(String url) throws Exception {
    Finding finding = look(url);
    assertEquals(Finding.State.PROBLEM, finding.state(), finding::toString);
    assertTrue(!finding.why().isEmpty() && !finding.mend().isEmpty());
    return finding;
  }

  /** By way of all checkups, as the command does. */
  private Finding look(String url) throws Exception {
    List<Finding> found =
        redisOf(
            Settings.load(
                Map.of("DATABASE_URL", NOWHERE, "REDIS_URL", url),
                Optional.empty(),
                Optional.empty()));
    assertEquals(1, found.size(), found::toString);
    return found.get(0);
  }

  private List<Finding> redisOf(Settings settings) {
    return RunningGateway.await(new Doctor(vertx, settings, Clock.systemUTC()).examine()).stream()
        .filter(finding -> finding.part().equals("redis"))
        .toList();
  }
}
