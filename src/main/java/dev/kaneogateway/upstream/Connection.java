package dev.kaneogateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.PromiseInternal;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1.1 connection to Kaneo and the call it carries, one after the other. It is used again
 * only when both messages ended where they said they would and nothing came after (RFC 9112 §9.3).
 * Confined to its event loop.
 */
final class Connection extends ChannelInboundHandlerAdapter {
  private static final int CONTINUE = 100;
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final int EARLY_HINTS = 103;
  private static final int FINAL = 200;

  /** As the kernel counts the states of a connection. */
  private static final int ESTABLISHED = 1;

  /** Answers before the answer; whoever sends more does not mean to answer. */
  private static final int MOST_INTERIM = 100;

  private final ConnectionPool pool;
  private final ContextInternal context;
  private final AnswerDecoder decoder;
  private final HeadBytes head;
  private final Handler<Object> reader = this::read;
  private @Nullable ChannelHandlerContext channel;
  private @Nullable Call call;
  private int calls;
  private boolean interim;
  private int interims;
  private boolean keepAlive = true;
  private boolean done;
  private boolean apart;
  private boolean reading;
  private boolean open = true;
  private long idleSinceNanos = System.nanoTime();
  private long mostIdleNanos;

  Connection(
      ConnectionPool pool,
      ContextInternal context,
      AnswerDecoder decoder,
      HeadBytes head,
      long mostIdleNanos) {
    this.pool = pool;
    this.context = context;
    this.decoder = decoder;
    this.head = head;
    this.mostIdleNanos = mostIdleNanos;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    channel = added;
  }

  /** Carries a call from now on. */
  Call carry(Call.Events by) {
    Call next = new Call(this, by, calls++ > 0);
    call = next;
    done = false;
    interims = 0;
    return next;
  }

  void begin(HttpMethod method, String target) {
    decoder.expect(method);
    head.begin(method.name(), target);
  }

  void field(CharSequence name, CharSequence value) {
    head.field(name, value);
  }

  void sendHead() {
    ChannelHandlerContext to = channel();
    to.writeAndFlush(head.end(to.alloc()), to.voidPromise());
  }

  Future<Void> sendBody(Buffer data, boolean chunked) {
    ByteBuf bytes = ((BufferInternal) data).getByteBuf();
    if (chunked) {
      ByteBuf size = channel().alloc().directBuffer(16);
      ByteBufUtil.writeAscii(size, Integer.toHexString(bytes.readableBytes()) + "\r\n");
      // A void promise would tell of a failed write as of the end of all; the answer may be there.
      channel().write(size, channel().newPromise());
      channel().write(bytes, channel().newPromise());
      return write("\r\n");
    }
    return write(bytes);
  }

  Future<Void> sendLastChunk() {
    return write("0\r\n\r\n");
  }

  private Future<Void> write(String ascii) {
    return write(
        channel().alloc().directBuffer(8).writeBytes(ascii.getBytes(StandardCharsets.US_ASCII)));
  }

  private Future<Void> write(ByteBuf bytes) {
    PromiseInternal<Void> sent = context.promise();
    channel().writeAndFlush(bytes, channel().newPromise().addListener(sent));
    return sent.future();
  }

  boolean isWritable() {
    return channel().channel().isWritable();
  }

  /** Whether all that was written has left the process. */
  boolean isFlushed() {
    ChannelOutboundBuffer unsent = channel().channel().unsafe().outboundBuffer();
    return unsent != null && unsent.isEmpty();
  }

  /** Whether more may be read; what has been read meanwhile is still told. */
  void readOn(boolean on) {
    channel().channel().config().setAutoRead(on);
  }

  /** The call has its end, in good order. */
  void ended() {
    call = null;
    done = true;
    if (!reading) {
      giveBack();
    }
  }

  /**
   * Bytes after the end of an answer would be taken for the next one, so their read ends first. The
   * end of an answer without a length is that of the connection, which is told only afterwards.
   */
  private void giveBack() {
    done = false;
    if (!open) {
      return;
    }
    if (keepAlive && !decoder.hasMore() && channel().channel().isActive()) {
      readOn(true);
      idleSinceNanos = System.nanoTime();
      pool.returned(this);
    } else {
      close();
    }
  }

  /** It will be busy for hours, and is not used again. */
  void livesLong() {
    if (open && !apart) {
      setApart();
      pool.apart(this);
    }
  }

  /** It takes no place of the pool's, and carries no other call. */
  Connection setApart() {
    apart = true;
    keepAlive = false;
    return this;
  }

  /** The protocol has changed: what comes after the head that said so is for another to read. */
  Channel takeOver(ChannelHandler by) {
    Channel taken = channel().channel();
    taken.config().setAutoClose(true);
    call = null;
    open = false;
    ConnectionPool owner = pool;
    taken.closeFuture().addListener(closed -> owner.tunnelClosed());
    ChannelPipeline pipeline = taken.pipeline();
    pipeline.replace(this, "tunnel", by);
    pipeline.remove(decoder);
    return taken;
  }

