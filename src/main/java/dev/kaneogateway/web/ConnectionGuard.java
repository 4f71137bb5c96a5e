package dev.kaneogateway.web;

import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
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
  private static final Map<Integer, Times> GUARDED_PORTS = new ConcurrentHashMap<>();

  /** How long a head may take, and how long a connection may be idle. */
  public record Times(Duration head, Duration idle) {}

  private final Times times;
  private @Nullable ChannelHandlerContext channel;
  private int requests;
  private boolean headBegun;
  private boolean doomed;
  private boolean multiplexed;
  private long sinceNanos = System.nanoTime();

  private ConnectionGuard(Times times) {
    this.times = times;
  }

  /** Guards all connections accepted on a local port from now on. */
  public static void guard(int port, Times times) {
    GUARDED_PORTS.put(port, times);
  }

  /** Ends the guarding of a port. */
  public static void release(int port) {
    GUARDED_PORTS.remove(port);
  }

  /** The guard of a server connection, if its port is guarded. */
  public static @Nullable ConnectionGuard of(HttpConnection connection) {
    return connection instanceof ConnectionBase base ? base.channel().attr(KEY).get() : null;
  }

  /**
   * Closes a connection whose client does not read. The ordinary close waits until all that was
   * written has left, which here would be never.
   */
  public static void cut(HttpConnection connection) {
    if (connection instanceof ConnectionBase base) {
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
  }

  /** Nothing that comes on this connection from now on is to be believed. */
  public void doom() {
    doomed = true;
  }

  /** Whether the connection was {@linkplain #doom doomed}. */
  public boolean isDoomed() {
    return doomed;
  }

  /**
   * The protocol is agreed upon. HTTP/2 frames between requests are no half head, so there only
   * idleness counts.
   */
  public void established(boolean http2) {
    headBegun = false;
    multiplexed = http2;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    channel = context;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    watch(Math.min(times.head.toNanos(), times.idle.toNanos()));
    context.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (doomed) {
      io.netty.util.ReferenceCountUtil.release(message);
      return;
    }
    if (requests == 0 && !headBegun && !multiplexed) {
      headBegun = true;
      sinceNanos = System.nanoTime();
    }
    context.fireChannelRead(message);
  }

  private void watch(long nanos) {
    ChannelHandlerContext context = channel;
    if (context != null && context.channel().isOpen()) {
      context.executor().schedule(this::look, Math.max(nanos, 1_000_000), TimeUnit.NANOSECONDS);
    }
  }

  private void look() {
    long limit = (headBegun ? times.head : times.idle).toNanos();
    if (requests > 0) {
      watch(Math.min(times.head.toNanos(), times.idle.toNanos()));
      return;
    }
    long left = limit - (System.nanoTime() - sinceNanos);
    if (left <= 0 && channel != null) {
      channel.close();
    } else {
      watch(Math.min(left, times.head.toNanos()));
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
        Times times = GUARDED_PORTS.get(local.getPort());
        if (times != null) {
          ConnectionGuard guard = new ConnectionGuard(times);
          child.attr(KEY).set(guard);
          child.pipeline().addFirst("connection-guard", guard);
        }
      }
    }
  }
}
