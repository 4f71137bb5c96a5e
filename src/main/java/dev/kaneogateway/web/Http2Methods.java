package dev.kaneogateway.web;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Ends streams of HTTP/2 whose method is no token (RFC 9113 §8.1.1). Vert.x would end the
 * connection, and with it the streams of others behind the same proxy. Confined to the connection's
 * event loop.
 */
public final class Http2Methods extends Http2FrameListenerDecorator {
  private final Runnable refused;

  private Http2Methods(Http2FrameListener behind, Runnable refused) {
    super(behind);
    this.refused = refused;
  }

  /**
   * Checks the heads that come in on a new HTTP/2 connection.
   *
   * @param refused told of each that is refused
   */
  public static void check(HttpConnection connection, Runnable refused) {
    if (connection instanceof ConnectionBase base) {
      Http2ConnectionHandler handler = base.channel().pipeline().get(Http2ConnectionHandler.class);
      handler.decoder().frameListener(new Http2Methods(handler.decoder().frameListener(), refused));
    }
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext context,
      int stream,
      Http2Headers headers,
      int padding,
      boolean endOfStream)
      throws Http2Exception {
    check(stream, headers);
    super.onHeadersRead(context, stream, headers, padding, endOfStream);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext context,
      int stream,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean endOfStream)
      throws Http2Exception {
    check(stream, headers);
    super.onHeadersRead(
        context, stream, headers, dependency, weight, exclusive, padding, endOfStream);
  }

  private void check(int stream, Http2Headers headers) throws Http2Exception {
    CharSequence method = headers.method();
    // Trailers have none.
    if (method != null && !Octets.isToken(method.toString())) {
      refused.run();
      throw Http2Exception.streamError(stream, Http2Error.PROTOCOL_ERROR, "the method is no token");
    }
  }
}
