package dev.kaneogateway.credentials;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * What the triggers told of some moment. Immutable.
 *
 * @param all whether anything may have changed
 * @param ids of keys, sessions and users, each after its kind
 * @param digests of tokens that may stand for somebody now
 */
record CredentialChanges(boolean all, Set<String> ids, Set<TokenDigest> digests) {
  static final CredentialChanges ALL = new CredentialChanges(true, Set.of(), Set.of());

  /** Reads payloads; what cannot be read may have been anything. */
  static CredentialChanges read(Collection<String> payloads) {
    Set<String> ids = new HashSet<>();
    Set<TokenDigest> digests = new HashSet<>();
    for (String payload : payloads) {
      String[] parts = payload.split(" ", 3);
      if (parts.length < 3) {
        return ALL;
      }
      ids.add(parts[0] + " " + parts[2]);
      TokenDigest.ofBase64Url(parts[1]).ifPresent(digests::add);
    }
    return new CredentialChanges(false, Set.copyOf(ids), Set.copyOf(digests));
  }

  static CredentialChanges ofSession(String sessionId) {
    return new CredentialChanges(false, Set.of("session " + sessionId), Set.of());
  }

  /** Whether a credential or its owner is among them. */
  boolean touch(Identity identity) {
    boolean key = identity.kind() == Identity.Kind.API_KEY;
    return all
        || ids.contains((key ? "apikey " : "session ") + identity.credentialId())
        || ids.contains("user " + identity.userId());
  }
}
