package dev.kaneogateway.web;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Settings;
import io.vertx.core.http.HttpConnection;
import java.util.concurrent.TimeUnit;

/**
 * Ends an HTTP/2 connection that sends PING or SETTINGS without end, each of which wants an answer
 * (CVE-2019-9512, CVE-2019-9515), or acknowledges them without end, for which there is no cause.
 * WINDOW_UPDATE and PRIORITY are let: a download needs any number of the one, and of the other
 * nothing is answered or kept. Netty itself ends those that flood with resets, empty frames and
 * endless field blocks; whoever is ended so is counted here too. Confined to the connection's event
 * loop.
 */
public final class Http2Flood extends Http2FrameListenerDecorator {
  /** A client that looks after its connection pings it a few times in this time. */
  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final HttpConnection connection;
  private final int most;
  private final Runnable ended;
  private long windowBegan = System.nanoTime();
  private int frames;
  private boolean over;

  private Http2Flood(
      Http2FrameListener behind, HttpConnection connection, int most, Runnable ended) {
    super(behind);
    this.connection = connection;
    this.most = most;
    this.ended = ended;
  }

  /**
   * Watches a new HTTP/2 connection. A reset is the client's way to leave and no flood; the
   * exchange under way hears of it.
   *
   * @param most PING and SETTINGS frames within ten seconds, acknowledgements among them
   * @param ended told once if the connection floods
   */
  public static void watch(HttpConnection connection, int most, Runnable ended) {
    Http2ConnectionDecoder decoder = Channels.http2(connection).decoder();
    Http2Flood flood = new Http2Flood(decoder.frameListener(), connection, most, ended);
    decoder.frameListener(flood);
    connection.exceptionHandler(flood::broken);
  }

  @Override
  public void onPingRead(ChannelHandlerContext context, long data) throws Http2Exception {
    count();
    super.onPingRead(context, data);
  }

  @Override
  public void onPingAckRead(ChannelHandlerContext context, long data) throws Http2Exception {
    count();
    super.onPingAckRead(context, data);
  }

  @Override
  public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings)
      throws Http2Exception {
    count();
    super.onSettingsRead(context, settings);
  }

  @Override
  public void onSettingsAckRead(ChannelHandlerContext context) throws Http2Exception {
    count();
    super.onSettingsAckRead(context);
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
      Channels.cut(connection);
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
