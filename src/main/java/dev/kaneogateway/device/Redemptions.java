package dev.kaneogateway.device;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Sessions for which a code may have been redeemed without anybody hearing of it, because the
 * database's answer was late or lost. The next poll of such a code offers the same session again,
 * so that it is made once and handed out once. Confined to the context of its verticle; a gateway
 * that dies, or a poll at another one, loses what is kept here, and the device starts again.
 */
final class Redemptions {
  /** Only polls that hang while a person has just approved matter; this is far more (2 MB). */
  private static final int MOST = 10_000;

  /** The session that a poll of this client would make. */
  record Redemption(String clientId, String sessionId, String token) {
    @Override
    public String toString() {
      return "Redemption";
    }
  }

  private final Map<String, Redemption> doubtful =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Redemption> eldest) {
          return size() > MOST;
        }
      };

  /** What an earlier poll of the same client left open. */
  Optional<Redemption> doubtful(DeviceQuestion.Poll poll) {
    return Optional.ofNullable(doubtful.get(poll.deviceCode()))
        .filter(redemption -> redemption.clientId().equals(poll.clientId()));
  }

  /** The database has not said whether the code was redeemed. */
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
