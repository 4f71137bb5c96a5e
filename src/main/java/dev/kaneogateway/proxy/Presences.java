package dev.kaneogateway.proxy;

import dev.kaneogateway.config.Settings;
import java.net.URI;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/** What all event loops together know of the Kaneo processes. Safe from any thread. */
public final class Presences {
  private final ConcurrentHashMap<URI, Presence> all = new ConcurrentHashMap<>();
  private final McpSessions mcpSessions = new McpSessions();

  /** The one at an address, which keeps to these rules from now on. */
  Presence of(URI origin, Settings.Breaker rules) {
    return all.compute(
        origin,
        (at, known) -> {
          if (known == null) {
            return new Presence(rules);
          }
          known.renew(rules);
          return known;
        });
  }

  /** A health check said whether the one at this address is well. */
  public void checked(URI origin, boolean well) {
    Presence known = all.get(origin);
    if (known != null) {
      known.checked(well);
    }
  }

  /** The same addresses, those of whom no trouble is known before the others. */
  public List<URI> bestFirst(List<URI> origins) {
    return origins.stream().sorted(Comparator.comparing(this::isInTrouble)).toList();
  }

  private boolean isInTrouble(URI origin) {
    Presence known = all.get(origin);
    return known != null && !known.isAvailable();
  }

  /** Which Kaneo made which MCP session. */
  McpSessions mcpSessions() {
    return mcpSessions;
  }
}