  /** The pace of the client it works for; more than any if there is none. */
  long clientPace() {
    return call == null ? Long.MAX_VALUE : call.clientPace();
  }

  /** Ends what it carries, for others who wait. */
  void giveWay() {
    if (call != null) {
      call.giveWay();
    }
  }

  /**
   * Whether Kaneo may be about to close it, having heard nothing for so long; or has closed it,
   * which is told only behind all else that came in the same turn of the event loop.
   */
  boolean isStale(long nowNanos) {
    return nowNanos - idleSinceNanos >= mostIdleNanos || !channel().channel().isActive();
  }

  /**
   * Whether Kaneo has closed it; of an end that came with the answer epoll tells a little later.
   */
  boolean hasEnded() {
    Channel own = channel().channel();
    return !own.isActive()
        || (own instanceof EpollSocketChannel socket && socket.tcpInfo().state() != ESTABLISHED);
  }

  void close() {
    call = null;
    if (open) {
      open = false;
      pool.gone(this);
      channel().close();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext from, Object message) {
    reading = true;
    context.dispatch(message, reader);
  }

  private void read(Object message) {
    try {
      if (!open) {
        return;
      }
      if (message instanceof HttpResponse answer) {
        readHead(answer);
      } else if (message instanceof HttpContent content) {
        if (interim) {
          interim = !(content instanceof LastHttpContent);
        } else {
          readBody(content);
        }
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void readHead(HttpResponse answer) {
    Call current = call;
    if (current == null || current.isAnswered() || answer.decoderResult().isFailure()) {
      // Half a head is what is left of a Kaneo that ended, and says nothing wrong.
      boolean half = answer.decoderResult().cause() instanceof PrematureChannelClosureException;
      fail(half ? UpstreamFailure.BROKEN : UpstreamFailure.NONSENSE);
      return;
    }
    int status = answer.status().code();
    interim = status < FINAL;
    if (interim && ++interims > MOST_INTERIM) {
      fail(UpstreamFailure.NONSENSE);
    } else if (!interim) {
      keepAlive = HttpUtil.isKeepAlive(answer) && !apart && current.hasLeft();
      if (calls == 1) {
        heed(answer.headers().get("Keep-Alive"));
      }
      current.answered(answer.status(), (MultiMap) answer.headers());
    } else if (status == CONTINUE) {
      current.goOn();
    } else if (status == EARLY_HINTS) {
      current.earlyHints((MultiMap) answer.headers());
    } else if (status == SWITCHING_PROTOCOLS && apart) {
      current.answered(answer.status(), (MultiMap) answer.headers());
    } else if (status <= SWITCHING_PROTOCOLS) {
      fail(UpstreamFailure.NONSENSE);
    }
    // Of others, such as 102, a client has no need.
  }

  /** Kaneo tells how long it waits for the next request, a second of which may be under way. */
  private void heed(@Nullable String parameters) {
    int at = parameters == null ? -1 : parameters.indexOf("timeout=");
    if (parameters == null || at < 0) {
      return;
    }
    long seconds = 0;
    for (int i = at + 8; i < parameters.length() && seconds < 100_000; i++) {
      int digit = parameters.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        break;
      }
      seconds = seconds * 10 + digit;
    }
    mostIdleNanos = Math.min(mostIdleNanos, Math.max(0, seconds - 1) * 1_000_000_000);
  }

  private void readBody(HttpContent content) {
    Call current = call;
    if (current == null || content.decoderResult().isFailure()) {
      fail(UpstreamFailure.NONSENSE);
      return;
    }
    if (content.content().isReadable()) {
      current.read(BufferInternal.safeBuffer(content.content().retain()));
    }
    if (content instanceof LastHttpContent last && call == current) {
      current.readLast(last.trailingHeaders() instanceof MultiMap fields ? fields : null);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext from) {
    reading = false;
    Call current = call;
    if (current != null) {
      context.dispatch(current, Call::readPaused);
    }
    if (done) {
      context.dispatch(this, Connection::giveBack);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext from) {
    Call current = call;
    if (current != null && isWritable()) {
      context.dispatch(current, Call::writable);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext from) {
    context.dispatch(UpstreamFailure.BROKEN, this::fail);
    from.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
    context.dispatch(
        cause instanceof DecoderException ? UpstreamFailure.NONSENSE : UpstreamFailure.BROKEN,
        this::fail);
  }

  private void fail(UpstreamFailure why) {
    Call current = call;
    close();
    if (current != null) {
      current.broken(why);
    }
  }

  private ChannelHandlerContext channel() {
    if (channel == null) {
      throw new IllegalStateException("not connected");
    }
    return channel;
  }
}
