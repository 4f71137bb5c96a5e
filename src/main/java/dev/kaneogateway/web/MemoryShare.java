package dev.kaneogateway.web;

import dev.kaneogateway.metrics.GatewayMetrics;
import io.netty.util.internal.PlatformDependent;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * The part of the memory that what clients have sent of one kind may take up, all of them together:
 * what each of them may send is little, but they may be many. Safe from any thread.
 */
public final class MemoryShare {
  /** Of heads that have not come whole, or whose requests are under way. */
  static final MemoryShare HEADS = new MemoryShare("heads", heap(), 4);

  /** Of bodies that wait. */
  static final MemoryShare BODIES = new MemoryShare("bodies", heap(), 8);

  /** Of small pieces of bodies that wait. */
  static final MemoryShare PIECES = new MemoryShare("pieces", heap(), 8);

  /** Of frames of HTTP/2 and records of TLS that have not come whole, outside of the heap. */
  static final MemoryShare HALVES =
      new MemoryShare("halves", PlatformDependent.maxDirectMemory(), 4);

  /** What a field takes up beside its text, which is there twice: as it came and as a string. */
  private static final int BYTES_OF_FIELD = 200;

  /** Few things weigh more; those give way to the others. */
  private static final long USUAL_BYTES = 16 * 1024;

  /** What a connection takes up anyhow. */
  private static final long SMALL_BYTES = 8 * 1024;

  private final String name;
  private final long mostBytes;
  private final AtomicLong taken = new AtomicLong();
  private final LongAdder refused = new LongAdder();

  /**
   * @param name what it is called in metrics
   * @param bytes what there is
   * @param part one divided by this is the share
   */
  private MemoryShare(String name, long bytes, int part) {
    this.name = name;
    this.mostBytes = bytes / part;
  }

  private static long heap() {
    return Runtime.getRuntime().maxMemory();
  }

  /** Has all of them measured; they are the process's, as the memory is. */
  public static void measure(GatewayMetrics metrics) {
    for (MemoryShare share : List.of(HEADS, BODIES, PIECES, HALVES)) {
      metrics.gauge(
          "memory_share_bytes",
          "Memory taken by what clients have sent and nobody can take yet, by kind.",
          "share",
          share.name,
          share::taken);
      metrics.gauge(
          "memory_share_max_bytes",
          "The most memory that it may take, by kind; what is large gets half of it.",
          "share",
          share.name,
          () -> share.mostBytes);
      metrics.counted(
          "memory_share_refused",
          "What was refused or cut because there was no room for it, by kind.",
          "share",
          share.name,
          share.refused);
    }
  }

  /** What a head takes up. */
  static long ofHead(long bytes, int fields) {
    return 2 * bytes + (long) BYTES_OF_FIELD * fields;
  }

  /** Whether a head that is whole need not be weighed, as most. */
  static boolean isSmall(long bytes, int fields) {
    return ofHead(bytes, fields) < SMALL_BYTES;
  }

  /**
   * Takes so many bytes more of it for something, to be released; or none, if there is no room.
   *
   * @param weight what that something takes up with them
   */
  boolean take(long bytes, long weight) {
    if (taken.addAndGet(bytes) > (weight > USUAL_BYTES ? mostBytes / 2 : mostBytes)) {
      release(bytes);
      refused.increment();
      return false;
    }
    return true;
  }

  void release(long bytes) {
    taken.addAndGet(-bytes);
  }

  /** How many bytes are taken. */
  long taken() {
    return taken.get();
  }

  /** How many are left. */
  long room() {
    return mostBytes - taken.get();
  }
}
