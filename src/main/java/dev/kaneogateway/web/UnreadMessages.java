package dev.kaneogateway.web;

import io.netty.channel.ChannelHandlerAdapter;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.core.net.impl.VertxConnection;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Deque;

/**
 * Releases what has come on an HTTP/1 connection that is over and nobody has read. Vert.x 5.0.10
 * keeps the pieces of a body for which there is no room, or whose request waits behind another's
 * answer, and forgets them when the client leaves: with each some 16 KB of memory outside of the
 * heap were lost for good, and with some thousands the process. On the event loop of the
 * connection.
 */
public final class UnreadMessages extends ChannelHandlerAdapter {
  /** In the pipeline. */
  static final String NAME = "unread-messages";

  private static final VarHandle QUEUE = queue();

  private final VertxConnection connection;

  private UnreadMessages(VertxConnection connection) {
    this.connection = connection;
  }

  private static VarHandle queue() {
    try {
      return MethodHandles.privateLookupIn(VertxConnection.class, MethodHandles.lookup())
          .findVarHandle(VertxConnection.class, "pending", Deque.class);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Vert.x keeps what is unread elsewhere", e);
    }
  }

  /** Watches a new HTTP/1 connection. */
  public static void watch(HttpConnection connection) {
    ChannelPipeline pipeline = ((ConnectionBase) connection).channel().pipeline();
    pipeline.addBefore("handler", NAME, new UnreadMessages((VertxConnection) connection));
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    Deque<?> unread = (Deque<?>) QUEUE.get(connection);
    if (unread != null) {
      unread.forEach(ReferenceCountUtil::release);
      unread.clear();
    }
  }
}
