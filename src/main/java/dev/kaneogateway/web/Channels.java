package dev.kaneogateway.web;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Stream;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * What is done to a client's connection on its channel, since Vert.x does not offer it. Each runs
 * on the event loop of the connection.
 */
public final class Channels {
  private Channels() {}

  /** What reads and writes the frames of an HTTP/2 connection. */
  static Http2ConnectionHandler http2(HttpConnection connection) {
    return ((ConnectionBase) connection).channel().pipeline().get(Http2ConnectionHandler.class);
  }

  /**
   * Closes a connection whose client does not read. The ordinary close waits until all that was
   * written has left, which here would be never.
   */
  public static void cut(HttpConnection connection) {
    if (connection instanceof ConnectionBase base) {
      ChannelHandlerContext first = base.channel().pipeline().firstContext();
      // From the first handler outwards: Vert.x's own would wait once the connection is a socket.
      if (first != null) {
        first.close();
      }
    }
  }

  /**
   * Sees to it that the head of an answer leaves although no window lets its body follow: Vert.x
   * leaves it to the body to be sent, and only bodies wait for windows (RFC 9113 §5.2.1).
   */
  static void sendHeadAlone(HttpConnection connection, int streamId) {
    Http2ConnectionHandler handler = http2(connection);
    Http2Stream stream = handler == null ? null : handler.connection().stream(streamId);
    if (stream != null && !handler.encoder().flowController().isWritable(stream)) {
      Channel open = ((ConnectionBase) connection).channel();
      open.eventLoop().execute(open::flush);
    }
  }

  /**
   * Ends a connection with a reset, for a client that would take its end for a good one; a good one
   * is what the ordinary close says first, of a connection whose end was announced.
   */
  public static void abort(HttpConnection connection) {
    if (connection instanceof ConnectionBase base) {
      base.channel().config().setOption(ChannelOption.SO_LINGER, 0);
      cut(connection);
    }
  }
}
