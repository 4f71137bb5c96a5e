package dev.kaneogateway.web;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.net.impl.ShutdownEvent;
import java.util.concurrent.TimeUnit;

/**
 * Takes leave of an HTTP/2 client when the gateway stops: asks it for no more requests, serves
 * those that have not heard it, and only then says which was the last (RFC 9113 §6.8). Of streams
 * behind that Netty passes over the heads alone: of their bodies and resets it makes an error of
 * the connection, which costs the requests under way on it their answers. On the connection's event
 * loop.
 */
final class Http2Farewell {
  /** For what crosses the first word on its way. */
  private static final long CROSSING_MS = 1000;

  private Http2Farewell() {}

  /**
   * Says it, and has the connection end as Vert.x does a little later.
   *
   * @param guard where in the pipeline Vert.x is then told that the gateway stops
   */
  static void say(ChannelHandlerContext guard, ShutdownEvent stop) {
    ChannelHandlerContext context = guard.pipeline().context(Http2ConnectionHandler.class);
    if (context == null) {
      guard.fireUserEventTriggered(stop);
      return;
    }
    Http2ConnectionHandler http2 = (Http2ConnectionHandler) context.handler();
    goAway(context, http2, Integer.MAX_VALUE);
    guard
        .executor()
        .schedule(
            () -> {
              if (guard.channel().isActive()) {
                goAway(context, http2, http2.connection().remote().lastStreamCreated());
                guard.fireUserEventTriggered(stop);
              }
            },
            Math.min(CROSSING_MS, stop.timeUnit().toMillis(stop.timeout()) / 20),
            TimeUnit.MILLISECONDS);
  }

  private static void goAway(ChannelHandlerContext to, Http2ConnectionHandler http2, int last) {
    http2.goAway(to, last, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, to.newPromise());
    to.flush();
  }
}
