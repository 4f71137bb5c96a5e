package dev.kaneogateway.web;

import io.netty.handler.codec.DecoderException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.internal.ContextInternal;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Reads a whole small body, for the few requests the gateway answers itself or may have to send
 * more than once.
 */
public final class Bodies {
  /** No form or JSON of these endpoints comes near this. */
  private static final int MOST_BYTES = 64 * 1024;

  private Bodies() {}

  /** A body that is more than these endpoints read. */
  public static final class TooLarge extends Exception {
    TooLarge() {
      super("more than " + MOST_BYTES + " bytes", null, false, false);
    }
  }

  /** A body that did not arrive in time. */
  public static final class TooSlow extends Exception {
    TooSlow() {
      super("the body did not arrive", null, false, false);
    }
  }

  /** A body that breaks off with its client, who waits for no answer. */
  public static final class Left extends Exception {
    Left() {
      super("the client left", null, false, false);
    }
  }

  /** Whether a body of an announced length is read; none or an unknown one (-1) is not. */
  public static boolean isSmall(long length) {
    return length > 0 && length <= MOST_BYTES;
  }

  /**
   * The body; fails with {@link TooLarge}, {@link TooSlow} (and then the answer is the connection's
   * last), {@link Left}, or as its framing does. On the request's context.
   *
   * @param patience how long all of it may take
   */
  public static Future<Buffer> read(Exchange exchange, Duration patience) {
    HttpServerRequest request = exchange.request();
    if (exchange.head().contentLength() > MOST_BYTES) {
      return Future.failedFuture(new TooLarge());
    }
    // Of this context, or its time-out would come on another thread, which must not answer.
    Promise<Buffer> read = ContextInternal.current().promise();
    Buffer body = Buffer.buffer();
    request.exceptionHandler(broken -> read.tryFail(isMalformed(broken) ? broken : new Left()));
    request.handler(
        chunk -> {
          if (body.length() + chunk.length() > MOST_BYTES) {
            exchange.body().pause();
            read.tryFail(new TooLarge());
          } else {
            body.appendBuffer(chunk);
          }
        });
    request.endHandler(end -> read.tryComplete(body));
    if (request.version() != HttpVersion.HTTP_1_0
        && "100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      exchange.goOn();
    }
    exchange.body().resume();
    return read.future()
        .timeout(patience.toMillis(), TimeUnit.MILLISECONDS)
        .recover(
            failure -> {
              if (!(failure instanceof TimeoutException)) {
                return Future.failedFuture(failure);
              }
              // What is left of it may come at any time, or never.
              exchange.endConnection();
              return Future.failedFuture(new TooSlow());
            });
  }

  private static boolean isMalformed(Throwable broken) {
    return broken instanceof DecoderException || broken instanceof IllegalArgumentException;
  }
}
