package dev.kaneogateway.proxy;

import java.net.URI;
import java.util.concurrent.ConcurrentHashMap;

/** What all event loops together know of the Kaneo processes. Safe from any thread. */
public final class Presences {
  private final ConcurrentHashMap<URI, Presence> all = new ConcurrentHashMap<>();
  private final McpSessions mcpSessions = new McpSessions();

  Presence of(URI origin) {
    return all.computeIfAbsent(origin, unknown -> new Presence());
  }

  /** Which Kaneo made which MCP session. */
  McpSessions mcpSessions() {
    return mcpSessions;
  }
}
