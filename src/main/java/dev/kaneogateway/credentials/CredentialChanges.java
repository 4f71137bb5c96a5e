package dev.kaneogateway.credentials;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * What the triggers told of some moment. Immutable.
 *
 * @param all whether anything may have changed
 * @param ids of keys, sessions and users alike
 * @param users whether a user is among them
 * @param digests of tokens that may stand for somebody now
 */
record CredentialChanges(boolean all, Set<String> ids, boolean users, Set<TokenDigest> digests) {
  static final CredentialChanges ALL = new CredentialChanges(true, Set.of(), true, Set.of());

  /** Reads payloads; what cannot be read may have been anything. */
  static CredentialChanges read(Collection<String> payloads) {
    Set<String> ids = new HashSet<>();
    Set<TokenDigest> digests = new HashSet<>();
    boolean users = false;
    for (String payload : payloads) {
      String[] parts = payload.split(" ", 3);
      if (parts.length < 3) {
        return ALL;
      }
      users |= parts[0].equals("user");
      ids.add(parts[2]);
      TokenDigest.ofBase64Url(parts[1]).ifPresent(digests::add);
    }
    return new CredentialChanges(false, Set.copyOf(ids), users, Set.copyOf(digests));
  }

  static CredentialChanges ofSession(String sessionId) {
    return new CredentialChanges(false, Set.of(sessionId), false, Set.of());
  }

  /** Whether a credential or its owner is among them. */
  boolean touch(Identity identity) {
    return all || ids.contains(identity.credentialId()) || ids.contains(identity.userId());
  }
}
