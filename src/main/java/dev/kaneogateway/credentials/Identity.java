package dev.kaneogateway.credentials;

import java.time.Instant;
import java.util.Optional;

/**
 * Who a credential stands for.
 *
 * @param kind what kind of credential it is
 * @param credentialId the id of its row, fit for logs
 * @param userId the owner; empty for an API key that has none
 * @param expiresAt when it ends by itself, if it does
 * @param keyLimit what the row of an API key limits itself to, if it does
 */
public record Identity(
    Kind kind,
    String credentialId,
    String userId,
    Optional<Instant> expiresAt,
    Optional<KeyLimit> keyLimit) {
  /** The two kinds of token Kaneo knows. */
  public enum Kind {
    API_KEY,
    SESSION
  }

  /** How the identity is written into a log line. */
  public String label() {
    return (kind == Kind.API_KEY ? "api_key:" : "session:") + credentialId;
  }
}
