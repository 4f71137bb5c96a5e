package dev.kaneogateway.proxy;

import io.netty.buffer.ByteBuf;

/**
 * Where the frames of one direction of a WebSocket end (RFC 6455 §5.2): between two of them another
 * may be put. Bytes that are no frames are counted as if they were, and harm nothing.
 */
final class FrameBoundary {
  private static final int MASK_BYTES = 4;

  private final byte[] head = new byte[10];
  private int headRead;
  private long left;

  /** Whether the last byte read was the last of a frame, or none was read. */
  boolean isHere() {
    return headRead == 0;
  }

  /** Reads on over all bytes, which stay readable. */
  void pass(ByteBuf bytes) {
    int at = bytes.readerIndex();
    while (at < bytes.writerIndex()) {
      at = step(bytes, at);
    }
  }

  /** Reads on to the first end of a frame; how many bytes are before it, or -1 if none is there. */
  int next(ByteBuf bytes) {
    int at = bytes.readerIndex();
    while (at < bytes.writerIndex()) {
      at = step(bytes, at);
      if (isHere()) {
        return at - bytes.readerIndex();
      }
    }
    return -1;
  }

  private int step(ByteBuf bytes, int at) {
    if (headRead < headLength()) {
      head[headRead++] = bytes.getByte(at);
      if (headRead == headLength()) {
        left = payload() + ((head[1] & 0x80) == 0 ? 0 : MASK_BYTES);
        endIfComplete();
      }
      return at + 1;
    }
    long taken = Math.min(left, bytes.writerIndex() - at);
    left -= taken;
    endIfComplete();
    return at + (int) taken;
  }

  private void endIfComplete() {
    if (left == 0) {
      headRead = 0;
    }
  }

  private int headLength() {
    if (headRead < 2) {
      return 2;
    }
    return switch (head[1] & 0x7f) {
      case 126 -> 4;
      case 127 -> 10;
      default -> 2;
    };
  }

  private long payload() {
    int length = head[1] & 0x7f;
    if (length < 126) {
      return length;
    }
    long extended = 0;
    for (int i = 2; i < headLength(); i++) {
      extended = (extended << 8) | (head[i] & 0xff);
    }
    // The highest bit must be 0; a frame that has it set never ends.
    return extended < 0 ? Long.MAX_VALUE - MASK_BYTES : extended;
  }
}
