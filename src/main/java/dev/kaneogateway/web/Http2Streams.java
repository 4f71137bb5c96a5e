package dev.kaneogateway.web;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import io.netty.handler.codec.http2.Http2Stream;
import io.vertx.core.http.HttpConnection;

/**
 * Ends an HTTP/2 connection whose client sends HEADERS or DATA on a stream that is over or was
 * passed by (RFC 9113 §5.1, §5.1.1). Netty resets such a stream only, as it does not remember which
 * were reset before: what was under way to those comes late and is no mistake. Confined to the
 * connection's event loop.
 */
public final class Http2Streams extends Http2FrameListenerDecorator
    implements Http2LifecycleManager {
  private final Http2ConnectionHandler handler;
  private int newest = -1;
  private boolean passedBy;

  /** The newest of the streams that either side has reset. */
  private int newestReset;

  private Http2Streams(Http2FrameListener behind, Http2ConnectionHandler handler) {
    super(behind);
    this.handler = handler;
  }

  /** Watches over the streams of a new HTTP/2 connection. */
  public static void watch(HttpConnection connection) {
    Http2ConnectionHandler handler = Channels.http2(connection);
    Http2Streams streams = new Http2Streams(handler.decoder().frameListener(), handler);
    handler.decoder().frameListener(streams);
    handler.encoder().lifecycleManager(streams);
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
    // Trailers come on a stream that is there already.
    if (stream > newest) {
      passedBy |= stream > newest + 2;
      newest = stream;
    }
    super.onHeadersRead(
        context, stream, headers, dependency, weight, exclusive, padding, endOfStream);
  }

  @Override
  public void onRstStreamRead(ChannelHandlerContext context, int stream, long error)
      throws Http2Exception {
    newestReset = Math.max(newestReset, stream);
    super.onRstStreamRead(context, stream, error);
  }

  @Override
  public ChannelFuture resetStream(
      ChannelHandlerContext context, int stream, long error, ChannelPromise promise) {
    // So Netty answers what comes on a stream that it has no more, and nothing else.
    boolean gone =
        error == Http2Error.STREAM_CLOSED.code() && handler.connection().stream(stream) == null;
    ChannelFuture reset = handler.resetStream(context, stream, error, promise);
    if (!gone) {
      newestReset = Math.max(newestReset, stream);
    } else if (stream > newestReset) {
      // Which streams were passed by is not kept, only whether any was.
      onError(
          context,
          false,
          Http2Exception.connectionError(
              passedBy ? Http2Error.PROTOCOL_ERROR : Http2Error.STREAM_CLOSED,
              "stream %d is over",
              stream));
    }
    return reset;
  }

  @Override
  public void closeStreamLocal(Http2Stream stream, ChannelFuture future) {
    handler.closeStreamLocal(stream, future);
  }

  @Override
  public void closeStreamRemote(Http2Stream stream, ChannelFuture future) {
    handler.closeStreamRemote(stream, future);
  }

  @Override
  public void closeStream(Http2Stream stream, ChannelFuture future) {
    handler.closeStream(stream, future);
  }

  @Override
  public ChannelFuture goAway(
      ChannelHandlerContext context,
      int lastStream,
      long error,
      ByteBuf debugData,
      ChannelPromise promise) {
    return handler.goAway(context, lastStream, error, debugData, promise);
  }

  @Override
  public void onError(ChannelHandlerContext context, boolean outbound, Throwable cause) {
    handler.onError(context, outbound, cause);
  }
}
