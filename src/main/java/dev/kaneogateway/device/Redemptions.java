package dev.kaneogateway.device;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Sessions for which a code may have been redeemed without its device hearing of it, because the
 * database's answer was late or lost, or the device had left when it came. The next poll of such a
 * code offers the same session again, so that it is made once and handed out once. Confined to the
 * context of its verticle; a gateway that dies, or a poll at another one, loses what is kept here,
 * and the device starts again. Remembers as well whose codes were redeemed.
 */
final class Redemptions {
  /** Only polls that hang while a person has just approved matter; this is far more (2 MB). */
  private static final int MOST = 10_000;

  /**
   * The session that a poll of this client would make.
   *
   * @param until when the code has ended for sure, and nobody may ask for its session any more
   */
  record Redemption(String clientId, String sessionId, String token, Instant until) {
    @Override
    public String toString() {
      return "Redemption";
    }
  }

  private final Map<String, Redemption> doubtful = bounded();
  private final Map<String, String> owners = bounded();

  private static <T> Map<String, T> bounded() {
    return new LinkedHashMap<>() {
      @Override
      protected boolean removeEldestEntry(Map.Entry<String, T> eldest) {
        return size() > MOST;
      }
    };
  }

  /** A code was redeemed, and its row is gone; whose it was is remembered. */
  void redeemed(String userCode, String owner) {
    owners.put(userCode, owner);
  }

  /** Who allowed a code that was redeemed: they may come back to its page. */
  Optional<String> redeemedBy(String userCode) {
    return Optional.ofNullable(owners.get(userCode));
  }

  /** What an earlier poll of the same client left open. */
  Optional<Redemption> doubtful(DeviceQuestion.Poll poll, Instant now) {
    return Optional.ofNullable(doubtful.get(poll.deviceCode()))
        .filter(redemption -> redemption.clientId().equals(poll.clientId()))
        .filter(redemption -> redemption.until().isAfter(now));
  }

  /** Nobody knows whether the code was redeemed, or its device does not. */
  void doubt(DeviceQuestion.Poll poll, Redemption redemption) {
    doubtful.putIfAbsent(poll.deviceCode(), redemption);
  }

  boolean doubts(DeviceQuestion.Poll poll, Redemption redemption) {
    return redemption.equals(doubtful.get(poll.deviceCode()));
  }

  /** True for the one caller that may hand the token out. */
  boolean settle(DeviceQuestion.Poll poll, Redemption redemption) {
    return doubtful.remove(poll.deviceCode(), redemption);
  }
}
