package dev.kaneogateway.device;

import java.util.Optional;

/** What may be asked of the {@link DeviceVerticle}. No {@code toString} tells a code or token. */
public final class DeviceQuestion {
  private DeviceQuestion() {}

  /** A device wants to sign in (RFC 8628 §3.1). */
  public record Start(String clientId, Optional<String> scope, String address, String software) {}

  /** A device asks whether it may (§3.4). */
  public record Poll(String clientId, String deviceCode, String address, String software) {
    @Override
    public String toString() {
      return "Poll";
    }
  }

  /** Whether the client of a poll got the token that was made for it, or had left before. */
  public record Delivery(Poll poll, String token, boolean done) {
    @Override
    public String toString() {
      return "Delivery";
    }
  }

  /** Somebody looks at a user code; a person who claims it makes it theirs, if nobody's yet. */
  public record Look(String userCode, Optional<String> claimant) {
    @Override
    public String toString() {
      return "Look";
    }
  }

  /** A person leaves a code undecided that they had claimed, for another to take. */
  public record Release(String userCode, String userId) {
    @Override
    public String toString() {
      return "Release";
    }
  }

  /**
   * A person decides (§3.3).
   *
   * @param claiming whether an unclaimed code may be claimed by the same act
   */
  public record Decide(String userCode, String userId, boolean allow, boolean claiming) {
    @Override
    public String toString() {
      return "Decide";
    }
  }

  /** A client hands its token back (RFC 7009 §2.1). */
  public record Revoke(String sessionToken) {
    @Override
    public String toString() {
      return "Revoke";
    }
  }

  /** Whose account is this? */
  public record Account(String userId) {}
}
