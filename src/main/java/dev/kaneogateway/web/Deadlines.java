package dev.kaneogateway.web;

import io.vertx.core.Vertx;
import java.time.Duration;

/**
 * Many time limits of one length on one event loop, for the price of a list: setting, moving and
 * dropping a limit are a few pointer writes, and one timer sweeps the due ones. A limit fires up to
 * a tenth of its length late, never early.
 */
public final class Deadlines {
  /** What a thousand that are due at once cost is spread: between a few, others have their turn. */
  private static final int MOST_A_TURN = 16;

  private static final long NEXT_TURN_MS = 1;

  private final Entry list = new Entry(null);
  private final long lengthNanos;
  private final Vertx vertx;
  private final long timer;

  /** Starts the sweep on the current context; {@link #close} ends it. */
  public Deadlines(Vertx vertx, Duration length) {
    this.vertx = vertx;
    this.lengthNanos = length.toNanos();
    list.previous = list;
    list.next = list;
    this.timer =
        vertx.setPeriodic(Math.max(1, Math.min(1000, length.toMillis() / 10)), id -> sweep());
  }

  /** A limit not yet running. */
  public Entry entry(Runnable whenDue) {
    return new Entry(whenDue);
  }

  /** Starts a limit, or starts it anew. */
  public void restart(Entry entry) {
    stop(entry);
    entry.dueNanos = System.nanoTime() + lengthNanos;
    entry.previous = list.previous;
    entry.next = list;
    list.previous.next = entry;
    list.previous = entry;
  }

  /** Drops a limit; harmless if it is not running. */
  public void stop(Entry entry) {
    if (entry.next != entry) {
      entry.previous.next = entry.next;
      entry.next.previous = entry.previous;
      entry.previous = entry;
      entry.next = entry;
    }
  }

  public void close() {
    vertx.cancelTimer(timer);
  }

  private void sweep() {
    long now = System.nanoTime();
    for (int ran = 0; list.next != list && list.next.dueNanos - now <= 0; ran++) {
      if (ran == MOST_A_TURN) {
        vertx.setTimer(NEXT_TURN_MS, id -> sweep());
        return;
      }
      Entry due = list.next;
      stop(due);
      if (due.whenDue != null) {
        due.whenDue.run();
      }
    }
  }

  /** One limit; belongs to the {@link Deadlines} that made it. */
  public static final class Entry {
    private final @org.jspecify.annotations.Nullable Runnable whenDue;
    private long dueNanos;
    private Entry previous = this;
    private Entry next = this;

    private Entry(@org.jspecify.annotations.Nullable Runnable whenDue) {
      this.whenDue = whenDue;
    }
  }
}
