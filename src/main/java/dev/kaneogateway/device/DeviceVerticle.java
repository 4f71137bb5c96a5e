package dev.kaneogateway.device;

import dev.kaneogateway.bus.Address;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the device authorization grant: every question about it comes here over the bus, and every
 * change is one statement. A question fails when PostgreSQL cannot answer. One instance.
 */
public final class DeviceVerticle extends VerticleBase {
  public static final Address<DeviceQuestion.Start, DeviceAnswer.Started> START =
      new Address<>("device.start");
  public static final Address<DeviceQuestion.Poll, DeviceAnswer.Polled> POLL =
      new Address<>("device.poll");
  public static final Address<DeviceQuestion.Delivery, DeviceAnswer.Noted> DELIVERY =
      new Address<>("device.delivery");
  public static final Address<DeviceQuestion.Look, DeviceAnswer.Looked> LOOK =
      new Address<>("device.look");
  public static final Address<DeviceQuestion.Release, DeviceAnswer.Released> RELEASE =
      new Address<>("device.release");
  public static final Address<DeviceQuestion.Decide, DeviceAnswer.Decided> DECIDE =
      new Address<>("device.decide");
  public static final Address<DeviceQuestion.Revoke, DeviceAnswer.Revoked> REVOKE =
      new Address<>("device.revoke");
  public static final Address<DeviceQuestion.Account, DeviceAnswer.AccountIs> ACCOUNT =
      new Address<>("device.account");

  /** As often as metrics are usually scraped. */
  private static final long COUNT_EVERY_MS = 15_000;

  private static final long SWEEP_EVERY_MS = 60_000;
  private static final int SWEEP_BATCH = 500;
  private static final Logger LOG = LoggerFactory.getLogger(DeviceVerticle.class);

  private final Bus bus;
  private final Pool pool;
  private final Settings.Device settings;
  private final GatewayMetrics metrics;
  private final Clock clock;
  private final AtomicLong live = new AtomicLong();

  public DeviceVerticle(
      Bus bus, Pool pool, Settings.Device settings, GatewayMetrics metrics, Clock clock) {
    this.bus = bus;
    this.pool = pool;
    this.settings = settings;
    this.metrics = metrics;
    this.clock = clock;
  }

  /** How long who asks it waits: longer than PostgreSQL may take, to hear what came of that. */
  public static Duration patience(Settings.Device settings) {
    return settings.patience().plusSeconds(1);
  }

  @Override
  public Future<?> start() {
    DeviceDatabase database = new DeviceDatabase(vertx, pool, settings.patience());
    DeviceSteps steps = new DeviceSteps(metrics.devices());
    RandomCodes random = new RandomCodes();
    Codes codes = new Codes(database, random, settings, steps, clock);
    Polls polls = new Polls(database, random, settings, steps, clock);
    Approvals approvals = new Approvals(database, steps, clock);
    database.createOwnTables();
    metrics.gauge("device_codes_live", "Device codes that may still be approved.", live::get);
    vertx.setPeriodic(SWEEP_EVERY_MS, id -> sweep(database));
    vertx.setPeriodic(0, COUNT_EVERY_MS, id -> countLive(database));
    return Future.all(
        List.of(
            bus.answer(START, codes::begin),
            bus.answer(POLL, polls::poll),
            bus.answer(DELIVERY, polls::noted),
            bus.answer(LOOK, approvals::look),
            bus.answer(RELEASE, approvals::release),
            bus.answer(DECIDE, approvals::decide),
            bus.answer(REVOKE, revoke -> revoke(database, steps, revoke)),
            bus.answer(
                ACCOUNT,
                q -> database.repeatable(() -> database.statements().account(q.userId())))));
  }

  private static Future<DeviceAnswer.Revoked> revoke(
      DeviceDatabase database, DeviceSteps steps, DeviceQuestion.Revoke revoke) {
    return database
        .once(() -> database.statements().revoke(revoke.sessionToken()))
        .map(DeviceAnswer.Revoked::new)
        .onComplete(
            revoked ->
                steps.count("revoke", revoked.sessionId().isPresent() ? "revoked" : "no_session"),
            failure -> steps.count("revoke", DeviceSteps.UNANSWERED));
  }

  private void countLive(DeviceDatabase database) {
    database
        .statements()
        .countLive(clock.instant())
        .onSuccess(live::set)
        .onFailure(failure -> LOG.debug("the count of live codes waits for the database"));
  }

  private void sweep(DeviceDatabase database) {
    database
        .statements()
        .sweep(clock.instant().minus(Duration.ofMinutes(10)), settings.codeLife(), SWEEP_BATCH)
        .onSuccess(
            swept -> {
              if (swept == SWEEP_BATCH) {
                sweep(database);
              }
            })
        .onFailure(failure -> LOG.debug("the sweep waits for the database"));
  }
}
