package dev.kaneogateway.device;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What this gateway knows of sessions for which a code was redeemed, or may have been without its
 * device hearing of it, because the database's answer was late or lost, or the device had left when
 * it came. The next poll of such a code offers the same session again, so that it is made once and
 * handed out once. What all gateways know of it is in {@code kaneo_gateway.redemption}, where the
 * role may have that table. Confined to the context of its verticle.
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

  private final Duration settling;
  private final Map<String, Redemption> doubtful = bounded();
  private final Map<String, Instant> handedOut = bounded();

  /**
   * @param settling how long the note that a token was delivered may be on its way
   */
  Redemptions(Duration settling) {
    this.settling = settling;
  }

  private static <T> Map<String, T> bounded() {
    return new LinkedHashMap<>() {
      @Override
      protected boolean removeEldestEntry(Map.Entry<String, T> eldest) {
        return size() > MOST;
      }
    };
  }

  /** The token for a code is on its way to its device. */
  void handOut(DeviceQuestion.Poll poll, Redemption redemption, Instant now) {
    doubtful.remove(poll.deviceCode(), redemption);
    handedOut.put(poll.deviceCode(), now);
  }

  /** Whether that was just now, so that no other poll may have it. */
  boolean isHandedOut(DeviceQuestion.Poll poll, Instant now) {
    Instant since = handedOut.get(poll.deviceCode());
    return since != null && since.plus(settling).isAfter(now);
  }

  /** The device had left. */
  void takeBack(DeviceQuestion.Poll poll, Redemption redemption) {
    handedOut.remove(poll.deviceCode());
    doubt(poll, redemption);
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
}
