package dev.kaneogateway.web;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.config.Settings;
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
    AttemptLimit codes,
    AttemptLimit unknownPolls,
    AttemptLimit wrongCodesPerUser,
    AttemptLimit wrongCodesPerAddress) {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration QUARTER = Duration.ofMinutes(15);

  public static DeviceLimits of(Settings.Device settings, Ticker ticker) {
    return new DeviceLimits(
        new AttemptLimit(settings.codesPerMinute(), MINUTE, ticker),
        new AttemptLimit(settings.unknownPollsPerMinute(), MINUTE, ticker),
        new AttemptLimit(settings.wrongCodesPerUser(), QUARTER, ticker),
        new AttemptLimit(settings.wrongCodesPerAddress(), QUARTER, ticker));
  }

  /** Whether a person (empty if nobody is signed in) or an address has guessed too often. */
  public boolean isGuessing(String userId, String addressKey) {
    return (!userId.isEmpty() && wrongCodesPerUser.isExhausted(userId))
        || wrongCodesPerAddress.isExhausted(addressKey);
  }

  /**
   * Counts a wrong code; false if it was one too many and must be told so. Counted when it is known
   * to be wrong, so that many right ones at once hinder nobody; of many wrong ones at once no more
   * are answered than the limit lets.
   */
  public boolean guessed(String userId, String addressKey) {
    boolean person = userId.isEmpty() || wrongCodesPerUser.attempt(userId);
    return wrongCodesPerAddress.attempt(addressKey) && person;
  }
}
