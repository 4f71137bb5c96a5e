package dev.kaneogateway.web;

import io.netty.util.internal.PlatformDependent;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The part of the memory that what clients have sent of one kind may take up, all of them together:
 * what each of them may send is little, but they may be many. Safe from any thread.
 */
final class MemoryShare {
  /** Of heads that have not come whole, or whose requests are under way. */
  static final MemoryShare HEADS = new MemoryShare(heap(), 4);

  /** Of small pieces of bodies that wait. */
  static final MemoryShare PIECES = new MemoryShare(heap(), 8);

  /** Of frames of HTTP/2 and records of TLS that have not come whole, outside of the heap. */
  static final MemoryShare HALVES = new MemoryShare(PlatformDependent.maxDirectMemory(), 4);

  /** What a field takes up beside its text, which is there twice: as it came and as a string. */
  private static final int BYTES_OF_FIELD = 200;

  /** Few things weigh more; those give way to the others. */
  private static final long USUAL_BYTES = 16 * 1024;

  /** What a connection takes up anyhow. */
  private static final long SMALL_BYTES = 8 * 1024;

  private final long mostBytes;
  private final AtomicLong taken = new AtomicLong();

  /**
   * @param bytes what there is
   * @param part one divided by this is the share
   */
  private MemoryShare(long bytes, int part) {
    this.mostBytes = bytes / part;
  }

  private static long heap() {
    return Runtime.getRuntime().maxMemory();
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
