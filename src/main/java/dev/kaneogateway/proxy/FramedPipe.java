package dev.kaneogateway.proxy;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a WebSocket: bytes as they come, as fast as the reader takes them, and at the
 * end a frame of the gateway's own if it is the one to end it. On one event loop.
 */
final class FramedPipe {
  private final NetSocket from;
  private final NetSocket to;
  private final FrameBoundary boundary = new FrameBoundary();
  private @Nullable Buffer last;
  private boolean ended;

  FramedPipe(NetSocket from, NetSocket to) {
    this.from = from;
    this.to = to;
  }

  /** Begins to carry; the end of one side ends the other. */
  void start() {
    from.handler(this::carry);
    from.endHandler(end -> to.end());
    from.resume();
  }

  /** Sends a last frame as soon as the one under way is complete, and nothing after it. */
  void endWith(Buffer frame) {
    if (last == null) {
      last = frame;
      if (boundary.isHere()) {
        sendLast(frame);
      }
    }
  }

  private void carry(Buffer bytes) {
    Buffer frame = last;
    if (ended) {
      // Read and dropped, or the unread bytes would turn the close into a reset.
      return;
    }
    if (frame == null) {
      boundary.pass(bytes);
      write(bytes);
      return;
    }
    int end = boundary.next(bytes);
    write(end < 0 ? bytes : bytes.slice(0, end));
    if (end >= 0) {
      sendLast(frame);
    }
  }

  private void sendLast(Buffer frame) {
    ended = true;
    to.write(frame);
  }

  private void write(Buffer bytes) {
    to.write(bytes);
    if (to.writeQueueFull()) {
      from.pause();
      to.drainHandler(drained -> from.resume());
    }
  }
}
