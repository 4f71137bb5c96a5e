package dev.kaneogateway.web;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Tells a client that takes its answer slowly from one that does not take it. Over HTTP/2 a stream
 * that may send waits for the connection, of which others may have a part, and one that may not
 * waits for its own window (RFC 9113 §5.2). Confined to the connection's event loop.
 */
public final class Taken extends Http2FrameListenerDecorator {
  private static final AttributeKey<Taken> KEY = AttributeKey.valueOf(Taken.class.getName());

  private final Http2ConnectionHandler handler;
  private final Http2Connection.PropertyKey windows;
  private long ofConnection;

  private Taken(Http2FrameListener behind, Http2ConnectionHandler handler) {
    super(behind);
    this.handler = handler;
    this.windows = handler.connection().newKey();
  }

  /** Counts what the client of a new HTTP/2 connection takes. */
  public static void watch(HttpConnection connection) {
    Http2ConnectionHandler handler = Channels.http2(connection);
    Taken taken = new Taken(handler.decoder().frameListener(), handler);
    handler.decoder().frameListener(taken);
    Channel channel = ((ConnectionBase) connection).channel();
    channel.attr(KEY).set(taken);
    channel
        .pipeline()
        .addAfter(channel.pipeline().context(handler).name(), null, taken.new Drains());
  }

  /**
   * A number that is another one than before if a client has taken more of its answer, provided
   * that nothing of it was written meanwhile.
   */
  public static long of(HttpServerRequest request) {
    Channel channel = ((ConnectionBase) request.connection()).channel();
    Taken taken = channel.attr(KEY).get();
    return taken == null ? -unsent(channel) : taken.of(request.streamId());
  }

  /** Bytes written that the kernel has not taken. */
  static long unsent(Channel channel) {
    ChannelOutboundBuffer written = channel.unsafe().outboundBuffer();
    return written == null ? 0 : written.totalPendingWriteBytes();
  }

  /** The same for a stream. */
  static long of(HttpConnection connection, Http2Stream stream) {
    Taken taken = ((ConnectionBase) connection).channel().attr(KEY).get();
    return taken == null ? 0 : taken.of(stream);
  }

  private long of(int streamId) {
    Http2Stream stream = handler.connection().stream(streamId);
    return stream == null ? 0 : of(stream);
  }

  private long of(Http2Stream stream) {
    Long own = stream.getProperty(windows);
    boolean maySend = handler.encoder().flowController().windowSize(stream) > 0;
    return (own == null ? 0 : own) + (maySend ? ofConnection : 0);
  }

  @Override
  public void onWindowUpdateRead(ChannelHandlerContext context, int streamId, int increment)
      throws Http2Exception {
    Http2Stream stream = streamId == 0 ? null : handler.connection().stream(streamId);
    if (stream != null) {
      Long before = stream.getProperty(windows);
      stream.setProperty(windows, before == null ? 1L : before + 1);
    } else {
      ofConnection++;
    }
    super.onWindowUpdateRead(context, streamId, increment);
  }

  private final class Drains extends ChannelInboundHandlerAdapter {
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      if (context.channel().isWritable()) {
        ofConnection++;
      }
      context.fireChannelWritabilityChanged();
    }
  }
}
