package dev.kaneogateway.credentials;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The remembered credentials by the ids of their row and of their owner, since a change is told by
 * these: to look through all entries at each would cost milliseconds. Most ids have one entry, so
 * it stands there without a set around it. Safe from any thread.
 */
final class CredentialIndex {
  private final ConcurrentHashMap<String, Object> byId = new ConcurrentHashMap<>();

  void add(CredentialCache.Entry entry) {
    add(entry.identity().credentialId(), entry);
    add(entry.identity().userId(), entry);
  }

  void remove(CredentialCache.Entry entry) {
    remove(entry.identity().credentialId(), entry);
    remove(entry.identity().userId(), entry);
  }

  /** The entries of a key, a session or a user. */
  List<CredentialCache.Entry> of(String id) {
    List<CredentialCache.Entry> found = new ArrayList<>();
    // A set changes only within its key's computation, so it is read there too.
    byId.computeIfPresent(
        id,
        (key, held) -> {
          if (held instanceof CredentialCache.Entry one) {
            found.add(one);
          } else {
            asSet(held).forEach(one -> found.add((CredentialCache.Entry) one));
          }
          return held;
        });
    return found;
  }

  /** How many different entries can be found here. */
  int size() {
    Set<Object> all = new HashSet<>();
    byId.forEach((id, held) -> all.addAll(asSet(held)));
    return all.size();
  }

  private void add(String id, CredentialCache.Entry entry) {
    byId.compute(
        id,
        (key, held) -> {
          if (held == null) {
            return entry;
          }
          Set<Object> many = asSet(held);
          many.add(entry);
          return many;
        });
  }

  private void remove(String id, CredentialCache.Entry entry) {
    byId.computeIfPresent(
        id,
        (key, held) -> {
          if (!(held instanceof Set<?>)) {
            return held == entry ? null : held;
          }
          Set<Object> many = asSet(held);
          many.remove(entry);
          return many.isEmpty() ? null : many;
        });
  }

  @SuppressWarnings("unchecked")
  private static Set<Object> asSet(Object held) {
    if (held instanceof Set<?>) {
      return (Set<Object>) held;
    }
    Set<Object> many = new HashSet<>();
    many.add(held);
    return many;
  }
}
