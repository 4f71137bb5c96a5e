package dev.kaneogateway.web;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers over HTTP/2 that are complete and have not left, because their client opens no window for
 * them or does not read: up to 250 on each connection, with their bodies, and nobody waits for them
 * any more. They keep their exchange's place among those under way, and are reset in time. Confined
 * to the connection's event loop.
 */
public final class Http2Deliveries extends Http2ConnectionAdapter {
  private static final AttributeKey<Http2Deliveries> KEY =
      AttributeKey.valueOf(Http2Deliveries.class.getName());

  /** For the answers of those for whom there was no place. */
  private static final long WITHOUT_PLACE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final HttpConnection connection;
  private final Http2ConnectionHandler handler;
  private final Http2Connection.PropertyKey key;
  private final long patienceNanos;
  private boolean looking;
  private long lastNanos = System.nanoTime();

  private record Waiting(long sinceNanos, long taken, @Nullable Runnable leave) {}

  private Http2Deliveries(
      HttpConnection connection, Http2ConnectionHandler handler, Duration patience) {
    this.connection = connection;
    this.handler = handler;
    this.key = handler.connection().newKey();
    this.patienceNanos = patience.toNanos();
  }

  /**
   * Looks after what is answered on a new HTTP/2 connection.
   *
   * @param patience how long answers may wait while none leaves
   */
  public static void watch(HttpConnection connection, Duration patience) {
    Http2ConnectionHandler handler = Channels.http2(connection);
    Http2Deliveries deliveries = new Http2Deliveries(connection, handler, patience);
    handler.connection().addListener(deliveries);
    channel(connection).attr(KEY).set(deliveries);
  }

  /**
   * Leaves a place once the answer that has it, which is complete, has left or is given up.
   *
   * @param leave null if it has none
   */
  static void whenOver(HttpConnection connection, int streamId, @Nullable Runnable leave) {
    Http2Deliveries deliveries = channel(connection).attr(KEY).get();
    Http2Stream stream =
        deliveries == null ? null : deliveries.handler.connection().stream(streamId);
    if (stream != null && stream.state().localSideOpen()) {
      stream.setProperty(deliveries.key, deliveries.waiting(stream, leave));
      deliveries.lookLater();
    } else if (leave != null) {
      leave.run();
    }
  }

  private Waiting waiting(Http2Stream stream, @Nullable Runnable leave) {
    return new Waiting(System.nanoTime(), Taken.of(connection, stream), leave);
  }

  private static Channel channel(HttpConnection connection) {
    return ((ConnectionBase) connection).channel();
  }

  @Override
  public void onStreamHalfClosed(Http2Stream stream) {
    if (!stream.state().localSideOpen()) {
      over(stream);
    }
  }

  @Override
  public void onStreamClosed(Http2Stream stream) {
    over(stream);
  }

  private void over(Http2Stream stream) {
    Waiting waiting = stream.removeProperty(key);
    if (waiting != null) {
      lastNanos = System.nanoTime();
      if (waiting.leave() != null) {
        waiting.leave().run();
      }
    }
  }

  private void lookLater() {
    if (!looking) {
      looking = true;
      channel(connection)
          .eventLoop()
          .schedule(this::look, Math.min(patienceNanos, WITHOUT_PLACE_NANOS), TimeUnit.NANOSECONDS);
    }
  }

  private void look() {
    looking = false;
    try {
      handler.connection().forEachActiveStream(this::judge);
    } catch (Http2Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean judge(Http2Stream stream) {
    Waiting waiting = stream.getProperty(key);
    if (waiting == null) {
      return true;
    }
    long now = System.nanoTime();
    boolean due =
        waiting.leave() == null
            ? now - waiting.sinceNanos() >= WITHOUT_PLACE_NANOS
            : now - Math.max(waiting.sinceNanos(), lastNanos) >= patienceNanos;
    if (due && waiting.leave() != null && waiting.taken() != Taken.of(connection, stream)) {
      stream.setProperty(key, waiting(stream, waiting.leave()));
      due = false;
    }
    if (!due) {
      lookLater();
    } else if (channel(connection).isWritable()) {
      ChannelHandlerContext context = channel(connection).pipeline().context(handler);
      handler
          .encoder()
          .writeRstStream(context, stream.id(), Http2Error.CANCEL.code(), context.newPromise());
      context.flush();
    } else {
      // Not even the reset would leave.
      Channels.cut(connection);
      return false;
    }
    return true;
  }
}
