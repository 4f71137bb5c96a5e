package dev.kaneogateway.web;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Settings;
import io.vertx.core.http.HttpConnection;

/**
 * Remembers no more fields of the answers on an HTTP/2 connection than every client must (RFC 7541
 * §4.2). A client may allow for more, and Netty keeps as much as it allows: all fields ever sent,
 * up to 4 GB, each of them compared with every new one. Confined to the connection's event loop.
 */
public final class Http2Tables extends Http2FrameListenerDecorator {
  private static final long MOST_BYTES = 4096;

  private final Http2HeadersEncoder.Configuration fields;

  private Http2Tables(Http2FrameListener behind, Http2HeadersEncoder.Configuration fields) {
    super(behind);
    this.fields = fields;
  }

  /** Keeps the table of a new HTTP/2 connection small. */
  public static void limit(HttpConnection connection) {
    Http2ConnectionHandler handler = Channels.http2(connection);
    Http2HeadersEncoder.Configuration fields =
        handler.encoder().configuration().headersConfiguration();
    handler.decoder().frameListener(new Http2Tables(handler.decoder().frameListener(), fields));
  }

  @Override
  public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings)
      throws Http2Exception {
    // Netty has taken them up by now.
    if (fields.maxHeaderTableSize() > MOST_BYTES) {
      fields.maxHeaderTableSize(MOST_BYTES);
    }
    super.onSettingsRead(context, settings);
  }
}
