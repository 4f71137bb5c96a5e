package dev.kaneogateway.web;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.Iterator;
import java.util.Map;

/**
 * Ends streams of HTTP/2 whose head is malformed in a way that only shows before Vert.x reads it
 * (RFC 9113 §8.1.1): for a method that is no token it would end the connection, and with it the
 * streams of others behind the same proxy; of several {@code Host} it would keep the first.
 *
 * <p>And weighs them: one of a few KB may take up a quarter of a megabyte once it is read, a
 * connection has 250, and who has sent it may let it wait. It also knows whether a body follows,
 * which Vert.x tells only behind the head. Confined to the connection's event loop.
 */
public final class Http2Heads extends Http2FrameListenerDecorator {
  private static final AttributeKey<Http2Heads> KEY =
      AttributeKey.valueOf(Http2Heads.class.getName());

  private final Http2Connection connection;
  private final Http2Connection.PropertyKey key;
  private final int maxFields;
  private final Runnable refused;
  private boolean whole;

  private Http2Heads(
      Http2FrameListener behind, Http2Connection connection, int maxFields, Runnable refused) {
    super(behind);
    this.connection = connection;
    this.key = connection.newKey();
    this.maxFields = maxFields;
    this.refused = refused;
  }

  /**
   * Checks the heads that come in on a new HTTP/2 connection.
   *
   * @param maxFields how many fields a head may have
   * @param refused told of each that is refused
   */
  public static void check(HttpConnection connection, int maxFields, Runnable refused) {
    Http2ConnectionDecoder decoder = Channels.http2(connection).decoder();
    Http2Heads heads =
        new Http2Heads(decoder.frameListener(), decoder.connection(), maxFields, refused);
    decoder.frameListener(heads);
    decoder.connection().addListener(heads.new Release());
    ((ConnectionBase) connection).channel().attr(KEY).set(heads);
  }

  /** Whether the request that begins now on an HTTP/2 connection is whole with its head. */
  static boolean areWhole(HttpConnection connection) {
    Http2Heads heads = ((ConnectionBase) connection).channel().attr(KEY).get();
    return heads != null && heads.whole;
  }

  private final class Release extends Http2ConnectionAdapter {
    @Override
    public void onStreamClosed(Http2Stream stream) {
      Long weight = stream.removeProperty(key);
      if (weight != null) {
        MemoryShare.HEADS.release(weight);
      }
    }
  }

  /** Takes room for a head, or for trailers, until its stream ends. */
  private void weigh(int streamId, Http2Headers headers) throws Http2Exception {
    // Browsers send each cookie as a field, which are one over HTTP/1.1 (RFC 9113 §8.2.3).
    int cookies = Math.max(1, headers.getAll(HttpHeaderNames.COOKIE).size());
    if (headers.size() - cookies + 1 > maxFields) {
      throw refused(streamId, "too many fields");
    }
    long bytes = 0;
    for (Map.Entry<CharSequence, CharSequence> field : headers) {
      bytes += field.getKey().length() + field.getValue().length();
    }
    long weight = MemoryShare.ofHead(bytes, headers.size());
    Http2Stream stream = connection.stream(streamId);
    if (stream == null) {
      return;
    }
    if (!MemoryShare.HEADS.take(weight, weight)) {
      // RFC 9113 §8.7: nothing was done for it, so it may be asked again.
      throw Http2Exception.streamError(
          streamId, Http2Error.REFUSED_STREAM, "too many large heads are under way");
    }
    Long before = stream.getProperty(key);
    stream.setProperty(key, before == null ? weight : before + weight);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext context,
      int stream,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean endOfStream)
      throws Http2Exception {
    StreamsInTurn.begun(context);
    check(stream, headers);
    whole = endOfStream;
    super.onHeadersRead(
        context, stream, headers, dependency, weight, exclusive, padding, endOfStream);
  }

  private void check(int stream, Http2Headers headers) throws Http2Exception {
    weigh(stream, headers);
    CharSequence method = headers.method();
    // Trailers have none.
    if (method == null) {
      return;
    }
    if (!Octets.isToken(method.toString())) {
      throw refused(stream, "the method is no token");
    }
    if (headers.contains(Http2Headers.PseudoHeaderName.PROTOCOL.value())) {
      // It is defined for who was told of extended CONNECT only (RFC 8441 §3, RFC 9113 §8.3).
      throw refused(stream, "a :protocol that was not offered");
    }
    Iterator<CharSequence> hosts = headers.valueIterator(HttpHeaderNames.HOST);
    if (hosts.hasNext()) {
      hosts.next();
      if (hosts.hasNext()) {
        throw refused(stream, "more than one Host");
      }
    }
  }

  private Http2Exception refused(int stream, String reason) {
    refused.run();
    return Http2Exception.streamError(stream, Http2Error.PROTOCOL_ERROR, reason);
  }
}
