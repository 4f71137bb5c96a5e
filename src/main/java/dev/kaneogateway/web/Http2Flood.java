package dev.kaneogateway.web;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.vertx.core.http.HttpConnection;
import java.util.concurrent.TimeUnit;

/**
 * Ends an HTTP/2 connection that sends PING or SETTINGS without end, each of which wants an answer
 * (CVE-2019-9512, CVE-2019-9515). Netty itself ends those that flood with resets, empty frames and
 * endless field blocks; whoever is ended so is counted here too. Confined to the connection's event
 * loop.
 */
public final class Http2Flood {
  /** A client that looks after its connection pings it a few times in this time. */
  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final HttpConnection connection;
  private final int most;
  private final Runnable ended;
  private long windowBegan = System.nanoTime();
  private int frames;
  private boolean over;

  private Http2Flood(HttpConnection connection, int most, Runnable ended) {
    this.connection = connection;
    this.most = most;
    this.ended = ended;
  }

  /**
   * Watches a new HTTP/2 connection. A reset is the client's way to leave and no flood; the
   * exchange under way hears of it.
   *
   * @param most PING and SETTINGS frames within ten seconds
   * @param ended told once if the connection floods
   */
  public static void watch(HttpConnection connection, int most, Runnable ended) {
    Http2Flood flood = new Http2Flood(connection, most, ended);
    connection.pingHandler(ping -> flood.count());
    connection.remoteSettingsHandler(settings -> flood.count());
    connection.exceptionHandler(flood::broken);
  }

  private void count() {
    long now = System.nanoTime();
    if (now - windowBegan > WINDOW_NANOS) {
      windowBegan = now;
      frames = 0;
    }
    if (++frames > most && !over) {
      over = true;
      ended.run();
      connection.goAway(Http2Error.ENHANCE_YOUR_CALM.code());
      ConnectionGuard.cut(connection);
    }
  }

  private void broken(Throwable cause) {
    if (!over
        && cause instanceof Http2Exception error
        && error.error() == Http2Error.ENHANCE_YOUR_CALM) {
      over = true;
      ended.run();
    }
  }
}
