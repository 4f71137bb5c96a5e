package dev.kaneogateway.web;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Stream;
import io.vertx.core.http.HttpConnection;

/**
 * Limits what small pieces of bodies over HTTP/2 take up while nobody takes them. A window counts
 * bytes: it lets 65,535 pieces of one wait on a connection, each of which takes up some hundred;
 * and pieces of nothing need no window at all, so they are dropped. Where all that wait in the
 * process have no room, a stream that brings more of them is reset. Confined to the connection's
 * event loop.
 */
public final class Http2Pieces extends Http2FrameListenerDecorator {
  /** A piece with as many takes up little beside them. */
  private static final int SMALL_BYTES = 128;

  /** What a piece takes up beside its bytes: buffers around them, and a place in a queue. */
  private static final int BYTES_OF_PIECE = 300;

  /** Which any stream may have waiting. */
  private static final int FREE_PIECES = 16;

  private final Http2Connection connection;
  private final Http2Connection.PropertyKey key;
  private final Runnable flooded;

  /**
   * What waits is taken in the order in which it came: once all that came before a certain piece is
   * taken, so are the pieces of then. Which of those that came since are, is not known.
   */
  private static final class Waiting {
    private long come;
    private long comeThen;
    private int piecesThen;
    private int pieces;
    private long taken;

    /**
     * @param waiting bytes that have come and nobody has taken yet
     */
    private void release(int waiting) {
      if (waiting <= 0) {
        piecesThen = 0;
        pieces = 0;
      } else if (come - waiting >= comeThen) {
        piecesThen = pieces;
        pieces = 0;
        comeThen = come;
      }
      long now = BYTES_OF_PIECE * Math.max(0L, piecesThen + pieces - FREE_PIECES);
      MemoryShare.PIECES.release(taken - now);
      taken = now;
    }
  }

  private Http2Pieces(Http2FrameListener behind, Http2Connection connection, Runnable flooded) {
    super(behind);
    this.connection = connection;
    this.flooded = flooded;
    this.key = connection.newKey();
  }

  /**
   * Watches over the bodies that come in on a new HTTP/2 connection.
   *
   * @param flooded told of each stream that is reset
   */
  public static void watch(HttpConnection connection, Runnable flooded) {
    Http2ConnectionDecoder decoder = Channels.http2(connection).decoder();
    Http2Pieces pieces = new Http2Pieces(decoder.frameListener(), decoder.connection(), flooded);
    decoder.frameListener(pieces);
    decoder.connection().addListener(pieces.new Release());
  }

  private final class Release extends Http2ConnectionAdapter {
    @Override
    public void onStreamClosed(Http2Stream stream) {
      Waiting waiting = stream.removeProperty(key);
      if (waiting != null) {
        waiting.release(0);
      }
    }
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext context, int streamId, ByteBuf data, int padding, boolean endOfStream)
      throws Http2Exception {
    int length = data.readableBytes();
    if (length == 0 && !endOfStream) {
      return padding;
    }
    Http2Stream stream = connection.stream(streamId);
    if (stream != null) {
      count(stream, length + padding, length < SMALL_BYTES);
    }
    return super.onDataRead(context, streamId, data, padding, endOfStream);
  }

  private void count(Http2Stream stream, int length, boolean small) throws Http2Exception {
    Waiting waiting = stream.getProperty(key);
    if (waiting == null) {
      if (!small) {
        return;
      }
      waiting = new Waiting();
      stream.setProperty(key, waiting);
    }
    // What has come now waits in any case.
    waiting.release(connection.local().flowController().unconsumedBytes(stream) - length);
    waiting.come += length;
    if (!small) {
      return;
    }
    waiting.pieces++;
    if (waiting.piecesThen + waiting.pieces > FREE_PIECES) {
      if (!MemoryShare.PIECES.take(BYTES_OF_PIECE, BYTES_OF_PIECE)) {
        flooded.run();
        throw Http2Exception.streamError(
            stream.id(), Http2Error.ENHANCE_YOUR_CALM, "too many small pieces wait");
      }
      waiting.taken += BYTES_OF_PIECE;
    }
  }
}
