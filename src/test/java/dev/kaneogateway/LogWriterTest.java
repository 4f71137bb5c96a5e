package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kaneogateway.fixtures.Await;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LogWriterTest {
  private static final int MORE_THAN_WAIT = 300_000;

  @Test
  void linesThatAnOutputDoesNotTakeAreCountedAndHoldNobody() throws Exception {
    LongAdder dropped = new LongAdder();
    HeldOutput output = new HeldOutput();
    LogWriter writer = writer(output, dropped);
    append(writer, "the first");
    assertTrue(output.entered.await(10, TimeUnit.SECONDS), "nothing is written");
    for (int i = 0; i < MORE_THAN_WAIT; i++) {
      append(writer, "one more");
    }
    assertTrue(dropped.sum() > 0, "all " + MORE_THAN_WAIT + " lines wait");
    long lost = dropped.sum();
    output.released.countDown();
    output.awaitLines(1 + MORE_THAN_WAIT - lost);
    writer.stop();
    assertEquals(lost, dropped.sum());
  }

  @Test
  void anOutputThatTakesLinesLosesNone() throws Exception {
    LongAdder dropped = new LongAdder();
    HeldOutput output = new HeldOutput();
    output.released.countDown();
    LogWriter writer = writer(output, dropped);
    for (int i = 0; i < 1000; i++) {
      append(writer, "a line");
    }
    output.awaitLines(1000);
    writer.stop();
    assertEquals(0, dropped.sum());
  }

  @Test
  void whatWaitsIsASmallPartOfTheHeap() {
    assertEquals(1 << 20, LogWriter.mostWaiting(64 << 20));
    assertEquals(8 << 20, LogWriter.mostWaiting(Long.MAX_VALUE));
  }

  @Test
  void aLineThatCannotBeWrittenIsNotTheLast() throws Exception {
    LongAdder dropped = new LongAdder();
    HeldOutput output = new HeldOutput();
    output.released.countDown();
    LogWriter writer = writer(output, dropped);
    LoggingEvent broken = event("a line");
    broken.setLoggerName(null);
    writer.append(broken);
    append(writer, "a line");
    output.awaitLines(1);
    assertEquals(1, dropped.sum());
    writer.stop();
  }

  @Test
  void linesThatAnOutputRefusesAreCountedAndToldOnceItTakesThemAgain() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(LogWriter.class);
    ListAppender<ILoggingEvent> told = new ListAppender<>();
    told.start();
    logger.addAppender(told);
    LongAdder dropped = new LongAdder();
    AtomicBoolean full = new AtomicBoolean(true);
    HeldOutput output = new HeldOutput();
    output.released.countDown();
    LogWriter writer =
        writer(
            new FilterOutputStream(output) {
              @Override
              public void write(byte[] bytes, int from, int length) throws IOException {
                if (full.get()) {
                  throw new IOException("No space left on device");
                }
                out.write(bytes, from, length);
              }
            },
            dropped);
    append(writer, "a line");
    append(writer, "a line");
    Await.until("two lines lost", () -> dropped.sum() == 2);
    append(writer, "a line");
    Await.until("one more", () -> dropped.sum() == 3);
    full.set(false);
    append(writer, "a line");
    output.awaitLines(1);
    writer.stop();
    logger.detachAppender(told);
    assertEquals(3, dropped.sum());
    assertEquals(
        List.of("3 log lines were dropped: the output did not take them, or not in time"),
        told.list.stream().map(ILoggingEvent::getFormattedMessage).toList());
  }

  /** As a disk does that becomes full; the half line must not spoil another. */
  @Test
  void whatFollowsAHalfLineBeginsALineOfItsOwn() throws Exception {
    LongAdder dropped = new LongAdder();
    AtomicBoolean full = new AtomicBoolean(true);
    HeldOutput output = new HeldOutput();
    output.released.countDown();
    LogWriter writer =
        writer(
            new FilterOutputStream(output) {
              @Override
              public void write(byte[] bytes, int from, int length) throws IOException {
                boolean half = full.getAndSet(false);
                out.write(bytes, from, half ? length / 2 : length);
                if (half) {
                  throw new IOException("No space left on device");
                }
              }
            },
            dropped);
    append(writer, "a line");
    Await.until("a line lost", () -> dropped.sum() == 1);
    append(writer, "another");
    output.awaitLines(2);
    writer.stop();
  }

  private static LogWriter writer(OutputStream output, LongAdder dropped) {
    LogWriter writer = new LogWriter(() -> new LogFormat(false), output, dropped);
    writer.start();
    return writer;
  }

  private static void append(LogWriter writer, String message) {
    writer.append(event(message));
  }

  private static LoggingEvent event(String message) {
    LoggingEvent event = new LoggingEvent();
    event.setLoggerName("a.logger");
    event.setLoggerContext((LoggerContext) LoggerFactory.getILoggerFactory());
    event.setLevel(Level.INFO);
    event.setMessage(message);
    return event;
  }

  /** Takes nothing until it is released, as a pipe that nobody reads. */
  private static final class HeldOutput extends OutputStream {
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch released = new CountDownLatch(1);
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();

    @Override
    public void write(byte[] bytes, int from, int length) {
      entered.countDown();
      try {
        released.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      taken.write(bytes, from, length);
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    /** Waits until so many lines were taken, and finds that they are no more. */
    void awaitLines(long wanted) {
      long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      long lines;
      do {
        lines =
            taken.toString(StandardCharsets.UTF_8).lines().filter(line -> !line.isEmpty()).count();
      } while (lines < wanted && System.nanoTime() < patience);
      assertEquals(wanted, lines);
    }
  }
}
