package dev.kaneogateway.credentials;

import org.jspecify.annotations.Nullable;

/**
 * Asks the {@link CredentialVerticle} about one token.
 *
 * @param digest of the token as presented
 * @param sessionToken what to look for among sessions; empty if its signature was wrong
 * @param signed whether the session's token came with a good signature. A refusal of such a one is
 *     not remembered: a session that begins is told by the digest of its bare token.
 * @param canDoWithout whether the asker goes on with what was confirmed lately if PostgreSQL cannot
 *     answer
 */
record CredentialQuestion(
    TokenDigest digest, String sessionToken, boolean signed, boolean canDoWithout) {
  /** Whoever asks, what is asked is the same, and is looked up once. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof CredentialQuestion that
        && digest.equals(that.digest)
        && sessionToken.equals(that.sessionToken)
        && signed == that.signed;
  }

  @Override
  public int hashCode() {
    return digest.hashCode();
  }

  @Override
  public String toString() {
    return "CredentialQuestion";
  }
}
