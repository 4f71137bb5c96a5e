package dev.kaneogateway.web;

import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.impl.ConnectionBase;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a client connection that dawdles between requests: one that has begun a request head and
 * does not end it in time, or that has no request at all for too long. Vert.x has neither limit
 * (its idle time-outs start anew at every byte, and would cut a quiet WebSocket or event stream),
 * so this counts on the channel itself, from before the first byte. Runs on the channel's event
 * loop.
 */
public final class ConnectionGuard extends ChannelInboundHandlerAdapter {
  private static final AttributeKey<ConnectionGuard> KEY =
      AttributeKey.valueOf(ConnectionGuard.class.getName());
  private static final String DECODER = "httpDecoder";
  private static final String H2C_UPGRADE = "h2c";
  private static final Map<Integer, Rules> GUARDED_PORTS = new ConcurrentHashMap<>();

  /** More bytes than the preface of HTTP/2 has, by which Vert.x tells the protocol. */
  private static final int MOST_FED_SINGLY = 25;

  private static final byte[] NO_METHOD = {'('};

  /** Bytes read in one piece, and so kept for a Kaneo that does not read. */
  private static final int MOST_AT_ONCE = 16 * 1024;

  /**
   * Bytes the kernel takes beyond what a client's window and line have room for. Without it Linux
   * takes up to 4 MB for a client that hardly reads, a thousand of which leave every socket of the
   * machine without memory; and tells of room only by the megabyte, so that a slow client looks
   * like one that has stopped.
   */
  private static final long MOST_UNSENT = 128 * 1024;

  /**
   * What holds on a port.
   *
   * @param head how long a head may take
   * @param idle how long a connection may be idle
   * @param maxFields how many fields a head may have
   * @param options the server's own, for the sizes its decoder lets
   * @param doorkeeper who says whether there is room for a connection
   */
  public record Rules(
      Duration head,
      Duration idle,
      int maxFields,
      HttpServerOptions options,
      Doorkeeper doorkeeper) {}

  /** Who lets connections in, from any thread. */
  public interface Doorkeeper {
    /** What to do when the connection ends, once; null if it is not let in. */
    @Nullable Runnable admit(InetAddress peer);
  }

  /**
   * Bytes that a client may go on sending after its last answer; with more it does not listen. An
   * upload for Kaneo, of 25 MB at most, may be on its way: its sender, if a proxy, would take our
   * hanging up for a failure although the answer is there.
   */
  private static final int MOST_THROWN_AWAY = 64 << 20;

  /** The same of HTTP/2, where only floods and updates of windows come behind a GOAWAY. */
  private static final int MOST_THROWN_AWAY_OF_FRAMES = 1 << 20;

  private final Rules rules;
  private @Nullable ChannelHandlerContext channel;
  private @Nullable Future<?> nextLook;
  private int requests;
  private boolean headBegun;
  private boolean doomed;
  private boolean endAnnounced;
  private int thrownAway;
  private boolean multiplexed;
  private int fedSingly;
  private @Nullable Runnable whenBodyMalformed;
  private boolean closing;
  private long sinceNanos = System.nanoTime();

  private ConnectionGuard(Rules rules) {
    this.rules = rules;
  }

  /** Guards all connections accepted on a local port from now on. */
  public static void guard(int port, Rules rules) {
    GUARDED_PORTS.put(port, rules);
  }

  /** Ends the guarding of a port. */
  public static void release(int port) {
    GUARDED_PORTS.remove(port);
  }

  /** The guard of a server connection, if its port is guarded. */
  public static @Nullable ConnectionGuard of(HttpConnection connection) {
    return connection instanceof ConnectionBase base ? base.channel().attr(KEY).get() : null;
  }

  /** What reads and writes the frames of an HTTP/2 connection. */
  static Http2ConnectionHandler http2(HttpConnection connection) {
    return ((ConnectionBase) connection).channel().pipeline().get(Http2ConnectionHandler.class);
  }

  /**
   * Closes a connection whose client does not read. The ordinary close waits until all that was
   * written has left, which here would be never.
   */
  public static void cut(HttpConnection connection) {
    if (connection instanceof ConnectionBase base) {
      ChannelHandlerContext first = base.channel().pipeline().firstContext();
      // From the first handler outwards: Vert.x's own would wait once the connection is a socket.
      if (first != null) {
        first.close();
      }
    }
  }

  /** Ends a connection with a reset, for a client that would take its end for a good one. */
  public static void abort(HttpConnection connection) {
    if (connection instanceof ConnectionBase base) {
      base.channel().config().setOption(ChannelOption.SO_LINGER, 0);
      base.channel().close();
    }
  }

