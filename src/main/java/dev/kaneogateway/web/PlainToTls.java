package dev.kaneogateway.web;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.net.SocketAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells who speaks HTTP to a port of TLS what is wrong, as other servers do: a browser with {@code
 * http://} in its address, or a proxy in front that was not told of TLS, would otherwise see
 * nothing but an end. In the pipeline until the first byte; runs on the channel's event loop.
 */
final class PlainToTls extends ChannelInboundHandlerAdapter {
  private static final String SENTENCE =
      "This port speaks HTTPS: the address must begin with https://, and a proxy in front must use TLS.\n";

  private static final String ANSWER =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
          + SENTENCE.length()
          + "\r\nConnection: close\r\n\r\n"
          + SENTENCE;

  private final ConnectionGuard guard;
  private final Consumer<@Nullable SocketAddress> told;

  /**
   * @param told hears of each client that is told so
   */
  PlainToTls(ConnectionGuard guard, Consumer<@Nullable SocketAddress> told) {
    this.guard = guard;
    this.told = told;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!(message instanceof ByteBuf bytes) || !bytes.isReadable()) {
      context.fireChannelRead(message);
    } else if (isLetter(bytes.getByte(bytes.readerIndex()))) {
      ReferenceCountUtil.release(message);
      told.accept(peer(context));
      guard.announceEnd();
      context.write(Unpooled.copiedBuffer(ANSWER, StandardCharsets.US_ASCII));
      // From here on, past TLS, which would say farewell in its own way.
      context.close();
    } else {
      context.pipeline().remove(this);
      context.fireChannelRead(message);
    }
  }

  private static @Nullable SocketAddress peer(ChannelHandlerContext context) {
    return context.channel().remoteAddress() instanceof InetSocketAddress peer
        ? SocketAddress.inetSocketAddress(peer)
        : null;
  }

  /** No record of TLS begins with one (RFC 8446 §5.1), and every request line in use does. */
  private static boolean isLetter(byte first) {
    return first >= 'A' && first <= 'Z';
  }
}
