package dev.kaneogateway.web;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The part of the heap that what clients have sent of one kind may take up, all of them together:
 * what each of them may send is little, but they may be many. Safe from any thread.
 */
final class HeapShare {
  /** Of heads that have not come whole, or whose requests are under way. */
  static final HeapShare HEADS = new HeapShare(4);

  /** Of small pieces of bodies that wait. */
  static final HeapShare PIECES = new HeapShare(8);

  /** What a field takes up beside its text, which is there twice: as it came and as a string. */
  private static final int BYTES_OF_FIELD = 200;

  /** Few things weigh more; those give way to the others. */
  private static final long USUAL_BYTES = 16 * 1024;

  /** What a connection takes up anyhow. */
  private static final long SMALL_BYTES = 8 * 1024;

  private final long mostBytes;
  private final AtomicLong taken = new AtomicLong();

  /**
   * @param part one divided by this is the share
   */
  private HeapShare(int part) {
    this.mostBytes = Runtime.getRuntime().maxMemory() / part;
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
}
