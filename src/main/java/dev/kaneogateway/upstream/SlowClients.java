package dev.kaneogateway.upstream;

import dev.kaneogateway.metrics.UpstreamMeters;
import io.vertx.core.Vertx;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;

/**
 * Has calls that wait for slow clients make way: bodies that drip would otherwise keep out
 * everybody, for hours and at no cost. The slowest go first, and none at a usable pace. Confined to
 * its event loop.
 */
final class SlowClients {
  /**
   * What a hundred that are let go at once cost is spread: between a few, others have their turn.
   */
  private static final int MOST_A_TURN = 4;

  private static final long NEXT_TURN_MS = 1;

  private final Vertx vertx;
  private final int slowBytesPerSecond;
  private final UpstreamMeters meters;

  /** How quick a client was when somebody looked. */
  private record Pace(Connection connection, long bytesPerSecond) {}

  /**
   * @param slowBytesPerSecond a client with less is slow
   */
  SlowClients(Vertx vertx, int slowBytesPerSecond, UpstreamMeters meters) {
    this.vertx = vertx;
    this.slowBytesPerSecond = slowBytesPerSecond;
    this.meters = meters;
  }

  /** Ends the slowest of the calls on these connections, at most so many. */
  void letGo(Collection<Connection> among, int most) {
    letGo(
        among.stream()
            .map(each -> new Pace(each, each.clientPace()))
            .filter(pace -> pace.bytesPerSecond() < slowBytesPerSecond)
            .sorted(Comparator.comparingLong(Pace::bytesPerSecond))
            .limit(most)
            .toList()
            .iterator());
  }

  private void letGo(Iterator<Pace> slowest) {
    for (int n = 0; n < MOST_A_TURN && slowest.hasNext(); n++) {
      Connection next = slowest.next().connection();
      // Its call may be over since, and another's be under way.
      if (next.clientPace() < slowBytesPerSecond) {
        meters.gaveWay();
        next.giveWay();
      }
    }
    if (slowest.hasNext()) {
      vertx.setTimer(NEXT_TURN_MS, id -> letGo(slowest));
    }
  }
}
