package dev.kaneogateway.device;

import dev.kaneogateway.config.Settings;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import java.time.Clock;
import java.util.concurrent.TimeUnit;

/** Makes the pairs of codes with which a grant begins. Confined to the context of its verticle. */
final class Codes {
  /** Three clashes in a row among 2^40 codes do not happen by chance. */
  private static final int TRIES = 4;

  private static final String UNIQUE_VIOLATION = "23505";

  private final DeviceDatabase database;
  private final RandomCodes random;
  private final Settings.Device settings;
  private final DeviceSteps steps;
  private final Clock clock;

  Codes(
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
  }

  Future<DeviceAnswer.Started> begin(DeviceQuestion.Start start) {
    return insert(start, 1)
        .onComplete(
            made -> steps.count("start", "made"),
            failure -> steps.count("start", DeviceSteps.UNANSWERED));
  }

  private Future<DeviceAnswer.Started> insert(DeviceQuestion.Start start, int attempt) {
    String id = random.id();
    String deviceCode = random.deviceCode();
    String userCode = random.userCode();
    return database
        .untimed(
            () ->
                database
                    .statements()
                    .insert(
                        id,
                        deviceCode,
                        userCode,
                        clock.instant(),
                        settings.codeLife(),
                        settings.interval(),
                        start))
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
}
