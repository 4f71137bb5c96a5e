package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.vertx.core.http.HttpServerOptions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionGuardTest {
  /** A transport, or TLS with its farewell, whose close takes effect behind one more read. */
  private static final class LateClose extends ChannelOutboundHandlerAdapter {
    private boolean asked;

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
      asked = true;
    }
  }

  private final LateClose transport = new LateClose();

  private EmbeddedChannel guarded(boolean tls, Duration idle) {
    HttpServerOptions options = new HttpServerOptions().setSsl(tls);
    GuardedPorts.Rules rules =
        new GuardedPorts.Rules(Duration.ofHours(1), idle, 200, options, peer -> {}, () -> {});
    return new EmbeddedChannel(
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            ConnectionGuard.put(channel, rules);
            channel.pipeline().addFirst(transport);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatComesBehindTheCloseOfAnIdleConnectionIsForNobody(boolean tls) {
    EmbeddedChannel channel = guarded(tls, Duration.ofMillis(1));
    while (!transport.asked) {
      channel.advanceTimeBy(2, TimeUnit.MILLISECONDS);
      channel.runScheduledPendingTasks();
    }
    channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {23, 3, 3, 0, 1, 0}));
    assertTrue(channel.inboundMessages().isEmpty());
    channel.releaseInbound();
  }
}
