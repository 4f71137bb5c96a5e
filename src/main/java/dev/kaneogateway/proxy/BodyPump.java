package dev.kaneogateway.proxy;

import dev.kaneogateway.web.Deadlines;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Moves a body from one side to the other, as fast as the slower of them: a full writer pauses the
 * reader. Counts what passes, ends the writer with the last byte of an announced length (which
 * saves a packet), and restarts a time limit at each step forward. On one event loop.
 */
final class BodyPump {
  private static final long FIRST_NANOS = 1_000_000_000;

  private final ReadStream<Buffer> source;
  private final WriteStream<Buffer> sink;
  private final long announced;
  private final long limit;
  private final Events events;
  private @Nullable Deadlines deadlines;
  private Deadlines.@Nullable Entry deadline;
  private LongSupplier taken = () -> 0;
  private long takenBefore;
  private long moved;
  private boolean done;
  private boolean watchSource;
  private boolean full;
  private int mostHeld;
  private @Nullable Buffer held;
  private long beganNanos;

  /** What the owner of both sides is told; at most one of these, once. */
  interface Events {
    /** The source has ended and the sink is about to. */
    default void ending() {}

    /** All of it was passed on and the sink ended. */
    void completed();

    /** The source has more than the limit. */
    void tooLarge();

    /** The source broke off. */
    void sourceFailed(Throwable cause);
  }

  /**
   * @param announced the length the head of the message told, or -1
   * @param limit the most bytes to pass, or 0 for any number
   */
  BodyPump(
      ReadStream<Buffer> source,
      WriteStream<Buffer> sink,
      long announced,
      long limit,
      Events events) {
    this.source = source;
    this.sink = sink;
    this.announced = announced;
    this.limit = limit;
    this.events = events;
  }

  /**
   * Limits how long the pump may stand still.
   *
   * @param taken another number than before if the sink has taken something, however little
   * @param sourceToo whether a silent source counts, or only a sink that does not take
   */
  BodyPump limited(Deadlines all, LongSupplier taken, boolean sourceToo, Runnable whenDue) {
    deadlines = all;
    deadline = all.entry(() -> due(whenDue));
    this.taken = taken;
    watchSource = sourceToo;
    return this;
  }

  /**
   * Keeps what comes at first, so that nothing is passed on of what breaks off early; until {@link
   * #letGo}, the end, or more than so many bytes.
   */
  BodyPump holding(int most) {
    mostHeld = most;
    return this;
  }

  /** Whether nothing was passed on yet because it is held. */
  boolean isHolding() {
    return mostHeld > 0 && !done;
  }

  /** Passes on what was held, and from now on all as it comes. */
  void letGo() {
    Buffer first = held;
    mostHeld = 0;
    held = null;
    if (first != null && !done) {
      pass(first);
    }
  }

  /** Starts with a piece that was read before. */
  void start(Buffer first) {
    prepare();
    move(first);
    if (!full && !done) {
      source.resume();
    }
  }

  void start() {
    prepare();
    source.resume();
  }

  private void prepare() {
    beganNanos = System.nanoTime();
    source.exceptionHandler(this::failed);
    source.handler(this::move);
    source.endHandler(end -> complete());
    if (watchSource) {
      restart();
    }
  }

  /** Stops moving; neither side is touched again. */
  void stop() {
    done = true;
    if (deadlines != null && deadline != null) {
      deadlines.stop(deadline);
    }
  }

  /** Bytes a second since it began; more than any in its first second, which tells nothing. */
  long pace() {
    long nanos = System.nanoTime() - beganNanos;
    return done || nanos < FIRST_NANOS ? Long.MAX_VALUE : moved / (nanos / FIRST_NANOS);
  }

  /** Whether it is the sink that holds the pump up. */
  boolean waitsForSink() {
    return full;
  }

  private void move(Buffer chunk) {
    if (done) {
      return;
    }
    moved += chunk.length();
    if (limit > 0 && moved > limit) {
      stop();
      events.tooLarge();
      return;
    }
    if (moved == announced) {
      stop();
      sink.end(held == null ? chunk : held.appendBuffer(chunk));
      events.completed();
    } else if (moved > mostHeld) {
      mostHeld = 0;
      Buffer first = held;
      held = null;
      pass(first == null ? chunk : first.appendBuffer(chunk));
    } else {
      held = held == null ? chunk : held.appendBuffer(chunk);
    }
  }

  private void pass(Buffer chunk) {
    sink.write(chunk);
    if (sink.writeQueueFull()) {
      full = true;
      source.pause();
      restart();
      sink.drainHandler(
          drained -> {
            if (!done && full) {
              full = false;
              settle();
              source.resume();
            }
          });
    } else if (watchSource) {
      restart();
    }
  }

  private void complete() {
    if (!done) {
      stop();
      events.ending();
      if (held == null) {
        sink.end();
      } else {
        sink.end(held);
      }
      events.completed();
    }
  }

  private void failed(Throwable cause) {
    if (!done) {
      stop();
      events.sourceFailed(cause);
    }
  }

  /** A sink that takes something goes on, if it is not enough yet to be told of. */
  private void due(Runnable whenDue) {
    if (full && taken.getAsLong() != takenBefore) {
      restart();
    } else {
      whenDue.run();
    }
  }

  private void restart() {
    if (deadlines != null && deadline != null) {
      takenBefore = taken.getAsLong();
      deadlines.restart(deadline);
    }
  }

  private void settle() {
    if (watchSource) {
      restart();
    } else if (deadlines != null && deadline != null) {
      deadlines.stop(deadline);
    }
  }
}
