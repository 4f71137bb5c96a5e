package dev.kaneogateway.device;

import dev.kaneogateway.config.Settings;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;

/**
 * Answers the polls of devices, so that a code that was approved becomes one session and its token
 * is handed out once, whatever is lost on the way. Confined to the context of its verticle.
 */
final class Polls {
  private final DeviceDatabase database;
  private final RandomCodes random;
  private final Settings.Device settings;
  private final DeviceSteps steps;
  private final Clock clock;
  private final Redemptions redemptions;

  Polls(
      DeviceDatabase database,
      RandomCodes random,
      Settings.Device settings,
      DeviceSteps steps,
      Clock clock) {
    this.database = database;
    this.random = random;
    this.settings = settings;
    this.steps = steps;
    this.clock = clock;
    this.redemptions = new Redemptions(database.settling());
  }

  Future<DeviceAnswer.Polled> poll(DeviceQuestion.Poll poll) {
    Instant came = clock.instant();
    if (redemptions.isHandedOut(poll, came)) {
      steps.count("poll", DeviceAnswer.PollState.INVALID);
      return Future.succeededFuture(DeviceAnswer.Polled.INVALID);
    }
    Redemptions.Redemption redemption =
        redemptions.doubtful(poll, came).orElseGet(() -> redemption(poll, random.id()));
    // All in one patience: who asks waits no longer, and must not miss a token that is handed out.
    return database
        .once(
            () ->
                database
                    .untimed(() -> ask(poll, redemption, came))
                    .compose(polled -> orUndelivered(poll, redemption, polled)))
        .onFailure(
            unanswered -> {
              redemptions.doubt(poll, redemption);
              steps.count("poll", DeviceSteps.UNANSWERED);
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
              steps.count("poll", polled.state());
            });
  }

  private Future<DeviceAnswer.Polled> ask(
      DeviceQuestion.Poll poll, Redemptions.Redemption redemption, Instant came) {
    return database
        .polls()
        .compose(
            polls ->
                polls.poll(
                    poll, came, settings.sessionLife(), redemption.sessionId(), redemption.token()))
        .onFailure(lost -> redemptions.doubt(poll, redemption));
  }

  private Redemptions.Redemption redemption(DeviceQuestion.Poll poll, String token) {
    return new Redemptions.Redemption(
        poll.clientId(), random.id(), token, clock.instant().plus(settings.codeLife()));
  }

  /** An earlier poll may have redeemed the code for this same session, and nobody has it yet. */
  private Future<DeviceAnswer.Polled> orUndelivered(
      DeviceQuestion.Poll poll, Redemptions.Redemption redemption, DeviceAnswer.Polled polled) {
    if (polled.state() != DeviceAnswer.PollState.INVALID || !redemptions.doubts(poll, redemption)) {
      return Future.succeededFuture(polled);
    }
    return database
        .untimed(() -> database.statements().isUndelivered(redemption.token()))
        .map(
            made ->
                made
                    ? DeviceAnswer.Polled.issued(
                        redemption.token(), settings.sessionLife(), Optional.empty())
                    : polled);
  }

  /** A token that nobody has is as good as one that nobody knows to be made. */
  Future<DeviceAnswer.Noted> noted(DeviceQuestion.Delivery delivery) {
    if (!delivery.done()) {
      redemptions.takeBack(delivery.poll(), redemption(delivery.poll(), delivery.token()));
    }
    return database
        .repeatable(
            () ->
                database
                    .polls()
                    .compose(polls -> polls.delivered(delivery.poll(), delivery.done())))
        .map(new DeviceAnswer.Noted());
  }
}
