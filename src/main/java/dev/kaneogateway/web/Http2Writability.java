package dev.kaneogateway.web;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Sees to it that streams of HTTP/2 learn that they may be written to. What waits for TLS makes a
 * channel unwritable at once, of which it tells later. If it is writable again by then, Netty takes
 * it that nothing has changed, and streams that it passed over in between, as it told all of them
 * that they may be written to, wait for ever. Confined to the connection's event loop.
 */
public final class Http2Writability extends Http2FrameListenerDecorator {
  private final Http2ConnectionHandler handler;

  private Http2Writability(Http2FrameListener behind, Http2ConnectionHandler handler) {
    super(behind);
    this.handler = handler;
  }

  /** Watches over the streams of a new HTTP/2 connection. */
  public static void watch(HttpConnection connection) {
    Http2ConnectionHandler handler = Channels.http2(connection);
    Http2Writability writability = new Http2Writability(handler.decoder().frameListener(), handler);
    handler.decoder().frameListener(writability);
    ChannelPipeline pipeline = ((ConnectionBase) connection).channel().pipeline();
    pipeline.addAfter(pipeline.context(handler).name(), null, writability.new Changes());
  }

  private final class Changes extends ChannelInboundHandlerAdapter {
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) throws Exception {
      if (context.channel().isWritable()) {
        handler.connection().forEachActiveStream(Http2Writability.this::tell);
      }
      context.fireChannelWritabilityChanged();
    }
  }

  /** Netty looks at a stream anew when its window grows, be it by nothing. */
  private boolean tell(Http2Stream stream) throws Http2Exception {
    handler.encoder().flowController().incrementWindowSize(stream, 0);
    return true;
  }

  /**
   * Vert.x asks whether a new stream may be written to, and takes what Netty says later for a
   * change of that; so both have to mean the same.
   */
  @Override
  public void onHeadersRead(
      ChannelHandlerContext context,
      int streamId,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean endOfStream)
      throws Http2Exception {
    Http2Stream stream = handler.connection().stream(streamId);
    if (stream != null && headers.method() != null) {
      tell(stream);
    }
    super.onHeadersRead(
        context, streamId, headers, dependency, weight, exclusive, padding, endOfStream);
  }
}
