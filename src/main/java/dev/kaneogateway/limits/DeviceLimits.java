package dev.kaneogateway.limits;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.Limit;
import java.time.Duration;

/**
 * What slows down who guesses (RFC 8628 §5.1): shared by the endpoints and the page, so that
 * neither is a way around the other. Safe from any thread.
 *
 * @param codes codes asked for, by address
 * @param unknownPolls polls of codes nobody has, by address
 * @param guesses wrong user codes, by person and by address
 */
public record DeviceLimits(AddressLimit codes, AddressLimit unknownPolls, CodeGuesses guesses) {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration QUARTER = Duration.ofMinutes(15);

  static DeviceLimits of(Settings.Device settings, Counting counting) {
    return new DeviceLimits(
        new AddressLimit(Limit.DEVICE_CODES, settings.codesPerMinute(), MINUTE, counting),
        new AddressLimit(
            Limit.DEVICE_UNKNOWN_POLLS, settings.unknownPollsPerMinute(), MINUTE, counting),
        new CodeGuesses(
            new RateLimit(Limit.DEVICE_USER_CODES, settings.wrongCodesPerUser(), QUARTER, counting),
            new RateLimit(
                Limit.DEVICE_USER_CODES, settings.wrongCodesPerAddress(), QUARTER, counting)));
  }

  /** How many keys are remembered, roughly. */
  long keys() {
    return codes.keys() + unknownPolls.keys() + guesses.keys();
  }
}
