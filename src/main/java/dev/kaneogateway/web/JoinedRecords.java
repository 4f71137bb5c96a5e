package dev.kaneogateway.web;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;

/**
 * Makes one piece of small records of TLS that are read at once, as their bytes would be without
 * TLS: of records of a byte there are 700 in one read, and while nobody takes them, each takes up
 * two hundred bytes. Stands behind the handler of TLS; confined to the connection's event loop.
 */
final class JoinedRecords extends ChannelInboundHandlerAdapter {
  /** What a piece takes up beside its bytes is nothing to more than these. */
  private static final int SMALL_BYTES = 1024;

  /** As much as is read in one piece. */
  private static final int MOST_BYTES = 16 * 1024;

  private @Nullable ByteBuf joined;

  /** Joins what comes on a connection whose protocol is agreed upon, if it is over TLS. */
  static void put(ChannelPipeline pipeline) {
    ChannelHandlerContext tls = pipeline.context(SslHandler.class);
    if (tls != null) {
      pipeline.addAfter(tls.name(), null, new JoinedRecords());
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!(message instanceof ByteBuf bytes) || bytes.readableBytes() > SMALL_BYTES) {
      handOn(context);
      context.fireChannelRead(message);
      return;
    }
    joined =
        joined == null
            ? bytes
            : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context.alloc(), joined, bytes);
    if (joined.readableBytes() >= MOST_BYTES) {
      handOn(context);
    }
  }

  private void handOn(ChannelHandlerContext context) {
    ByteBuf all = joined;
    joined = null;
    if (all != null) {
      context.fireChannelRead(all);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    handOn(context);
    context.fireChannelReadComplete();
  }

  /** The end of what the client sends may be told so. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    handOn(context);
    context.fireUserEventTriggered(event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    handOn(context);
    context.fireExceptionCaught(cause);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    handOn(context);
    context.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    handOn(context);
  }
}
