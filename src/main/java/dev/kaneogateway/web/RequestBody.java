package dev.kaneogateway.web;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.streams.ReadStream;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request. Paused, it has its connection read no further, where Vert.x would first
 * keep 24 pieces of it: 120 KB for each of those under way. An HTTP/2 stream has its window for
 * that. Confined to its event loop.
 */
public final class RequestBody implements ReadStream<Buffer> {
  private final HttpServerRequest request;
  private final @Nullable ConnectionGuard guard;
  private final int turn;

  /** Of a request that is about to begin. */
  RequestBody(HttpServerRequest request) {
    this.request = request;
    this.guard =
        request.version() == HttpVersion.HTTP_2 ? null : ConnectionGuard.of(request.connection());
    this.turn = guard == null ? 0 : guard.incoming().begun() + 1;
  }

  /** Who guards what comes in of it; null if it has come in, since the next request has begun. */
  @Nullable ConnectionGuard guard() {
    return guard == null || guard.incoming().begun() > turn ? null : guard;
  }

  @Override
  public RequestBody pause() {
    ConnectionGuard guards = guard();
    if (guards != null) {
      guards.incoming().bodyPaused();
    }
    request.pause();
    return this;
  }

  @Override
  public RequestBody resume() {
    request.resume();
    ConnectionGuard guards = guard();
    if (guards != null) {
      guards.bodyResumed();
    }
    return this;
  }

  /**
   * Nobody will read it any more, and what waits of it need not be kept for as long as its request.
   * Who reads it hears of no end, or would take what came before for all of it.
   */
  void drop() {
    if (guard != null) {
      request.handler(null);
      request.endHandler(null);
      resume();
    }
  }

  @Override
  public RequestBody fetch(long amount) {
    request.fetch(amount);
    return this;
  }

  @Override
  public RequestBody handler(@Nullable Handler<Buffer> handler) {
    request.handler(handler);
    return this;
  }

  @Override
  public RequestBody endHandler(@Nullable Handler<Void> handler) {
    request.endHandler(handler);
    return this;
  }

  @Override
  public RequestBody exceptionHandler(@Nullable Handler<Throwable> handler) {
    request.exceptionHandler(handler);
    return this;
  }
}
