package dev.kaneogateway.device;

import io.vertx.core.Future;
import java.time.Clock;
import java.util.Optional;

/**
 * A person's part of the grant: to look at what asks, and to decide it. Confined to the context of
 * its verticle.
 */
final class Approvals {
  private final DeviceDatabase database;
  private final DeviceSteps steps;
  private final Clock clock;

  Approvals(DeviceDatabase database, DeviceSteps steps, Clock clock) {
    this.database = database;
    this.steps = steps;
    this.clock = clock;
  }

  Future<DeviceAnswer.Looked> look(DeviceQuestion.Look look) {
    Future<?> claimed =
        look.claimant().isPresent()
            ? database.repeatable(
                () ->
                    database
                        .statements()
                        .claim(look.userCode(), look.claimant().get(), clock.instant()))
            : Future.succeededFuture();
    return claimed
        .compose(done -> find(look.userCode()))
        .compose(
            found ->
                found.isPresent()
                    ? Future.succeededFuture(new DeviceAnswer.Looked(found, Optional.empty()))
                    : redeemer(look.userCode())
                        .map(redeemer -> new DeviceAnswer.Looked(found, redeemer)))
        .onComplete(
            looked -> steps.count("look", looked.request().isPresent() ? "found" : "unknown"),
            failure -> steps.count("look", DeviceSteps.UNANSWERED));
  }

  private Future<Optional<DeviceAnswer.Request>> find(String userCode) {
    return database.repeatable(() -> database.statements().find(userCode, clock.instant()));
  }

  private Future<Optional<String>> redeemer(String userCode) {
    return database.repeatable(() -> database.statements().redeemer(userCode));
  }

  Future<DeviceAnswer.Released> release(DeviceQuestion.Release release) {
    return database
        .once(
            () ->
                database
                    .statements()
                    .release(release.userCode(), release.userId(), clock.instant()))
        .map(new DeviceAnswer.Released());
  }

  Future<DeviceAnswer.Decided> decide(DeviceQuestion.Decide decide) {
    String step = decide.allow() ? "approve" : "deny";
    return database
        .once(() -> database.statements().decide(decide, clock.instant()))
        .compose(
            done ->
                done
                    ? Future.succeededFuture(DeviceAnswer.Outcome.DONE)
                    : find(decide.userCode()).compose(found -> whyNot(found, decide)))
        .onComplete(
            outcome -> steps.count(step, outcome),
            failure -> steps.count(step, DeviceSteps.UNANSWERED))
        .map(DeviceAnswer.Decided::new);
  }

  private Future<DeviceAnswer.Outcome> whyNot(
      Optional<DeviceAnswer.Request> found, DeviceQuestion.Decide decide) {
    return found.isPresent()
        ? Future.succeededFuture(whyNot(found.get(), decide))
        : redeemer(decide.userCode())
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
}
