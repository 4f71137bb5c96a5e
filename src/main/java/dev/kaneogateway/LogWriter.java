package dev.kaneogateway;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.encoder.Encoder;
import dev.kaneogateway.web.AccessRecord;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes log lines from a thread of its own, many with one write. An event loop only puts its line
 * into a lock-free queue and wakes nobody: Logback's own AsyncAppender costs a lock and a wake-up
 * for each line, a sixth of a request. When the output is too slow lines are dropped, not requests
 * held; how many is counted, and told by a line of its own once there is room again.
 */
final class LogWriter extends UnsynchronizedAppenderBase<ILoggingEvent> {
  private static final int MOST_WAITING = 65_536;

  /** Of heap for each line that may wait: all of them together take an eighth of it. */
  private static final int HEAP_PER_LINE = 8 * 1024;

  private static final long PAUSE_NANOS = 20_000_000;

  private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);

  // Not one of Netty's: where Netty is loaded first it is its own first line that sets the log up.
  private final Queue<ILoggingEvent> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger places =
      new AtomicInteger(mostWaiting(Runtime.getRuntime().maxMemory()));
  private final Encoder<ILoggingEvent> encoder;
  private final PrintStream out;
  private final LongAdder dropped;
  private final Thread thread = new Thread(this::run, "log-writer");

  /**
   * Made by the log's configuration.
   *
   * @param dropped where lost lines are counted
   */
  LogWriter(Encoder<ILoggingEvent> encoder, PrintStream out, LongAdder dropped) {
    this.encoder = encoder;
    this.out = out;
    this.dropped = dropped;
    thread.setDaemon(true);
  }

  /** How many lines may wait, at about a kilobyte each, in a heap of so many bytes. */
  static int mostWaiting(long heap) {
    return (int) Math.min(MOST_WAITING, heap / HEAP_PER_LINE);
  }

  @Override
  public void start() {
    super.start();
    thread.start();
  }

  @Override
  protected void append(ILoggingEvent event) {
    Object[] arguments = event.getArgumentArray();
    boolean immutable =
        arguments != null && arguments.length == 1 && arguments[0] instanceof AccessRecord;
    if (!immutable) {
      // A request is written out by the log's thread; what else is told may change until then.
      event.prepareForDeferredProcessing();
    }
    if (places.decrementAndGet() < 0) {
      places.incrementAndGet();
      dropped.increment();
    } else {
      waiting.add(event);
    }
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
      if (lost > told) {
        LOG.warn("{} log lines were dropped: the output does not take them in time", lost - told);
        told = lost;
      }
      LockSupport.parkNanos(this, PAUSE_NANOS);
    }
    writeWaiting();
  }

  private void writeWaiting() {
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    for (ILoggingEvent event = waiting.poll(); event != null; event = waiting.poll()) {
      places.incrementAndGet();
      try {
        lines.writeBytes(encoder.encode(event));
      } catch (RuntimeException e) {
        // One that cannot be written out must not be the last that is.
        dropped.increment();
      }
    }
    if (lines.size() > 0) {
      out.writeBytes(lines.toByteArray());
      out.flush();
    }
  }
}
