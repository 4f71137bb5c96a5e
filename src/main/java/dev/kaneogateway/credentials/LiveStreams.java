package dev.kaneogateway.credentials;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
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
    /** As PostgreSQL last had it: its end may be moved. */
    private volatile Identity identity;

    private final Runnable whenEnded;

    /** Whether PostgreSQL has been asked since it is here: what changed before, nobody told it. */
    private volatile boolean asked;

    /** Whether it was told of its end; who does not follow stays open for a moment. */
    private volatile boolean ended;

    private Stream(Identity identity, Runnable whenEnded) {
      this.identity = identity;
      this.whenEnded = whenEnded;
    }
  }

  /**
   * Adds a connection.
   *
   * @param whenEnded closes it; may be called on any thread
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

  /** Those of credentials of a kind. */
  List<Stream> of(Predicate<Identity> which) {
    return open.stream().filter(stream -> which.test(stream.identity)).toList();
  }

  /** Those never asked about, and those whose own end has come, as far as is known. */
  List<Stream> due(Instant now) {
    return open.stream()
        .filter(
            stream ->
                !stream.asked
                    || stream.identity.expiresAt().map(end -> !end.isAfter(now)).orElse(false))
        .toList();
  }

  /** The different credentials of some connections. */
  static List<Identity> identities(List<Stream> streams) {
    Map<String, Identity> byLabel = new HashMap<>();
    streams.forEach(stream -> byLabel.putIfAbsent(stream.identity.label(), stream.identity));
    return new ArrayList<>(byLabel.values());
  }

  /** Notes that PostgreSQL has answered for them, and how those stand that hold. */
  static void asked(List<Stream> streams, Map<String, Identity> standing) {
    for (Stream stream : streams) {
      stream.asked = true;
      stream.identity = standing.getOrDefault(stream.identity.label(), stream.identity);
    }
  }

  /** Closes every connection of some credentials; of how many one was still to be told so. */
  int end(Set<String> labels) {
    Set<String> told = new HashSet<>();
    for (Stream stream : open) {
      String label = stream.identity.label();
      if (!stream.ended && labels.contains(label)) {
        stream.ended = true;
        told.add(label);
        stream.whenEnded.run();
      }
    }
    return told.size();
  }
}
