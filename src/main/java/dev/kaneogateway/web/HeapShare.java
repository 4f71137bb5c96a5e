package dev.kaneogateway.web;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The part of the heap that what clients have sent of one kind may take up, all of them together:
 * what each of them may send is little, but they may be many. Safe from any thread.
 */
final class HeapShare {
  /** Few things weigh more; those give way to the others. */
  private static final long USUAL_BYTES = 16 * 1024;

  private final long mostBytes;
  private final AtomicLong taken = new AtomicLong();

  /**
   * @param part one divided by this is the share
   */
  HeapShare(int part) {
    this.mostBytes = Runtime.getRuntime().maxMemory() / part;
  }

  /**
   * Takes so many bytes more of it for something, to be released; or none, if there is no room.
   *
   * @param weight what that something takes up with them
   */
  boolean take(long bytes, long weight) {
    long most = weight > USUAL_BYTES ? mostBytes / 2 : mostBytes;
    if (taken.get() + bytes > most) {
      return false;
    }
    taken.addAndGet(bytes);
    return true;
  }

  void release(long bytes) {
    taken.addAndGet(-bytes);
  }
}
