package dev.kaneogateway.device;

import dev.kaneogateway.bus.Address;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.metrics.GatewayMetrics;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
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

  /** Three clashes in a row among 2^40 codes do not happen by chance. */
  private static final int TRIES = 4;

  /** As often as metrics are usually scraped. */
  private static final long COUNT_EVERY_MS = 15_000;

  private static final int SWEEP_BATCH = 500;
  private static final String UNANSWERED = "unanswered";
  private static final String UNIQUE_VIOLATION = "23505";
  private static final Logger LOG = LoggerFactory.getLogger(DeviceVerticle.class);

  private final Bus bus;
  private final Pool pool;
  private final Settings.Device settings;
  private final GatewayMetrics metrics;
  private final Clock clock;
  private final RandomCodes random = new RandomCodes();
  private final Duration settling;
  private final Redemptions redemptions;
  private final AtomicLong live = new AtomicLong();
  private boolean ownTables;
  private DeviceStatements statements;
  private PollStatement polls;

  public DeviceVerticle(
      Bus bus, Pool pool, Settings.Device settings, GatewayMetrics metrics, Clock clock) {
    this.bus = bus;
    this.pool = pool;
    this.settings = settings;
    this.metrics = metrics;
    this.clock = clock;
    this.settling = settings.patience().plusSeconds(1);
    this.redemptions = new Redemptions(settling);
    use(false);
  }

  @Override
  public Future<?> start() {
    createOwnTables();
    knowOutcomes();
    metrics.gauge("device_codes_live", "Device codes that may still be approved.", live::get);
    vertx.setPeriodic(settings.sweepEvery().toMillis(), id -> sweep());
    vertx.setPeriodic(0, COUNT_EVERY_MS, id -> countLive());
    return Future.all(
        List.of(
            bus.answer(START, this::begin),
            bus.answer(POLL, this::poll),
            bus.answer(DELIVERY, this::noted),
            bus.answer(LOOK, this::look),
            bus.answer(RELEASE, this::release),
            bus.answer(DECIDE, this::decide),
            bus.answer(REVOKE, this::revoke),
            bus.answer(ACCOUNT, q -> repeatable(() -> statements.account(q.userId())))));
  }

  /** A counter that is there from the start shows its first event as a step from 0. */
  private void knowOutcomes() {
    metrics.devices().outcomes("start", List.of("made", UNANSWERED));
    metrics.devices().outcomes("look", List.of("found", "unknown", UNANSWERED));
    List<String> states = new ArrayList<>(List.of(UNANSWERED));
    for (DeviceAnswer.PollState state : DeviceAnswer.PollState.values()) {
      states.add(label(state));
    }
    metrics.devices().outcomes("poll", states);
    List<String> outcomes = new ArrayList<>(List.of(UNANSWERED));
    for (DeviceAnswer.Outcome outcome : DeviceAnswer.Outcome.values()) {
      outcomes.add(label(outcome));
    }
    metrics.devices().outcomes("approve", outcomes);
    metrics.devices().outcomes("deny", outcomes);
    metrics.devices().outcomes("revoke", List.of("revoked", "no_session", UNANSWERED));
  }

  private void use(boolean ownTables) {
    this.ownTables = ownTables;
    this.statements = new DeviceStatements(pool, ownTables);
    this.polls = new PollStatement(pool, ownTables, settling);
  }

  private void createOwnTables() {
    // Only an answer settles it: a database that is away says nothing about rights.
    pool.query("SELECT 1")
        .execute()
        .compose(there -> OwnTables.create(pool))
        .onSuccess(
            made -> {
              use(made);
              if (!made) {
                LOG.warn(
                    "the database role may not create the schema kaneo_gateway: the approval page cannot say from where a device asked, and a token lost on its way stays lost");
              }
            })
        .onFailure(away -> vertx.setTimer(1000, id -> createOwnTables()));
  }

  private Future<DeviceAnswer.Started> begin(DeviceQuestion.Start start) {
    return insert(start, 1)
        .onComplete(made -> step("start", "made"), failure -> step("start", UNANSWERED));
  }

  private Future<DeviceAnswer.Started> insert(DeviceQuestion.Start start, int attempt) {
    String id = random.id();
    String deviceCode = random.deviceCode();
    String userCode = random.userCode();
    return Database.repeatable(
            vertx,
            () ->
                noticing(
                    statements.insert(
                        id,
                        deviceCode,
                        userCode,
                        clock.instant(),
                        settings.codeLife(),
                        settings.interval(),
                        start)))
        .map(
            made ->
                new DeviceAnswer.Started(
                    deviceCode,
                    userCode,
                    settings.codeLife().toSeconds(),
                    settings.interval().toSeconds()))
        .recover(
            failure ->
                attempt < TRIES && isClash(failure)
                    ? insert(start, attempt + 1)
                    : Future.failedFuture(failure))
        .timeout(settings.patience().toMillis(), TimeUnit.MILLISECONDS);
  }

  private static boolean isClash(Throwable failure) {
    return failure instanceof PgException pg && UNIQUE_VIOLATION.equals(pg.getSqlState());
  }

  private Future<DeviceAnswer.Polled> poll(DeviceQuestion.Poll poll) {
    Instant came = clock.instant();
    if (redemptions.isHandedOut(poll, came)) {
      step("poll", label(DeviceAnswer.PollState.INVALID));
      return Future.succeededFuture(DeviceAnswer.Polled.INVALID);
    }
    Redemptions.Redemption redemption =
        redemptions.doubtful(poll, came).orElseGet(() -> redemption(poll, random.id()));
    // All in one patience: who asks waits no longer, and must not miss a token that is handed out.
    return once(() ->
            Database.repeatable(
                    vertx,
                    () ->
                        noticing(
                                polls.poll(
                                    poll,
                                    came,
                                    settings.sessionLife(),
                                    redemption.sessionId(),
                                    redemption.token()))
                            .onFailure(lost -> redemptions.doubt(poll, redemption)))
                .compose(polled -> orUndelivered(poll, redemption, polled)))
        .onFailure(
            unanswered -> {
              redemptions.doubt(poll, redemption);
              step("poll", UNANSWERED);
            })
        .map(
            polled ->
                // Another poll of the same doubtful redemption was quicker, and may be given up.
                polled.state() == DeviceAnswer.PollState.ISSUED
                        && redemptions.isHandedOut(poll, came)
                    ? DeviceAnswer.Polled.PENDING
                    : polled)
        .onSuccess(
            polled -> {
              if (polled.state() == DeviceAnswer.PollState.ISSUED) {
                redemptions.handOut(poll, redemption, came);
              }
              step("poll", label(polled.state()));
            });
  }

  private Redemptions.Redemption redemption(DeviceQuestion.Poll poll, String token) {
    return new Redemptions.Redemption(
        poll.clientId(), random.id(), token, clock.instant().plus(settings.codeLife()));
  }

  /** A token that nobody has is as good as one that nobody knows to be made. */
  private Future<DeviceAnswer.Noted> noted(DeviceQuestion.Delivery delivery) {
    if (!delivery.done()) {
      redemptions.takeBack(delivery.poll(), redemption(delivery.poll(), delivery.token()));
    }
    return repeatable(() -> polls.delivered(delivery.poll(), delivery.done()))
        .map(new DeviceAnswer.Noted());
  }

  private Future<DeviceAnswer.Revoked> revoke(DeviceQuestion.Revoke revoke) {
    return once(() -> statements.revoke(revoke.sessionToken()))
        .map(DeviceAnswer.Revoked::new)
        .onComplete(
            revoked -> step("revoke", revoked.sessionId().isPresent() ? "revoked" : "no_session"),
            failure -> step("revoke", UNANSWERED));
  }

  /** An earlier poll may have redeemed the code for this same session, and nobody has it yet. */
  private Future<DeviceAnswer.Polled> orUndelivered(
      DeviceQuestion.Poll poll, Redemptions.Redemption redemption, DeviceAnswer.Polled polled) {
    if (polled.state() != DeviceAnswer.PollState.INVALID || !redemptions.doubts(poll, redemption)) {
      return Future.succeededFuture(polled);
    }
    return Database.repeatable(vertx, () -> noticing(statements.isUndelivered(redemption.token())))
        .map(
            made ->
                made
                    ? DeviceAnswer.Polled.issued(
                        redemption.token(), settings.sessionLife(), Optional.empty())
                    : polled);
  }

  private Future<DeviceAnswer.Looked> look(DeviceQuestion.Look look) {
    Future<?> claimed =
        look.claimant().isPresent()
            ? repeatable(
                () -> statements.claim(look.userCode(), look.claimant().get(), clock.instant()))
            : Future.succeededFuture();
    return claimed
        .compose(done -> repeatable(() -> statements.find(look.userCode(), clock.instant())))
        .compose(
            found ->
                found.isPresent()
                    ? Future.succeededFuture(new DeviceAnswer.Looked(found, Optional.empty()))
                    : repeatable(() -> statements.redeemer(look.userCode()))
                        .map(redeemer -> new DeviceAnswer.Looked(found, redeemer)))
        .onComplete(
            looked -> step("look", looked.request().isPresent() ? "found" : "unknown"),
            failure -> step("look", UNANSWERED));
  }

  private Future<DeviceAnswer.Released> release(DeviceQuestion.Release release) {
    return once(() -> statements.release(release.userCode(), release.userId(), clock.instant()))
        .map(DeviceAnswer.Released::new);
  }

  private Future<DeviceAnswer.Decided> decide(DeviceQuestion.Decide decide) {
    return once(() -> statements.decide(decide, clock.instant()))
        .compose(
            done ->
                done
                    ? Future.succeededFuture(DeviceAnswer.Outcome.DONE)
                    : repeatable(() -> statements.find(decide.userCode(), clock.instant()))
                        .compose(found -> whyNot(found, decide)))
        .onComplete(
            outcome -> step(decide.allow() ? "approve" : "deny", label(outcome)),
            failure -> step(decide.allow() ? "approve" : "deny", UNANSWERED))
        .map(DeviceAnswer.Decided::new);
  }

  private Future<DeviceAnswer.Outcome> whyNot(
      Optional<DeviceAnswer.Request> found, DeviceQuestion.Decide decide) {
    return found.isPresent()
        ? Future.succeededFuture(whyNot(found.get(), decide))
        : repeatable(() -> statements.redeemer(decide.userCode()))
            .map(
                redeemer ->
                    redeemer.filter(decide.userId()::equals).isPresent()
                        ? DeviceAnswer.Outcome.ALLOWED_BEFORE
                        : DeviceAnswer.Outcome.UNKNOWN);
  }

  private static DeviceAnswer.Outcome whyNot(
      DeviceAnswer.Request request, DeviceQuestion.Decide decide) {
    if (request.owner().isPresent() && !request.owner().get().equals(decide.userId())) {
      return DeviceAnswer.Outcome.ANOTHERS;
    }
    if (request.expired()) {
      return DeviceAnswer.Outcome.EXPIRED;
    }
    return switch (request.status()) {
      case "pending" -> DeviceAnswer.Outcome.NOT_CLAIMED;
      case "denied" -> DeviceAnswer.Outcome.DENIED_BEFORE;
      default -> DeviceAnswer.Outcome.ALLOWED_BEFORE;
    };
  }

  private void countLive() {
    statements
        .countLive(clock.instant())
        .onSuccess(live::set)
        .onFailure(failure -> LOG.debug("the count of live codes waits for the database"));
  }

  private void sweep() {
    statements
        .sweep(clock.instant().minus(Duration.ofMinutes(10)), settings.codeLife(), SWEEP_BATCH)
        .onSuccess(
            swept -> {
              if (swept == SWEEP_BATCH) {
                sweep();
              }
            })
        .onFailure(failure -> LOG.debug("the sweep waits for the database"));
  }

  /** A statement whose answer does not come in time fails, though it may have taken effect. */
  private <T> Future<T> once(Supplier<Future<T>> statement) {
    return statement.get().timeout(settings.patience().toMillis(), TimeUnit.MILLISECONDS);
  }

  private <T> Future<T> repeatable(Supplier<Future<T>> statement) {
    return once(() -> Database.repeatable(vertx, () -> noticing(statement.get())));
  }

  /** If the own tables are gone, as from a backup that was restored, they are made anew. */
  private <T> Future<T> noticing(Future<T> statement) {
    boolean used = ownTables;
    return statement.onFailure(
        failure -> {
          if (used && ownTables && OwnTables.areGone(failure)) {
            use(false);
            createOwnTables();
          }
        });
  }

  private void step(String step, String outcome) {
    metrics.devices().step(step, outcome);
  }

  private static String label(Enum<?> outcome) {
    return outcome.name().toLowerCase(Locale.ROOT);
  }
}
