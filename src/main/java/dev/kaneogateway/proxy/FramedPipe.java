package dev.kaneogateway.proxy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.impl.ConnectionBase;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a WebSocket: bytes as they come, as fast as the reader takes them, and at the
 * end a frame of the gateway's own if it is the one to end it. On one event loop.
 *
 * <p>The writer's channel itself says when it is full, and the reader's own is told to read no
 * more: between them Vert.x's sockets would keep sixteen pieces each, half a megabyte for each
 * client that does not read.
 */
final class FramedPipe extends ChannelInboundHandlerAdapter {
  private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(4 * 1024, 16 * 1024);

  private final NetSocket from;
  private final NetSocket to;
  private final Channel source;
  private final Channel sink;
  private final FrameBoundary boundary = new FrameBoundary();
  private @Nullable Buffer last;
  private boolean ended;

  /**
   * Makes a pipe between two sockets.
   *
   * @param reader the connection that {@code from} has become of
   * @param writer the one that {@code to} has become of
   */
  FramedPipe(NetSocket from, HttpConnection reader, NetSocket to, HttpConnection writer) {
    this.from = from;
    this.to = to;
    this.source = ((ConnectionBase) reader).channel();
    this.sink = ((ConnectionBase) writer).channel();
  }

  /** Begins to carry; the end of one side ends the other. */
  void start() {
    from.handler(this::carry);
    from.endHandler(end -> to.end());
    sink.config().setWriteBufferWaterMark(MARKS);
    sink.pipeline().addFirst(this);
    from.resume();
  }

  /** Sends a last frame as soon as the one under way is complete, and nothing after it. */
  void endWith(Buffer frame) {
    if (last == null) {
      last = frame;
      if (boundary.isHere()) {
        sendLast(frame);
      }
    }
  }

  private void carry(Buffer bytes) {
    Buffer frame = last;
    if (ended) {
      // Read and dropped, or the unread bytes would turn the close into a reset.
      return;
    }
    if (frame == null) {
      boundary.pass(bytes);
      write(bytes);
      return;
    }
    int end = boundary.next(bytes);
    write(end < 0 ? bytes : bytes.slice(0, end));
    if (end >= 0) {
      sendLast(frame);
    }
  }

  private void sendLast(Buffer frame) {
    ended = true;
    to.write(frame);
  }

  private void write(Buffer bytes) {
    to.write(bytes);
    if (!sink.isWritable()) {
      source.config().setAutoRead(false);
      from.pause();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    context.fireChannelWritabilityChanged();
    if (sink.isWritable()) {
      source.config().setAutoRead(true);
      from.resume();
    }
  }
}
