package dev.kaneogateway.credentials;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * The connections that stay open on the strength of a credential: WebSockets and event streams. Who
 * opens one adds it and is told when the credential ends. Safe from any thread.
 */
public final class LiveStreams {
  private final Set<Stream> open = ConcurrentHashMap.newKeySet();

  /** One open connection. */
  public static final class Stream {
    private final Identity identity;
    private final Runnable whenEnded;

    private Stream(Identity identity, Runnable whenEnded) {
      this.identity = identity;
      this.whenEnded = whenEnded;
    }
  }

  /**
   * Adds a connection.
   *
   * @param whenEnded closes it; may be called on any thread, and more than once
   */
  public Stream add(Identity identity, Runnable whenEnded) {
    Stream stream = new Stream(identity, whenEnded);
    open.add(stream);
    return stream;
  }

  /** Forgets a connection that has closed. */
  public void remove(Stream stream) {
    open.remove(stream);
  }

  /** How many are open. */
  public int size() {
    return open.size();
  }

  /** Different credentials of open connections. */
  List<Identity> identities(Predicate<Identity> which) {
    Map<String, Identity> byLabel = new HashMap<>();
    for (Stream stream : open) {
      if (which.test(stream.identity)) {
        byLabel.putIfAbsent(stream.identity.label(), stream.identity);
      }
    }
    return new ArrayList<>(byLabel.values());
  }

  /** Those whose own end has come, as far as was known when they opened. */
  List<Identity> expired(Instant now) {
    return identities(identity -> identity.expiresAt().map(end -> !end.isAfter(now)).orElse(false));
  }

  /** Closes every connection of some credentials. */
  void end(Set<String> labels) {
    for (Stream stream : open) {
      if (labels.contains(stream.identity.label())) {
        stream.whenEnded.run();
      }
    }
  }
}
