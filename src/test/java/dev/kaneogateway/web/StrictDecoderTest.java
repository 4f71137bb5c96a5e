package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpServerOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictDecoderTest {
  private static final String REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private ConnectionGuard guard;

  @BeforeEach
  void decode() {
    HttpServerOptions options = new HttpServerOptions();
    Duration long_ = Duration.ofHours(1);
    ConnectionGuard.put(
        channel, new GuardedPorts.Rules(long_, long_, 200, options, peer -> {}, () -> {}));
    guard = ConnectionGuard.of(channel);
    assertNotNull(guard);
    channel.pipeline().remove(FirstBytes.class);
    channel.pipeline().addLast(new StrictDecoder(options, 200, guard));
  }

  private void comes(String bytes) {
    channel.writeInbound(Unpooled.copiedBuffer(bytes, StandardCharsets.US_ASCII));
  }

  private int requests() {
    int number = 0;
    for (Object message = channel.readInbound(); message != null; message = channel.readInbound()) {
      number += message instanceof HttpRequest ? 1 : 0;
      ReferenceCountUtil.release(message);
    }
    return number;
  }

  @Test
  void whatComesBehindARequestThatWaitsForItsTurnStaysBytes() {
    comes(REQUEST.repeat(100));
    assertEquals(1, requests());
    assertFalse(channel.config().isAutoRead());
    for (int n = 1; n < 100; n++) {
      guard.requestBegun();
      channel.runPendingTasks();
      assertEquals(1, requests(), "behind the " + n + "th");
    }
    guard.requestBegun();
    channel.runPendingTasks();
    assertTrue(channel.config().isAutoRead());
    comes(REQUEST);
    assertEquals(1, requests());
  }

  @Test
  void nothingIsMadeOfItWhenTheClientLeaves() {
    comes(REQUEST.repeat(100));
    assertEquals(1, requests());
    channel.finish();
    assertEquals(0, requests());
  }

  private void aPausedBody(String framing) {
    comes("POST / HTTP/1.1\r\nHost: a\r\n" + framing + "\r\n\r\n");
    guard.requestBegun();
    guard.incoming().bodyPaused();
    assertTrue(channel.config().isAutoRead());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 99999", "Transfer-Encoding: chunked"})
  void aBodyThatNobodyTakesIsReadNoFurther(String framing) {
    aPausedBody(framing);
    comes("1000\r\n" + "x".repeat(1000));
    assertTrue(channel.config().isAutoRead());
    comes("x".repeat(3096));
    assertFalse(channel.config().isAutoRead());
    assertTrue(MemoryShare.BODIES.taken() >= 4096);
    guard.bodyResumed();
    channel.runPendingTasks();
    assertTrue(channel.config().isAutoRead());
    assertEquals(0, MemoryShare.BODIES.taken());
    comes("\r\n");
    assertTrue(channel.config().isAutoRead());
    assertEquals(1, requests());
  }

  /** As epoll reads, whatever it was told, of who has hung up. */
  @Test
  void aBodyThatComesAllTheSameIsCutWhereAllThatWaitHaveNoRoom() {
    aPausedBody("Content-Length: 99999");
    long room = MemoryShare.BODIES.room();
    assertTrue(MemoryShare.BODIES.take(room, 0));
    comes("x".repeat(2000));
    assertFalse(channel.config().isAutoRead());
    assertTrue(channel.isOpen());
    comes("x");
    assertFalse(channel.isOpen());
    MemoryShare.BODIES.release(room);
    assertEquals(0, MemoryShare.BODIES.taken());
  }

  @Test
  void aBodyThatWaitsTakesNoRoomWhenItsClientHasLeft() {
    aPausedBody("Content-Length: 9");
    comes("abc");
    assertEquals(3, MemoryShare.BODIES.taken());
    channel.finishAndReleaseAll();
    assertEquals(0, MemoryShare.BODIES.taken());
  }

  /** Or the close would be a reset, and the client might not read why (RFC 9112 §9.6). */
  @Test
  void whatComesInOneReadBehindALastRequestStopsNoReading() {
    channel
        .pipeline()
        .addLast(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext context, Object message) {
                guard.requestBegun();
                guard.doom();
                context.fireChannelRead(message);
              }
            });
    comes(REQUEST.repeat(3));
    assertTrue(channel.config().isAutoRead());
    assertEquals(1, requests());
  }
}
