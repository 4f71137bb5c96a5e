package dev.kaneogateway.credentials;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often each API key was used and is not yet written down. Counting is safe from any thread and
 * waits for none; taking is one thread's.
 */
public final class KeyUsage {
  private final ConcurrentHashMap<String, LongAdder> uses = new ConcurrentHashMap<>();

  /** Taken out for want of use; who held one just then may have counted on it since. */
  private final Map<String, LongAdder> idle = new HashMap<>();

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
    LongAdder count = uses.get(id);
    if (count == null) {
      count = uses.computeIfAbsent(id, first -> new LongAdder());
    }
    count.add(more);
  }

  /** What was counted since the last time, by the key's id. */
  Map<String, Long> take() {
    Map<String, Long> taken = new HashMap<>();
    idle.forEach((id, count) -> move(id, count, taken));
    idle.clear();
    uses.forEach(
        (id, count) -> {
          if (!move(id, count, taken)) {
            uses.remove(id);
            idle.put(id, count);
          }
        });
    return taken;
  }

  private static boolean move(String id, LongAdder count, Map<String, Long> taken) {
    long counted = count.sumThenReset();
    if (counted > 0) {
      taken.merge(id, counted, Long::sum);
    }
    return counted > 0;
  }
}
