package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpServerOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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
}