  /** A request's head is complete: the connection is busy until {@link #requestEnded}. */
  public void requestBegun() {
    requests++;
    headBegun = false;
  }

  /** The answer of a request is complete. */
  public void requestEnded() {
    requests--;
    sinceNanos = System.nanoTime();
    whenBodyMalformed = null;
    if (closing && requests == 0) {
      closeBehindAnswers();
    }
  }

  /** What to do when the body that comes in now turns out to be no body. */
  public void whenBodyMalformed(Runnable action) {
    whenBodyMalformed = action;
  }

  /** The body that came in is whole. */
  void bodyEnded() {
    whenBodyMalformed = null;
  }

  /** The bytes that come in are no body, so nobody knows where the next request begins. */
  void bodyMalformed() {
    doom();
    Runnable action = whenBodyMalformed;
    whenBodyMalformed = null;
    if (action != null) {
      action.run();
    } else if (requests == 0) {
      closeBehindAnswers();
    } else {
      // It is the body of a request that waits behind another.
      closing = true;
    }
  }

  private void closeBehindAnswers() {
    if (channel != null) {
      channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }
  }

  /**
   * Nothing that comes on this connection from now on is to be believed. Its close lets the client
   * read the last answer first.
   */
  public void doom() {
    doomed = true;
    lingerAtClose();
  }

  /** The client is told that the connection ends with the answer under way. */
  void announceEnd() {
    endAnnounced = true;
  }

  /** Whether no request that comes may be acted upon (RFC 9112 §9.6). */
  boolean takesNoMore() {
    return doomed || endAnnounced;
  }

  /** Whether no request waits for its answer. */
  boolean isIdle() {
    return requests == 0;
  }

  /**
   * The protocol is agreed upon. HTTP/2 frames between requests are no half head, so there only
   * idleness counts.
   */
  public void established(boolean http2) {
    fedSingly = MOST_FED_SINGLY;
    harden();
    headBegun = false;
    multiplexed = http2;
    if (http2) {
      lingerAtClose();
    }
  }

