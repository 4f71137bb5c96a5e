package dev.kaneogateway.credentials;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** How often each API key was used and is not yet written down. Safe from any thread. */
public final class KeyUsage {
  private final ConcurrentHashMap<String, Long> uses = new ConcurrentHashMap<>();
  private final boolean counting;

  public KeyUsage(boolean counting) {
    this.counting = counting;
  }

  /** Counts one use, if it was an API key's. */
  public void used(Identity identity) {
    if (counting && identity.kind() == Identity.Kind.API_KEY) {
      add(identity.credentialId(), 1);
    }
  }

  void add(String id, long more) {
    uses.merge(id, more, Long::sum);
  }

  /** What was counted since the last time, by the key's id. */
  Map<String, Long> take() {
    Map<String, Long> taken = new HashMap<>();
    for (String id : uses.keySet()) {
      Long count = uses.remove(id);
      if (count != null) {
        taken.put(id, count);
      }
    }
    return taken;
  }
}
