package dev.kaneogateway.web;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/**
 * Weighs what has come of a frame of HTTP/2, of a block of fields over several frames, or of a
 * record of TLS that is not whole. Who reads those keeps it until the rest comes; it is little, but
 * connections are many: of 40 KB that 8,000 clients left unfinished the process ended. Stands
 * before the reader, and runs on the channel's event loop.
 */
abstract class HalfFrames extends ChannelInboundHandlerAdapter {
  /** What a connection takes up anyhow. */
  private static final int SMALL_BYTES = 4096;

  private final Runnable refused;
  private final byte[] head;
  private int headRead;
  private int payloadLeft;
  private int come;
  private long taken;

  /**
   * @param headBytes the length of a frame's head
   * @param before bytes that are no frame before the first one
   * @param refused told of a connection that is cut because there is no room
   */
  private HalfFrames(int headBytes, int before, Runnable refused) {
    this.head = new byte[headBytes];
    this.headRead = before > 0 ? headBytes : 0;
    this.payloadLeft = before;
    this.refused = refused;
  }

  /** Weighs what comes of TLS. */
  static HalfFrames ofTls(Runnable refused) {
    return new Records(refused);
  }

  /**
   * Weighs what comes of HTTP/2.
   *
   * @param preface whether the client's preface is still to come
   * @param guard who limits the time for half a frame where no request is under way
   */
  static HalfFrames ofHttp2(boolean preface, ConnectionGuard guard, Runnable refused) {
    return new Frames(preface, guard, refused);
  }

  /** The length of the payload that a head tells of. */
  abstract int lengthAfter(byte[] head);

  /** Whether a frame that is whole waits for another to be read with. */
  abstract boolean isToBeContinued(byte[] head);

  /** Whether something is not whole now. */
  abstract void half(boolean is);

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof ByteBuf bytes) {
      pass(bytes);
      if (!weigh(come < SMALL_BYTES ? 0 : come)) {
        ReferenceCountUtil.release(message);
        refused.run();
        context.close();
        return;
      }
    }
    context.fireChannelRead(message);
    // Only now: what was whole has begun requests, or the connection itself.
    half(come > 0);
  }

  private void pass(ByteBuf bytes) {
    int at = bytes.readerIndex();
    int end = bytes.writerIndex();
    while (at < end) {
      int from = at;
      if (headRead < head.length) {
        head[headRead++] = bytes.getByte(at++);
        if (headRead == head.length) {
          payloadLeft = lengthAfter(head);
        }
      } else {
        at += Math.min(payloadLeft, end - at);
        payloadLeft -= at - from;
      }
      come += at - from;
      if (headRead == head.length && payloadLeft == 0) {
        headRead = 0;
        if (!isToBeContinued(head)) {
          come = 0;
        }
      }
    }
  }

  private boolean weigh(long now) {
    if (now > taken && !MemoryShare.HALVES.take(now - taken, now)) {
      return false;
    }
    if (now < taken) {
      MemoryShare.HALVES.release(taken - now);
    }
    taken = now;
    return true;
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    weigh(0);
  }

  /** RFC 8446 §5.1. */
  private static final class Records extends HalfFrames {
    private static final int HEAD_BYTES = 5;

    Records(Runnable refused) {
      super(HEAD_BYTES, 0, refused);
    }

    @Override
    int lengthAfter(byte[] head) {
      return (head[3] & 0xff) << 8 | (head[4] & 0xff);
    }

    @Override
    boolean isToBeContinued(byte[] head) {
      return false;
    }

    @Override
    void half(boolean is) {
      // The time for it is limited as for any byte before a request.
    }
  }

  /** RFC 9113 §4.1 and §6.10. */
  private static final class Frames extends HalfFrames {
    private static final int HEAD_BYTES = 9;
    private static final int PREFACE_BYTES = 24;
    private static final int HEADERS = 1;
    private static final int CONTINUATION = 9;
    private static final int END_HEADERS = 4;

    private final ConnectionGuard guard;

    Frames(boolean preface, ConnectionGuard guard, Runnable refused) {
      super(HEAD_BYTES, preface ? PREFACE_BYTES : 0, refused);
      this.guard = guard;
    }

    @Override
    int lengthAfter(byte[] head) {
      return (head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | (head[2] & 0xff);
    }

    @Override
    boolean isToBeContinued(byte[] head) {
      return (head[3] == HEADERS || head[3] == CONTINUATION) && (head[4] & END_HEADERS) == 0;
    }

    @Override
    void half(boolean is) {
      guard.partUnderWay(is);
    }
  }
}