  private void lingerAtClose() {
    if (channel != null && channel.pipeline().get(LingeringClose.class) == null) {
      channel.pipeline().addFirst("lingering-close", new LingeringClose(this));
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    channel = context;
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    // Else all that was made for a connection would outlive it by seconds, thousands of them.
    if (nextLook != null) {
      nextLook.cancel(false);
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    watch(Math.min(rules.head.toNanos(), rules.idle.toNanos()));
    context.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (doomed) {
      throwAway(message);
      return;
    }
    if (requests == 0 && !headBegun && !multiplexed) {
      headBegun = true;
      sinceNanos = System.nanoTime();
    }
    // Vert.x makes its HTTP/1 pipeline from within the first read: bytes one by one let us in
    // between, before a request is decoded.
    if (message instanceof ByteBuf come) {
      ByteBuf bytes = fedSingly == 0 && !rules.options().isSsl() ? begin(come) : come;
      while (fedSingly < MOST_FED_SINGLY && bytes.isReadable()) {
        fedSingly++;
        context.fireChannelRead(bytes.readRetainedSlice(1));
        if (harden()) {
          fedSingly = MOST_FED_SINGLY;
        }
      }
      if (!bytes.isReadable()) {
        bytes.release();
        return;
      }
      context.fireChannelRead(bytes);
      return;
    }
    context.fireChannelRead(message);
  }

  private void throwAway(Object message) {
    if (message instanceof ByteBuf bytes) {
      thrownAway += bytes.readableBytes();
    }
    ReferenceCountUtil.release(message);
    int most = multiplexed ? MOST_THROWN_AWAY_OF_FRAMES : MOST_THROWN_AWAY;
    if (thrownAway > most && channel != null) {
      channel.pipeline().firstContext().close();
    }
  }

  /** Netty's own decoder would swallow a first byte that is no letter before ours is there. */
  private static ByteBuf begin(ByteBuf bytes) {
    int at = bytes.readerIndex();
    if (bytes.readableBytes() >= 2 && bytes.getByte(at) == '\r' && bytes.getByte(at + 1) == '\n') {
      bytes.skipBytes(2);
    }
    if (bytes.isReadable() && !Octets.isToken(bytes.getByte(bytes.readerIndex()))) {
      bytes.release();
      return Unpooled.wrappedBuffer(NO_METHOD);
    }
    return bytes;
  }

  /** Makes HTTP/1 strict, once its pipeline is there; whether it is. */
  private boolean harden() {
    ChannelHandlerContext context = channel;
    if (context == null || context.pipeline().get(DECODER) == null) {
      return false;
    }
    ChannelPipeline pipeline = context.pipeline();
    if (!(pipeline.get(DECODER) instanceof StrictDecoder)) {
      pipeline.replace(
          DECODER, DECODER, new StrictDecoder(rules.options(), rules.maxFields(), this));
      // For files, of which no answer is made; every flush would pass through it.
      if (pipeline.get(ChunkedWriteHandler.class) != null) {
        pipeline.remove(ChunkedWriteHandler.class);
      }
    }
    if (pipeline.get(H2C_UPGRADE) != null && pipeline.get(NoUpgradeToH2c.class) == null) {
      pipeline.addBefore(H2C_UPGRADE, null, new NoUpgradeToH2c());
    }
    return true;
  }

  /**
   * Ignores a wish for {@code h2c}, as a server may (RFC 9110 §7.8): the upgrade would go past
   * every check of HTTP/1 heads and bodies, and RFC 9113 has dropped it. Prior knowledge needs
   * none.
   */
  private static final class NoUpgradeToH2c extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof HttpRequest request
          && request.headers().contains(HttpHeaderNames.UPGRADE, "h2c", true)) {
        request.headers().remove(HttpHeaderNames.UPGRADE);
      }
      context.fireChannelRead(message);
      if (!context.isRemoved() && context.pipeline().get(H2C_UPGRADE) == null) {
        // Vert.x asks for the upgrade at the first request only.
        context.pipeline().remove(this);
      }
    }
  }

  private void watch(long nanos) {
    ChannelHandlerContext context = channel;
    if (context != null && context.channel().isOpen()) {
      nextLook =
          context.executor().schedule(this::look, Math.max(nanos, 1_000_000), TimeUnit.NANOSECONDS);
    }
  }

  private void look() {
    long limit = (headBegun ? rules.head : rules.idle).toNanos();
    if (requests > 0) {
      watch(Math.min(rules.head.toNanos(), rules.idle.toNanos()));
      return;
    }
    long left = limit - (System.nanoTime() - sinceNanos);
    if (left <= 0 && channel != null) {
      channel.close();
    } else {
      watch(Math.min(left, rules.head.toNanos()));
    }
  }

  /** Ends a connection for which there is no room, before anything is made for it. */
  private static final class Refusal extends ChannelInboundHandlerAdapter {
    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      // A reset leaves nothing behind here, where an end would wait a minute for late bytes.
      context.channel().config().setOption(ChannelOption.SO_LINGER, 0);
      context.channel().close();
    }
  }

  /**
   * Puts a guard first in the pipeline of connections to guarded ports. Netty finds it by {@code
   * ServiceLoader} when the system property {@code io.netty.bootstrap.extensions} says so.
   */
  public static final class Extension extends ChannelInitializerExtension {
    /** Must be called before the first server of the process is bound. */
    public static void enable() {
      System.setProperty(EXTENSIONS_SYSTEM_PROPERTY, "serviceload");
    }

    @Override
    public void postInitializeServerChildChannel(Channel child) {
      if (child.localAddress() instanceof InetSocketAddress local) {
        Rules rules = GUARDED_PORTS.get(local.getPort());
        if (rules != null) {
          admit(child, rules);
        }
      }
    }

    private static void admit(Channel child, Rules rules) {
      Runnable leaving =
          child.remoteAddress() instanceof InetSocketAddress peer
              ? rules.doorkeeper().admit(peer.getAddress())
              : null;
      if (leaving == null) {
        child.pipeline().addFirst("refusal", new Refusal());
        return;
      }
      // However it ends, even if it never gets to its event loop.
      child.closeFuture().addListener(closed -> leaving.run());
      child
          .config()
          .setRecvByteBufAllocator(new AdaptiveRecvByteBufAllocator(64, 2048, MOST_AT_ONCE));
      if (child instanceof EpollSocketChannel) {
        child.config().setOption(EpollChannelOption.TCP_NOTSENT_LOWAT, MOST_UNSENT);
      } else if (child instanceof IoUringSocketChannel) {
        child.config().setOption(IoUringChannelOption.TCP_NOTSENT_LOWAT, MOST_UNSENT);
      }
      ConnectionGuard guard = new ConnectionGuard(rules);
      child.attr(KEY).set(guard);
      child.pipeline().addFirst("connection-guard", guard);
    }
  }
}
