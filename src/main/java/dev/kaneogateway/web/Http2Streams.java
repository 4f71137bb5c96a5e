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
import io.netty.util.concurrent.MultithreadEventExecutorGroup;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Ends an HTTP/2 connection whose client sends HEADERS or DATA on a stream that is over or was
 * passed by (RFC 9113 §5.1, §5.1.1). Netty resets such a stream only, as it does not remember which
 * were reset before: what was under way to those comes late and is no mistake. Refuses new streams
 * while the event loop has more to do than the heap carries. Confined to the connection's event
 * loop.
 */
public final class Http2Streams extends Http2FrameListenerDecorator
    implements Http2LifecycleManager {
  /** Heap of a request that has begun and whose turn has not come. */
  private static final int STREAM_BYTES = 8 * 1024;

  /** Share of the heap for those of all event loops together. */
  private static final int SHARE = 4;

  private final Http2ConnectionHandler handler;
  private final SingleThreadEventExecutor eventLoop;
  private final int mostTasks;
  private final Runnable flooded;
  private int newest = -1;
  private boolean passedBy;

  /** The newest of the streams that either side has reset. */
  private int newestReset;

  private Http2Streams(
      Http2FrameListener behind,
      Http2ConnectionHandler handler,
      SingleThreadEventExecutor eventLoop,
      Runnable flooded) {
    super(behind);
    this.handler = handler;
    this.eventLoop = eventLoop;
    this.flooded = flooded;
    int eventLoops =
        eventLoop.parent() instanceof MultithreadEventExecutorGroup group
            ? group.executorCount()
            : 1;
    this.mostTasks = (int) (Runtime.getRuntime().maxMemory() / SHARE / STREAM_BYTES / eventLoops);
  }

  /**
   * Watches over the streams of a new HTTP/2 connection.
   *
   * @param flooded told of each stream that is refused because there is too much to do
   */
  public static void watch(HttpConnection connection, Runnable flooded) {
    Http2ConnectionHandler handler = Channels.http2(connection);
    SingleThreadEventExecutor eventLoop =
        (SingleThreadEventExecutor) ((ConnectionBase) connection).channel().eventLoop();
    Http2Streams streams =
        new Http2Streams(handler.decoder().frameListener(), handler, eventLoop, flooded);
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
      if (isTooMuchToDo()) {
        refuse(context, stream);
        return;
      }
    }
    super.onHeadersRead(
        context, stream, headers, dependency, weight, exclusive, padding, endOfStream);
  }

  /**
   * Each request leaves a task behind by which its body's first frame is awaited, and no task has a
   * turn before all that has come on all connections is read: thousands that come at once, each
   * with a hundred streams, would fill the heap. A client may send what is refused so again (RFC
   * 9113 §8.7).
   */
  private boolean isTooMuchToDo() {
    return eventLoop.pendingTasks() > mostTasks;
  }

  /** Without Vert.x, which has not heard of the stream and would stumble over it. */
  private void refuse(ChannelHandlerContext context, int id) {
    newestReset = id;
    flooded.run();
    Http2Stream stream = handler.connection().stream(id);
    if (stream != null) {
      stream.close();
    }
    if (context.channel().isWritable()) {
      handler
          .encoder()
          .frameWriter()
          .writeRstStream(context, id, Http2Error.REFUSED_STREAM.code(), context.newPromise());
    } else {
      context.close();
    }
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
