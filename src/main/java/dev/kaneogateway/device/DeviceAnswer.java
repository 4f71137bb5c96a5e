package dev.kaneogateway.device;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** What the {@link DeviceVerticle} answers. No {@code toString} tells a code or token. */
public final class DeviceAnswer {
  private DeviceAnswer() {}

  /** A pair of codes was made (RFC 8628 §3.2). */
  public record Started(
      String deviceCode, String userCode, long expiresInSeconds, long intervalSeconds) {
    @Override
    public String toString() {
      return "Started";
    }
  }

  /** How a poll stands (RFC 8628 §3.5, RFC 6749 §5.2). */
  public enum PollState {
    ISSUED,
    PENDING,
    SLOW_DOWN,
    EXPIRED,
    DENIED,
    /** Unknown, redeemed before, or another client's. */
    INVALID
  }

  /**
   * The answer to a poll.
   *
   * @param intervalSeconds the gap the client must keep now
   * @param token the session token, only when issued
   */
  public record Polled(
      PollState state,
      long intervalSeconds,
      String token,
      long expiresInSeconds,
      Optional<String> scope) {
    /** Nobody can say how the code stands: to wait is what a device must do. */
    public static final Polled PENDING = of(PollState.PENDING, 0);

    static final Polled INVALID = of(PollState.INVALID, 0);

    static Polled of(PollState state, long intervalSeconds) {
      return new Polled(state, intervalSeconds, "", 0, Optional.empty());
    }

    static Polled issued(String token, Duration life, Optional<String> scope) {
      return new Polled(PollState.ISSUED, 0, token, life.toSeconds(), scope);
    }

    @Override
    public String toString() {
      return "Polled[" + state + "]";
    }
  }

  /** All gateways know of the delivery, if they can. */
  public record Noted() {}

  /** What a code is about. */
  public record Request(
      String userCode,
      String status,
      Optional<String> owner,
      boolean expired,
      String clientId,
      Optional<String> scope,
      Instant expiresAt,
      Instant askedAt,
      Optional<String> address,
      Optional<String> software) {
    @Override
    public String toString() {
      return "Request[" + status + "]";
    }

    /** Whether it can still be decided by this person. */
    public boolean isOpenFor(String userId) {
      return status.equals("pending") && !expired && owner.map(userId::equals).orElse(true);
    }
  }

  /**
   * What was found under a user code.
   *
   * @param redeemedBy who allowed it, if it was redeemed lately and by way of this gateway
   */
  public record Looked(Optional<Request> request, Optional<String> redeemedBy) {
    /** Whether the code is this person's, decided on or not. */
    public boolean isOf(String userId) {
      return redeemedBy.or(() -> request.flatMap(Request::owner)).map(userId::equals).orElse(false);
    }

    @Override
    public String toString() {
      return "Looked";
    }
  }

  /** The code is nobody's now, if it had been this person's. */
  public record Released() {}

  /** What came of a decision. */
  public enum Outcome {
    DONE,
    UNKNOWN,
    EXPIRED,
    NOT_CLAIMED,
    ANOTHERS,
    /** Decided on before, by the same person. */
    ALLOWED_BEFORE,
    DENIED_BEFORE
  }

  /** The answer to a decision. */
  public record Decided(Outcome outcome) {}

  /** The answer to a revocation: the id of the session that ended, if there was one. */
  public record Revoked(Optional<String> sessionId) {}

  /** Name and address of an account; both empty if there is none. */
  public record AccountIs(String name, String email) {}
}
