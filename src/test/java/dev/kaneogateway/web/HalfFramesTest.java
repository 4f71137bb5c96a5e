package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.vertx.core.http.HttpServerOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HalfFramesTest {
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int CONTINUATION = 9;
  private static final int END_HEADERS = 4;

  private final long before = MemoryShare.HALVES.taken();
  private final EmbeddedChannel channel = new EmbeddedChannel();

  private HalfFrames ofHttp2(boolean preface) {
    Duration hour = Duration.ofHours(1);
    EmbeddedChannel guarded = new EmbeddedChannel();
    ConnectionGuard.put(
        guarded,
        new GuardedPorts.Rules(hour, hour, 200, new HttpServerOptions(), peer -> {}, () -> {}));
    ConnectionGuard guard = ConnectionGuard.of(guarded);
    assert guard != null;
    return HalfFrames.ofHttp2(preface, guard, channel::close);
  }

  private static ByteBuf frame(int type, int flags, int length) {
    return Unpooled.buffer()
        .writeMedium(length)
        .writeByte(type)
        .writeByte(flags)
        .writeInt(1)
        .writeZero(length);
  }

  private static ByteBuf record(int length) {
    return Unpooled.buffer().writeByte(23).writeShort(0x303).writeShort(length).writeZero(length);
  }

  private void comes(ByteBuf bytes) {
    channel.writeInbound(bytes);
  }

  private long taken() {
    return MemoryShare.HALVES.taken() - before;
  }

  @AfterEach
  void whatIsLeftIsReleasedWithTheConnection() {
    channel.close();
    assertEquals(0, taken());
    channel.finishAndReleaseAll();
  }

  @Test
  void aFrameIsWeighedUntilItIsWhole() {
    channel.pipeline().addLast(ofHttp2(false));
    ByteBuf frame = frame(DATA, 0, 10_000);
    comes(frame.readRetainedSlice(9_000));
    assertEquals(9_000, taken());
    comes(frame);
    assertEquals(0, taken());
  }

  @Test
  void aBlockOfFieldsIsWeighedUntilItsLastFrame() {
    channel.pipeline().addLast(ofHttp2(true));
    comes(Unpooled.wrappedBuffer(PREFACE));
    comes(frame(HEADERS, 0, 10_000));
    comes(frame(CONTINUATION, 0, 10_000));
    assertEquals(20_018, taken());
    comes(frame(CONTINUATION, END_HEADERS, 0));
    assertEquals(0, taken());
    assertTrue(channel.isOpen());
  }

  @Test
  void aRecordIsWeighedUntilItIsWhole() {
    channel.pipeline().addLast(HalfFrames.ofTls(channel::close));
    ByteBuf record = record(16_000);
    comes(record.readRetainedSlice(15_000));
    assertEquals(15_000, taken());
    comes(record);
    assertEquals(0, taken());
  }

  @Test
  void nothingIsLeftOfWholeFramesHoweverTheyCome() {
    Random random = new Random(7);
    channel.pipeline().addLast(ofHttp2(true));
    ByteBuf all = Unpooled.buffer().writeBytes(PREFACE);
    for (int n = 0; n < 500; n++) {
      all.writeBytes(frame(random.nextInt(10), END_HEADERS, random.nextInt(16_384)));
    }
    while (all.isReadable()) {
      comes(all.readRetainedSlice(1 + random.nextInt(Math.min(20_000, all.readableBytes()))));
      assertTrue(taken() < 16_384 + 9, "holds " + taken());
    }
    assertEquals(0, taken());
    assertTrue(channel.isOpen());
  }

  @Test
  void whereThereIsNoRoomTheConnectionIsCut() {
    channel.pipeline().addLast(ofHttp2(false));
    long room = MemoryShare.HALVES.room();
    assertTrue(MemoryShare.HALVES.take(room, 0));
    try {
      comes(frame(HEADERS, 0, 10_000));
      assertFalse(channel.isOpen());
    } finally {
      MemoryShare.HALVES.release(room);
    }
  }
}
