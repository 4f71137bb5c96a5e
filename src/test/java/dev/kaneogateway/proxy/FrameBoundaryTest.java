package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
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
    ByteBuf all = Unpooled.buffer();
    for (int length : lengths) {
      all.writeBytes(frame(length, masked));
    }
    FrameBoundary passing = new FrameBoundary();
    for (int at = 0; at < all.readableBytes(); at += piece) {
      passing.pass(all.slice(at, Math.min(piece, all.readableBytes() - at)));
    }
    assertTrue(passing.isHere());

    int first = frame(lengths.get(0), masked).readableBytes();
    FrameBoundary finding = new FrameBoundary();
    int seen = 0;
    int end = -1;
    while (end < 0) {
      ByteBuf next = all.slice(seen, Math.min(piece, all.readableBytes() - seen));
      end = finding.next(next);
      seen += end < 0 ? next.readableBytes() : end;
    }
    assertEquals(first, seen);
  }

  @Test
  void aLengthThatNobodyCanSendNeverEnds() {
    FrameBoundary boundary = new FrameBoundary();
    boundary.pass(Unpooled.wrappedBuffer(new byte[] {1, 127, -1, -1, -1, -1, -1, -1, -1, -1}));
    boundary.pass(Unpooled.wrappedBuffer(new byte[100_000]));
    assertFalse(boundary.isHere());
  }

  private static ByteBuf frame(int length, boolean masked) {
    int mask = masked ? 0x80 : 0;
    ByteBuf frame = Unpooled.buffer().writeByte(0x82);
    if (length < 126) {
      frame.writeByte(length | mask);
    } else if (length < 65_536) {
      frame.writeByte(126 | mask).writeShort(length);
    } else {
      frame.writeByte(127 | mask).writeLong(length);
    }
    return frame.writeZero(length + (masked ? 4 : 0));
  }
}
