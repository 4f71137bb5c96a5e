package dev.kaneogateway.web;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Lets an event loop begin only so many streams of HTTP/2 before it does what those have left for
 * later. A loop reads from every connection that has something before it runs any task, and Vert.x
 * keeps each stream, 9 KB, in a task until then, if it was reset meanwhile or not: of 300 clients
 * that sent 90 requests and their resets at once the heap was full. What comes in a turn that is
 * full waits as bytes, of which 35 make a request. Stands before the reader of frames; runs on the
 * channel's event loop.
 */
final class StreamsInTurn extends ChannelInboundHandlerAdapter {
  /** Some of these take up a megabyte; a connection alone may bring 250 at once. */
  private static final int MOST = 100;

  private static final FastThreadLocal<Turn> TURN =
      new FastThreadLocal<>() {
        @Override
        protected Turn initialValue() {
          return new Turn();
        }
      };

  private final Runnable refused;
  private final Queue<Object> waiting = new ArrayDeque<>(0);
  private long taken;

  /**
   * @param refused told of a connection that is cut because there is no room for what waits
   */
  StreamsInTurn(Runnable refused) {
    this.refused = refused;
  }

  /** A stream begins. */
  static void begun(ChannelHandlerContext context) {
    TURN.get().begun(context);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    Turn turn = TURN.get();
    if (waiting.isEmpty() && !turn.isFull()) {
      context.fireChannelRead(message);
    } else if (take(message)) {
      if (waiting.isEmpty()) {
        turn.waitFor(() -> goOn(context));
      }
      waiting.add(message);
    } else {
      ReferenceCountUtil.release(message);
      refused.run();
      context.close();
    }
  }

  private boolean take(Object message) {
    int bytes = message instanceof ByteBuf buffer ? buffer.readableBytes() : 0;
    if (!MemoryShare.HALVES.take(bytes, bytes)) {
      return false;
    }
    taken += bytes;
    return true;
  }

  private void goOn(ChannelHandlerContext context) {
    if (!context.channel().isActive()) {
      drop();
      return;
    }
    Object next;
    while ((next = waiting.poll()) != null) {
      context.fireChannelRead(next);
    }
    MemoryShare.HALVES.release(taken);
    taken = 0;
    context.fireChannelReadComplete();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    drop();
  }

  private void drop() {
    waiting.forEach(ReferenceCountUtil::release);
    waiting.clear();
    MemoryShare.HALVES.release(taken);
    taken = 0;
  }

  /** What an event loop does between two times that it runs its tasks. */
  private static final class Turn {
    private final Queue<Runnable> next = new ArrayDeque<>();
    private int streams;
    private boolean behind;

    void begun(ChannelHandlerContext context) {
      if (streams++ == 0) {
        EventLoop loop = context.channel().eventLoop();
        loop.execute(() -> over(loop));
      }
    }

    boolean isFull() {
      return streams >= MOST;
    }

    void waitFor(Runnable connection) {
      next.add(connection);
    }

    /** The tasks are run; those of all but the first stream come behind this one. */
    private void over(EventLoop loop) {
      if (isFull() && !behind) {
        behind = true;
        loop.execute(() -> over(loop));
        return;
      }
      behind = false;
      streams = 0;
      while (!isFull() && !next.isEmpty()) {
        next.remove().run();
      }
    }
  }
}
