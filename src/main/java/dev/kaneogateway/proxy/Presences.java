package dev.kaneogateway.proxy;

import java.net.URI;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;

/** What all event loops together know of each Kaneo being there. Safe from any thread. */
public final class Presences {
  private final ConcurrentHashMap<URI, Presence> all = new ConcurrentHashMap<>();

  Presence of(URI origin) {
    return all.computeIfAbsent(origin, unknown -> new Presence());
  }

  /** Whether one Kaneo takes connections, as far as the last attempts tell. */
  static final class Presence {
    private volatile boolean reachedBefore;
    private volatile boolean away;
    private volatile long awaySinceNanos;

    /** A connection was made. */
    void reached() {
      if (!reachedBefore || away) {
        reachedBefore = true;
        away = false;
      }
    }

    /** No connection could be made. */
    synchronized void refused() {
      if (!away) {
        awaySinceNanos = System.nanoTime();
        away = true;
      }
    }

    /** Whether it was there and has not been away for longer than a restart takes. */
    boolean mayReturnWithin(Duration hold) {
      return reachedBefore && away && System.nanoTime() - awaySinceNanos < hold.toNanos();
    }
  }
}
