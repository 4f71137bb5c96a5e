package dev.kaneogateway.web;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.uring.IoUringSocketChannel;
import java.net.SocketException;

/**
 * Ends a connection whose reset came together with bytes, which Netty 4.2.12 misses with io_uring:
 * it hears of the end (POLLRDHUP) while it reads the bytes, is told behind them that the socket is
 * empty, as one is that was reset, and waits for a change that never comes. After the end by a FIN
 * the kernel says that there is more, so there Netty reads on itself. Stands before TLS and HTTP in
 * the pipeline; runs on the channel's event loop.
 *
 * <p>To have Netty ask the kernel anew before each read ({@code
 * io.netty.iouring.pollAddMultishotEnabled=false}) would do too, but takes more CPU.
 */
@Sharable
final class MissedResets extends ChannelInboundHandlerAdapter {
  private static final MissedResets INSTANCE = new MissedResets();

  private MissedResets() {}

  /** Watches a new connection, if it is one that may miss them. */
  static void watch(Channel channel) {
    if (channel instanceof IoUringSocketChannel) {
      channel.pipeline().addFirst("missed-resets", INSTANCE);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    context.fireChannelReadComplete();
    Channel channel = context.channel();
    if (channel.isActive() && hasHeardOfTheEnd(channel)) {
      // As Netty does when a read fails. An end without a word would be that of an answer without a
      // length (RFC 9112 §8), and half of it would pass for all.
      context.fireExceptionCaught(new SocketException("Connection reset by peer"));
      channel.unsafe().close(channel.voidPromise());
    }
  }

  /**
   * If nothing says that there may be more, only the end has Netty read on. A read that met a FIN
   * (-1) needs no more: Netty closes the channel itself, if only after the write that is under way.
   */
  private static boolean hasHeardOfTheEnd(Channel channel) {
    return channel.unsafe().recvBufAllocHandle() instanceof RecvByteBufAllocator.ExtendedHandle own
        && own.lastBytesRead() >= 0
        && own.continueReading(() -> false);
  }
}
