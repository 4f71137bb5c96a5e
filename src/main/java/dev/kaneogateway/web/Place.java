package dev.kaneogateway.web;

import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/**
 * The place that an exchange takes up among those under way, for as long as it lasts and what it
 * waits for is not known: although its client may have left before, the exchange is kept until
 * then. Confined to the event loop of its connection.
 */
public final class Place {
  private @Nullable Runnable leave;
  private @Nullable Runnable leaveLater;
  private int awaited;
  private boolean over;

  Place() {}

  /**
   * Notes how the place is left that was taken for the exchange; the one it had before is left now.
   * One that has ended takes none.
   */
  public void taken(Runnable leaving) {
    if (over) {
      leaving.run();
      return;
    }
    Runnable before = leave;
    leave = leaving;
    if (before != null) {
      before.run();
    }
  }

  /** How it is left, for somebody who stays in it for longer than the exchange lasts. */
  public @Nullable Runnable handOver() {
    Runnable place = leave;
    leave = null;
    return place;
  }

  /** Keeps it until this is known. */
  public <T> Future<T> until(Future<T> known) {
    awaited++;
    return known.onComplete(
        now -> {
          awaited--;
          leave(leaveLater);
        });
  }

  /** The exchange is over; how the place is left once its answer has, null if it has none. */
  @Nullable Runnable over() {
    over = true;
    Runnable place = handOver();
    return place == null || awaited == 0 ? place : () -> leave(place);
  }

  private void leave(@Nullable Runnable place) {
    leaveLater = awaited == 0 ? null : place;
    if (place != null && awaited == 0) {
      place.run();
    }
  }
}
