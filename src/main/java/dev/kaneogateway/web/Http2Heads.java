package dev.kaneogateway.web;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.vertx.core.http.HttpConnection;
import java.util.Iterator;

/**
 * Ends streams of HTTP/2 whose head is malformed in a way that only shows before Vert.x reads it
 * (RFC 9113 §8.1.1): for a method that is no token it would end the connection, and with it the
 * streams of others behind the same proxy; of several {@code Host} it would keep the first.
 * Confined to the connection's event loop.
 */
public final class Http2Heads extends Http2FrameListenerDecorator {
  private final Runnable refused;

  private Http2Heads(Http2FrameListener behind, Runnable refused) {
    super(behind);
    this.refused = refused;
  }

  /**
   * Checks the heads that come in on a new HTTP/2 connection.
   *
   * @param refused told of each that is refused
   */
  public static void check(HttpConnection connection, Runnable refused) {
    Http2ConnectionDecoder decoder = Channels.http2(connection).decoder();
    decoder.frameListener(new Http2Heads(decoder.frameListener(), refused));
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
    if (method == null) {
      return;
    }
    if (!Octets.isToken(method.toString())) {
      throw refused(stream, "the method is no token");
    }
    Iterator<CharSequence> hosts = headers.valueIterator(HttpHeaderNames.HOST);
    if (hosts.hasNext()) {
      hosts.next();
      if (hosts.hasNext()) {
        throw refused(stream, "more than one Host");
      }
    }
  }

  private Http2Exception refused(int stream, String reason) {
    refused.run();
    return Http2Exception.streamError(stream, Http2Error.PROTOCOL_ERROR, reason);
  }
}
