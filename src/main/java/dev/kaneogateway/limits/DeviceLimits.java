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
 * @param wrongCodesPerUser wrong user codes, by person
 * @param wrongCodesPerAddress wrong user codes, by address
 */
public record DeviceLimits(
    RateLimit codes,
    RateLimit unknownPolls,
    RateLimit wrongCodesPerUser,
    RateLimit wrongCodesPerAddress) {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration QUARTER = Duration.ofMinutes(15);

  public static DeviceLimits of(Settings.Device settings, Counting counting) {
    return new DeviceLimits(
        new RateLimit(Limit.DEVICE_CODES, settings.codesPerMinute(), MINUTE, counting),
        new RateLimit(
            Limit.DEVICE_UNKNOWN_POLLS, settings.unknownPollsPerMinute(), MINUTE, counting),
        new RateLimit(Limit.DEVICE_USER_CODES, settings.wrongCodesPerUser(), QUARTER, counting),
        new RateLimit(Limit.DEVICE_USER_CODES, settings.wrongCodesPerAddress(), QUARTER, counting));
  }

  /** Whether a person (empty if nobody is signed in) or an address has guessed too often. */
  public boolean isGuessing(String userId, String addressKey) {
    return wrongCodesPerUser.isExhausted(userId) || wrongCodesPerAddress.isExhausted(addressKey);
  }

  /**
   * Counts a wrong code; false if it was one too many and must be told so. Counted when it is known
   * to be wrong, so that many right ones at once hinder nobody; of many wrong ones at once no more
   * are answered than the limit lets.
   */
  public boolean guessed(String userId, String addressKey) {
    boolean person = wrongCodesPerUser.attempt(userId);
    return wrongCodesPerAddress.attempt(addressKey) && person;
  }

  /** What is to be told of a guess too many. */
  public Excess guesses(String userId, String addressKey) {
    return wrongCodesPerUser.isExhausted(userId)
        ? wrongCodesPerUser.excess(userId)
        : wrongCodesPerAddress.excess(addressKey);
  }

  /** How many keys are remembered, roughly. */
  public long keys() {
    return codes.keys()
        + unknownPolls.keys()
        + wrongCodesPerUser.keys()
        + wrongCodesPerAddress.keys();
  }
}
