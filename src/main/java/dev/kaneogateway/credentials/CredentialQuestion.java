package dev.kaneogateway.credentials;

/**
 * Asks the {@link CredentialVerticle} about one token.
 *
 * @param digest of the token as presented
 * @param sessionToken what to look for among sessions; empty if its signature was wrong
 */
public record CredentialQuestion(TokenDigest digest, String sessionToken) {
  @Override
  public String toString() {
    return "CredentialQuestion";
  }
}
