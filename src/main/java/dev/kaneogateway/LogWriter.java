package dev.kaneogateway;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes log lines from a thread of its own, many with one write. Who logs puts its line at once
 * into the text that waits, and wakes nobody: events kept for another thread to format cost a busy
 * gateway a sixth of its CPU, most of it for the collector that had to carry them. When the output
 * is too slow or refuses them lines are dropped, not requests held; how many is counted, and told
 * by a line of its own once they are taken again.
 */
final class LogWriter extends UnsynchronizedAppenderBase<ILoggingEvent> {
  /** More than there are event loops on most machines; loops that follow each other share none. */
  private static final int STRIPES = 8;

  /** What waits on all of them, at a byte a character, may take an eighth of the heap. */
  private static final int PART_OF_HEAP = 8 * STRIPES;

  /** A second's lines of the busiest loop. */
  private static final int MOST_WAITING = 8 << 20;

  /** Longer texts are of a moment when the output was slow, and not worth keeping room for. */
  private static final int KEPT = 256 * 1024;

  private static final long PAUSE_NANOS = 20_000_000;

  private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);

  private final int mostWaiting = mostWaiting(Runtime.getRuntime().maxMemory());
  private final List<Stripe> stripes;
  private final OutputStream out;
  private final LongAdder dropped;

  /** Whether the last that was written was lost. Only the log's thread's. */
  private boolean refused;

  private final Thread thread = new Thread(this::run, "log-writer");

  /**
   * Made by the log's configuration.
   *
   * @param dropped where lost lines are counted
   */
  LogWriter(Supplier<LogFormat> format, OutputStream out, LongAdder dropped) {
    this.stripes = Stream.generate(() -> new Stripe(format.get())).limit(STRIPES).toList();
    this.out = out;
    this.dropped = dropped;
    thread.setDaemon(true);
  }

  /** How many characters may wait on one stripe, in a heap of so many bytes. */
  static int mostWaiting(long heap) {
    return (int) Math.min(MOST_WAITING, heap / PART_OF_HEAP);
  }

  /** Lines that wait to be written; its lock is never held while something is. */
  private final class Stripe {
    private final LogFormat format;
    private StringBuilder waiting = new StringBuilder();
    private StringBuilder other = new StringBuilder();

    Stripe(LogFormat format) {
      this.format = format;
    }

    synchronized void append(ILoggingEvent event) {
      int before = waiting.length();
      if (before >= mostWaiting) {
        dropped.increment();
        return;
      }
      try {
        format.append(event, waiting);
      } catch (RuntimeException e) {
        // One that cannot be written out must not be the last that is.
        waiting.setLength(before);
        dropped.increment();
      }
    }

    private synchronized StringBuilder take() {
      StringBuilder taken = waiting;
      waiting = other;
      other = taken;
      return taken;
    }

    /** Only the log's thread, which so is the only one to know what was taken. */
    void write() {
      StringBuilder taken = take();
      if (!taken.isEmpty()) {
        put(taken.toString());
        taken.setLength(0);
        if (taken.capacity() > KEPT) {
          taken.trimToSize();
        }
      }
    }
  }

  @Override
  public void start() {
    super.start();
    thread.start();
  }

  @Override
  protected void append(ILoggingEvent event) {
    stripes.get((int) (Thread.currentThread().getId() % STRIPES)).append(event);
  }

  @Override
  public void stop() {
    if (!isStarted()) {
      return;
    }
    super.stop();
    LockSupport.unpark(thread);
    try {
      thread.join(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    long told = dropped.sum();
    while (isStarted()) {
      writeWaiting();
      long lost = dropped.sum();
      // Where lines are refused this one would be too, and be told of in its turn, for ever.
      if (lost > told && !refused) {
        LOG.warn(
            "{} log lines were dropped: the output did not take them, or not in time", lost - told);
        told = lost;
      }
      LockSupport.parkNanos(this, PAUSE_NANOS);
    }
    writeWaiting();
  }

  private void writeWaiting() {
    for (Stripe stripe : stripes) {
      stripe.write();
    }
  }

  private void put(String lines) {
    // Of what was refused half a line may be there.
    String whole = refused ? "\n" + lines : lines;
    try {
      out.write(whole.getBytes(StandardCharsets.UTF_8));
      out.flush();
      refused = false;
    } catch (IOException e) {
      refused = true;
      dropped.add(lines.lines().count());
    }
  }
}
