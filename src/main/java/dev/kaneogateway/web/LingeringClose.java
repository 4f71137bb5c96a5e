package dev.kaneogateway.web;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection in good order (RFC 9112 §9.6 tells why): what was written leaves, which
 * Netty's HTTP/2 would not wait for when its last stream ends; the client is told that nothing more
 * comes; and what it still sends, such as updates of windows, is read and thrown away until it
 * hangs up as well. Closed at once, with bytes unread, the connection would be reset and the end of
 * the last answer lost. Confined to the connection's event loop.
 */
final class LingeringClose extends ChannelOutboundHandlerAdapter {
  /** For a client to take what was written. */
  private static final long WRITING_MS = 10_000;

  /** For a client to hang up, since it sent something last. */
  private static final long HANGING_UP_MS = 1000;

  /** How often it may have that time: one that sends on has not read yet. */
  private static final int HANGING_UP_TIMES = 5;

  private final ConnectionGuard guard;
  private boolean closing;
  private @Nullable Future<?> limit;

  LingeringClose(ConnectionGuard guard) {
    this.guard = guard;
  }

  @Override
  public void close(ChannelHandlerContext context, ChannelPromise promise) {
    if (!(context.channel() instanceof DuplexChannel duplex) || !duplex.isActive()) {
      context.close(promise);
      return;
    }
    duplex.closeFuture().addListener(closed -> promise.trySuccess());
    if (closing) {
      return;
    }
    closing = true;
    guard.doom();
    limit(context, WRITING_MS, context::close);
    // Most often it is the client that closes it then.
    duplex.closeFuture().addListener(closed -> stopLimit());
    context
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            written -> {
              if (duplex.isOpen()) {
                duplex.shutdownOutput();
                awaitHangingUp(context, HANGING_UP_TIMES);
              }
            });
  }

  private void awaitHangingUp(ChannelHandlerContext context, int times) {
    int before = guard.thrownAway();
    limit(
        context,
        HANGING_UP_MS,
        () -> {
          if (times > 1 && guard.thrownAway() > before) {
            awaitHangingUp(context, times - 1);
          } else {
            context.close();
          }
        });
  }

  private void limit(ChannelHandlerContext context, long millis, Runnable whenOver) {
    stopLimit();
    limit = context.executor().schedule(whenOver, millis, TimeUnit.MILLISECONDS);
  }

  private void stopLimit() {
    if (limit != null) {
      limit.cancel(false);
    }
  }
}
