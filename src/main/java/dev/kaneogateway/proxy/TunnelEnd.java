package dev.kaneogateway.proxy;

import dev.kaneogateway.web.Deadlines;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One of the two connections of a WebSocket, and what comes in on it: bytes as they come, as fast
 * as the other end takes them, and at last a frame of the gateway's own if it is the one to end it.
 * Takes the place of all that spoke HTTP on the connection, of which thousands stay open for hours:
 * Vert.x's sockets would keep 5 KB for each, and copy what passes. On the connection's event loop.
 */
final class TunnelEnd extends ChannelInboundHandlerAdapter {
  private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(4 * 1024, 16 * 1024);

  private final Deadlines deadlines;
  private final Deadlines.Entry stall;
  private final Runnable whenClosed;
  private final FrameBoundary boundary = new FrameBoundary();
  private final Deque<ByteBuf> early = new ArrayDeque<>(0);
  private @Nullable Channel channel;
  private @Nullable TunnelEnd other;
  private @Nullable ByteBuf last;
  private boolean ended;
  private long received;

  /**
   * @param deadlines how long this end may take nothing of what is to be written to it
   * @param whenStalled what to do when it has not, on the event loop
   * @param whenClosed what to do when it is closed, once, on the event loop
   */
  TunnelEnd(Deadlines deadlines, Runnable whenStalled, Runnable whenClosed) {
    this.deadlines = deadlines;
    this.stall = deadlines.entry(whenStalled);
    this.whenClosed = whenClosed;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    channel = context.channel();
    // Nothing more is read before the ends are joined.
    context.channel().config().setAutoRead(false).setWriteBufferWaterMark(MARKS);
  }

  /** Joins two ends: what comes in on one goes out on the other, and they close together. */
  static void join(TunnelEnd one, TunnelEnd two) {
    one.other = two;
    two.other = one;
    one.begin();
    two.begin();
  }

  private void begin() {
    for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
      carry(bytes);
    }
    flushOther();
    readOn();
    if (!channel().isActive()) {
      closeOther();
    }
  }

  /**
   * Has a last frame sent to the other end as soon as the one under way is complete, and nothing
   * after it.
   */
  void endWith(ByteBuf frame) {
    if (last == null && !ended) {
      last = frame;
      if (boundary.isHere()) {
        sendLast(frame);
        flushOther();
      }
    }
  }

  /** How many bytes came in. */
  long received() {
    return received;
  }

  /** Closes without waiting for what the other side does not take. */
  void cut() {
    channel().close();
  }

  /** Closes when everything has left; what comes in is dropped. */
  void close() {
    ended = true;
    early.forEach(ByteBuf::release);
    early.clear();
    channel().config().setAutoRead(true);
    if (channel().isOpen()) {
      deadlines.restart(stall);
    }
    channel().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!(message instanceof ByteBuf bytes)) {
      // The end of the head that changed the protocol.
      ReferenceCountUtil.release(message);
    } else if (other == null && !ended) {
      early.add(bytes);
    } else {
      carry(bytes);
    }
  }

  private void carry(ByteBuf bytes) {
    received += bytes.readableBytes();
    ByteBuf frame = last;
    if (ended) {
      // Read and dropped, or the unread bytes would turn the close into a reset.
      bytes.release();
      return;
    }
    if (frame == null) {
      boundary.pass(bytes);
      write(bytes);
      return;
    }
    int end = boundary.next(bytes);
    if (end < 0) {
      write(bytes);
    } else {
      write(bytes.readRetainedSlice(end));
      bytes.release();
      sendLast(frame);
    }
  }

  private void sendLast(ByteBuf frame) {
    ended = true;
    write(frame);
  }

  private void write(ByteBuf bytes) {
    TunnelEnd reader = other;
    if (reader == null) {
      bytes.release();
      return;
    }
    Channel to = reader.channel();
    to.write(bytes, to.voidPromise());
    if (!to.isWritable()) {
      channel().config().setAutoRead(false);
      reader.deadlines.restart(reader.stall);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    flushOther();
  }

  private void flushOther() {
    if (other != null) {
      other.channel().flush();
    }
  }

  private void readOn() {
    if (other != null && other.channel().isWritable()) {
      channel().config().setAutoRead(true);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (other != null && context.channel().isWritable()) {
      if (!ended) {
        deadlines.stop(stall);
      }
      other.readOn();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    // Such as that the server shuts down, which is told in the WebSocket's own way.
    ReferenceCountUtil.release(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    ended = true;
    deadlines.stop(stall);
    early.forEach(ByteBuf::release);
    early.clear();
    closeOther();
    whenClosed.run();
  }

  private void closeOther() {
    if (other != null) {
      other.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
  }

  private Channel channel() {
    if (channel == null) {
      throw new IllegalStateException("no connection yet");
    }
    return channel;
  }
}
