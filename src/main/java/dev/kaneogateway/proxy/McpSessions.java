package dev.kaneogateway.proxy;

import dev.kaneogateway.credentials.TokenDigest;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which Kaneo made which MCP session: a session lives in the memory of one process, so its requests
 * must go there. Ids are kept as digests, since an id lets its bearer act in the session. Safe from
 * any thread.
 */
final class McpSessions {
  /** Some 2 MB; the session that was idle longest is forgotten first, and then begun anew. */
  private static final int MOST = 10_000;

  private final Map<TokenDigest, URI> owners =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<TokenDigest, URI> eldest) {
          return size() > MOST;
        }
      };

  synchronized void made(String id, URI owner) {
    owners.put(TokenDigest.of(id), owner);
  }

  synchronized @Nullable URI ownerOf(String id) {
    return owners.get(TokenDigest.of(id));
  }

  synchronized void forget(String id) {
    owners.remove(TokenDigest.of(id));
  }
}
