package dev.kaneogateway.web;

import org.jspecify.annotations.Nullable;

/**
 * What comes in on an HTTP/1 connection, and whose it is: the body may be that of a request that
 * has not begun, since it waits behind another's answer. Of what nobody takes yet little is read.
 * Confined to the connection's event loop.
 */
final class Incoming {
  /** With its head, not more than a first read brings. */
  private static final int SMALL_BYTES = 1024;

  private int headsRead;
  private int begun;
  private int ended;
  private boolean coming;
  private boolean paused;
  private long waitingBytes;
  private long weighedBytes;
  private long waitingBehind;
  private long weighedBehind;
  private @Nullable Runnable readOn;
  private long weight;
  private long weightBehind;
  private @Nullable Runnable whenMalformed;

  /**
   * The head of a request was read, and perhaps a chunked body comes in now.
   *
   * @param ofHeads what it took of the room for heads, to be released when it is answered
   */
  void headRead(boolean chunked, long ofHeads) {
    headsRead++;
    coming = chunked;
    if (headsRead - ended == 1) {
      weight = ofHeads;
    } else {
      weightBehind += ofHeads;
    }
  }

  /** The first of the requests that are not answered is. */
  void requestEnded() {
    ended++;
    MemoryShare.HEADS.release(weight);
    weight = weightBehind;
    weightBehind = 0;
  }

  /** The connection is no more, nor are its requests. */
  void gone() {
    requestEnded();
    requestEnded();
  }

  /** The next request has begun to be answered. */
  void requestBegun() {
    begun++;
    paused = false;
    // Of the one before, which is answered, nothing will wait.
    MemoryShare.BODIES.release(weighedBytes);
    waitingBytes = waitingBehind;
    weighedBytes = weighedBehind;
    waitingBehind = 0;
    weighedBehind = 0;
    readOn();
  }

  /**
   * How many requests have begun: the body that comes in, or waits, is that of the last of them.
   */
  int begun() {
    return begun;
  }

  /** Nobody takes the body of the request that has begun last. */
  void bodyPaused() {
    paused = true;
  }

  /**
   * Somebody takes it again.
   *
   * @return how many bytes are to be released once they are taken
   */
  long bodyResumed() {
    paused = false;
    long taken = weighedBytes;
    weighedBytes = 0;
    waitingBytes = 0;
    readOn();
    return taken;
  }

  /** Whether a request was read that has not begun. */
  boolean awaitsTurn() {
    return headsRead > begun;
  }

  /** Whether a body that comes in now would only wait. */
  boolean bodyWaits() {
    return paused || awaitsTurn();
  }

  /** A piece of such a body came. */
  void waits(int bytes) {
    long weighed = MemoryShare.BODIES.take(bytes, 0) ? bytes : 0;
    if (awaitsTurn()) {
      waitingBehind += bytes;
      weighedBehind += weighed;
    } else {
      waitingBytes += bytes;
      weighedBytes += weighed;
    }
  }

  /** Whether so much of it waits that no more need be read. */
  boolean isEnough() {
    return waitingBytes + waitingBehind >= SMALL_BYTES;
  }

  /** Nothing of a body waits any more. */
  void nothingWaits() {
    MemoryShare.BODIES.release(weighedBytes + weighedBehind);
    waitingBytes = 0;
    weighedBytes = 0;
    waitingBehind = 0;
    weighedBehind = 0;
  }

  /** Reading has stopped until what has come is taken; the action has it go on. */
  void stopped(Runnable goOn) {
    readOn = goOn;
  }

  /** Whether it has. */
  boolean isStopped() {
    return readOn != null;
  }

  private void readOn() {
    Runnable action = readOn;
    if (action != null && !awaitsTurn()) {
      readOn = null;
      action.run();
    }
  }

  /** What to do when the body of the request that has begun last turns out to be no body. */
  void whenMalformed(Runnable action) {
    // It may have come whole while the request waited behind another.
    if (coming && headsRead == begun) {
      whenMalformed = action;
    }
  }

  /** Its request is answered; what becomes of the rest is of no interest. */
  void concernsNobody() {
    whenMalformed = null;
  }

  /** The body is whole. */
  void bodyEnded() {
    coming = false;
    whenMalformed = null;
  }

  /** What to do now that it is no body; null if its request has not begun, or is answered. */
  @Nullable Runnable malformed() {
    coming = false;
    Runnable action = whenMalformed;
    whenMalformed = null;
    return action;
  }
}
