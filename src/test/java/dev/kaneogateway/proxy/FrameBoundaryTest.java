package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.buffer.Buffer;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FrameBoundaryTest {
  /** However frames are cut into pieces, their ends are found, and nothing else is. */
  @Property
  void findsTheEndsOfFrames(
      @ForAll @Size(min = 1, max = 5) List<@IntRange(max = 70_000) Integer> lengths,
      @ForAll boolean masked,
      @ForAll @IntRange(min = 1, max = 5000) int piece) {
    Buffer all = Buffer.buffer();
    for (int length : lengths) {
      all.appendBuffer(frame(length, masked));
    }
    FrameBoundary passing = new FrameBoundary();
    for (int at = 0; at < all.length(); at += piece) {
      passing.pass(all.slice(at, Math.min(all.length(), at + piece)));
    }
    assertTrue(passing.isHere());

    int first = frame(lengths.get(0), masked).length();
    FrameBoundary finding = new FrameBoundary();
    int seen = 0;
    int end = -1;
    while (end < 0) {
      Buffer next = all.slice(seen, Math.min(all.length(), seen + piece));
      end = finding.next(next);
      seen += end < 0 ? next.length() : end;
    }
    assertEquals(first, seen);
  }

  @Test
  void aLengthThatNobodyCanSendNeverEnds() {
    FrameBoundary boundary = new FrameBoundary();
    boundary.pass(Buffer.buffer(new byte[] {1, 127, -1, -1, -1, -1, -1, -1, -1, -1}));
    boundary.pass(Buffer.buffer(new byte[100_000]));
    assertFalse(boundary.isHere());
  }

  private static Buffer frame(int length, boolean masked) {
    int mask = masked ? 0x80 : 0;
    Buffer frame = Buffer.buffer().appendByte((byte) 0x82);
    if (length < 126) {
      frame.appendByte((byte) (length | mask));
    } else if (length < 65_536) {
      frame.appendByte((byte) (126 | mask)).appendUnsignedShort(length);
    } else {
      frame.appendByte((byte) (127 | mask)).appendLong(length);
    }
    return frame.appendBytes(new byte[length + (masked ? 4 : 0)]);
  }
}
