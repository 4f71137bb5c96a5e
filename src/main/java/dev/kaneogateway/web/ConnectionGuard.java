package dev.kaneogateway.web;

import static java.util.Objects.requireNonNull;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.core.net.impl.ShutdownEvent;
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

  /**
   * Bytes that a client may go on sending after its last answer; with more it does not listen. An
   * upload for Kaneo, of 25 MB at most, may be on its way: its sender, if a proxy, would take our
   * hanging up for a failure although the answer is there.
   */
  private static final int MOST_THROWN_AWAY = 64 << 20;

  /** The same of HTTP/2, where only floods and updates of windows come behind a GOAWAY. */
  private static final int MOST_THROWN_AWAY_OF_FRAMES = 1 << 20;

  /**
   * Bytes that come before the protocol is agreed upon within TLS: a handshake. One with
   * post-quantum keys takes 2 KB, and who comes back brings a ticket in which the JDK has put its
   * own chain of certificates, some KB more. Of each that does not end the JDK would keep them.
   */
  private static final int MOST_OF_HANDSHAKE = 16 * 1024;

  /** For the rest of a head that is under way when the gateway stops; it comes at once or never. */
  private static final long REST_OF_HEAD_MS = 1000;

  private final GuardedPorts.Rules rules;
  private final Incoming incoming = new Incoming();
  private @Nullable ChannelHandlerContext channel;
  private @Nullable Future<?> nextLook;
  private int requests;
  private boolean partBegun;
  private boolean lastLook;
  private boolean established;
  private boolean doomed;
  private boolean endAnnounced;
  private int thrownAway;
  private int ofHandshake;
  private boolean multiplexed;
  private boolean closing;
  private long sinceNanos = System.nanoTime();

  private ConnectionGuard(GuardedPorts.Rules rules) {
    this.rules = rules;
  }

  /** Guards a new connection. */
  static void put(Channel child, GuardedPorts.Rules rules) {
    ConnectionGuard guard = new ConnectionGuard(rules);
    child.attr(KEY).set(guard);
    child.pipeline().addFirst("first-bytes", new FirstBytes(rules, guard));
    if (rules.options().isSsl()) {
      child.pipeline().addFirst("plain-to-tls", new PlainToTls(guard, rules.spokePlain()));
      child.pipeline().addFirst("half-records", HalfFrames.ofTls(rules.flooded()));
    }
    child.pipeline().addFirst("connection-guard", guard);
  }

  /** The guard of a server connection, if its port is guarded. */
  public static @Nullable ConnectionGuard of(HttpConnection connection) {
    return connection instanceof ConnectionBase base ? of(base.channel()) : null;
  }

  static @Nullable ConnectionGuard of(Channel child) {
    return child.attr(KEY).get();
  }

  /** A request's head is complete: the connection is busy until {@link #requestEnded}. */
  public void requestBegun() {
    requests++;
    incoming.requestBegun();
    partBegun = false;
  }

  /** The answer of a request is complete. */
  public void requestEnded() {
    requests--;
    incoming.requestEnded();
    sinceNanos = System.nanoTime();
    if (requests == 0) {
      // Otherwise a pipelined one has begun by now, whose body it may be that comes in.
      incoming.concernsNobody();
    }
    if (closing && requests == 0) {
      closeBehindAnswers();
    }
  }

  /** What comes in on it. */
  Incoming incoming() {
    return incoming;
  }

  /**
   * Somebody takes the body of the request that has begun last. Vert.x hands on what waited in a
   * task, which may be behind thousands: until then it is there.
   */
  void bodyResumed() {
    long weight = incoming.bodyResumed();
    if (weight > 0) {
      requireNonNull(channel).executor().execute(() -> MemoryShare.BODIES.release(weight));
    }
  }

  /**
   * Whether part of a head has come, or of a frame, or of the body of a request that is answered,
   * and the rest has not.
   */
  void partUnderWay(boolean half) {
    if (half && !partBegun) {
      sinceNanos = System.nanoTime();
    }
    partBegun = half;
  }

  /** The bytes that come in are no body, so nobody knows where the next request begins. */
  void bodyMalformed() {
    doom();
    Runnable action = incoming.malformed();
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
    if (channel != null) {
      // It may be stopped for a Kaneo that did not read; unread bytes would turn the close into a
      // reset.
      channel.channel().config().setAutoRead(true);
    }
  }

  /**
   * The client is told that the connection ends with the answer under way. What it sends before it
   * knows must not cost it the end of that answer (RFC 9112 §9.6).
   */
  void announceEnd() {
    endAnnounced = true;
    lingerAtClose();
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
   * The protocol is agreed upon. HTTP/2 frames between requests are no half head, so there a read
   * begins none; {@link HalfFrames} tells of one that is not whole.
   */
  public void established(boolean http2) {
    if (channel != null) {
      FirstBytes.end(channel.pipeline(), http2);
      TlsFlood.watch(channel.pipeline());
      JoinedRecords.put(channel.pipeline());
    }
    partBegun = false;
    established = true;
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
    watch(Math.min(rules.head().toNanos(), rules.idle().toNanos()));
    context.fireChannelActive();
  }

  /**
   * The gateway stops. Vert.x closes connections without a request, but has none before the first
   * one: what a browser opens beforehand would hold the stop for all of its time. A head that is
   * under way may still become whole, and is then answered.
   */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ShutdownEvent shutdown && multiplexed) {
      Http2Farewell.say(context, shutdown);
    } else if (!(event instanceof ShutdownEvent) || requests > 0) {
      context.fireUserEventTriggered(event);
    } else if (partBegun) {
      context
          .executor()
          .schedule(() -> shutDown(context, event), REST_OF_HEAD_MS, TimeUnit.MILLISECONDS);
    } else {
      shutDown(context, event);
    }
  }

  private void shutDown(ChannelHandlerContext context, Object event) {
    if (established) {
      context.fireUserEventTriggered(event);
    } else {
      context.close();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (doomed) {
      throwAway(message);
      return;
    }
    if (requests == 0 && !partBegun && !multiplexed) {
      partBegun = true;
      sinceNanos = System.nanoTime();
    }
    boolean handshake = !established && rules.options().isSsl();
    int length = handshake && message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
    context.fireChannelRead(message);
    if (handshake && !established) {
      // Only now: behind the end of a handshake a request may come with it.
      ofHandshake += length;
      if (ofHandshake > MOST_OF_HANDSHAKE) {
        context.close();
      }
    }
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

  /** How much came behind the last answer. */
  int thrownAway() {
    return thrownAway;
  }

  private void watch(long nanos) {
    ChannelHandlerContext context = channel;
    if (context != null && context.channel().isOpen()) {
      nextLook =
          context.executor().schedule(this::look, Math.max(nanos, 1_000_000), TimeUnit.NANOSECONDS);
    }
  }

  private void look() {
    long limit = (partBegun ? rules.head() : rules.idle()).toNanos();
    if (requests > 0) {
      lastLook = false;
      watch(Math.min(rules.head().toNanos(), rules.idle().toNanos()));
      return;
    }
    long left = limit - (System.nanoTime() - sinceNanos);
    if (left <= 0 && channel != null && !lastLook) {
      // What came while this thread slept or was busy is read first: a request may be among it.
      lastLook = true;
      nextLook = channel.executor().schedule(this::look, 0, TimeUnit.NANOSECONDS);
    } else if (left <= 0 && channel != null) {
      // A request may come all the same, and must not be acted upon: nobody would hear its answer.
      doomed |= !multiplexed;
      if (multiplexed || rules.options().isSsl()) {
        // Through TLS and HTTP/2, which say farewell: a request that is under way to us may be sent
        // again elsewhere only if the client hears that it was not taken (RFC 9113 §6.8).
        channel.channel().close();
      } else {
        // At once: the longer it takes, the more requests meet it.
        channel.close();
      }
    } else {
      lastLook = false;
      watch(Math.min(left, rules.head().toNanos()));
    }
  }
}
