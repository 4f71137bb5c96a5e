package dev.kaneogateway.web;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.net.impl.ConnectionBase;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers over HTTP/1 that are complete and have not left, because their client does not read. Each
 * keeps its exchange's place among those under way; a request pipelined behind it waits, or a
 * client could have thousands of answers made and kept for it; and a connection that takes nothing
 * is cut in time. Confined to the connection's event loop.
 */
public final class Http1Deliveries {
  private static final AttributeKey<Http1Deliveries> KEY =
      AttributeKey.valueOf(Http1Deliveries.class.getName());

  /** Less than what a connection takes up anyhow; most answers have left, or are no more. */
  private static final long SMALL_BYTES = 4096;

  private final HttpConnection connection;
  private final Channel channel;
  private final long patienceNanos;
  private boolean waiting;
  private @Nullable Future<?> look;
  private @Nullable Runnable leave;
  private @Nullable Runnable next;

  private Http1Deliveries(HttpConnection connection, Channel channel, Duration patience) {
    this.connection = connection;
    this.channel = channel;
    this.patienceNanos = patience.toNanos();
  }

  /**
   * Looks after what is answered on a new HTTP/1 connection.
   *
   * @param patience how long a client may take nothing
   */
  public static void watch(HttpConnection connection, Duration patience) {
    Channel channel = ((ConnectionBase) connection).channel();
    channel.attr(KEY).set(new Http1Deliveries(connection, channel, patience));
  }

  /** Hands a request on once what was answered before it has left. */
  public static void inTurn(HttpServerRequest request, Handler<HttpServerRequest> next) {
    Http1Deliveries deliveries = of(request.connection());
    if (deliveries == null || deliveries.hasLeft()) {
      next.handle(request);
      return;
    }
    if (request.headers().contains(HttpHeaders.TRANSFER_ENCODING)
        || request.headers().contains(HttpHeaders.CONTENT_LENGTH)) {
      // Or its first bytes would be gone before somebody listens.
      request.pause();
    }
    // Its turn comes from the loop; who handles it counts on its context, as if it had not waited.
    ContextInternal context = ((HttpServerRequestInternal) request).context();
    deliveries.next = () -> context.dispatch(request, next);
    deliveries.await();
  }

  /** Leaves a place once the answer that has it, which is complete, has left or is given up. */
  static void whenOver(HttpConnection connection, Runnable leave) {
    Http1Deliveries deliveries = of(connection);
    if (deliveries == null || deliveries.hasLeft()) {
      leave.run();
    } else {
      Runnable before = deliveries.leave;
      deliveries.leave = leave;
      deliveries.await();
      if (before != null) {
        before.run();
      }
    }
  }

  private static @Nullable Http1Deliveries of(HttpConnection connection) {
    return ((ConnectionBase) connection).channel().attr(KEY).get();
  }

  private boolean hasLeft() {
    return !waiting && unsent() < SMALL_BYTES;
  }

  private long unsent() {
    return Taken.unsent(channel);
  }

  private void await() {
    if (!waiting) {
      waiting = true;
      // Most often it leaves at once, in its own time.
      channel.eventLoop().execute(this::lookAtOnce);
    }
  }

  private void lookAtOnce() {
    if (unsent() < SMALL_BYTES) {
      left();
      return;
    }
    // First, or one that leaves at once would leave the look behind, which then cuts.
    lookLater(unsent());
    channel
        .pipeline()
        .firstContext()
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(written -> left());
  }

  /** A client that takes something, however little, reads; but for ever it need not be given. */
  private void lookLater(long before) {
    look = channel.eventLoop().schedule(() -> look(before), patienceNanos, TimeUnit.NANOSECONDS);
  }

  private void look(long before) {
    if (unsent() < before) {
      lookLater(unsent());
    } else {
      Channels.cut(connection);
    }
  }

  private void left() {
    waiting = false;
    if (look != null) {
      look.cancel(false);
      look = null;
    }
    Runnable leaving = leave;
    Runnable following = next;
    leave = null;
    next = null;
    if (leaving != null) {
      leaving.run();
    }
    if (following != null && channel.isActive()) {
      following.run();
    }
  }
}
