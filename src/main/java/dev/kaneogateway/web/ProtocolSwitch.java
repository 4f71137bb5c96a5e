package dev.kaneogateway.web;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.vertx.core.MultiMap;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.List;

/**
 * The end of HTTP/1.1 on a client's connection that goes on in another protocol (RFC 9110 §7.8).
 * Vert.x's way leaves a socket behind that keeps 5 KB for as long as it is open.
 */
public final class ProtocolSwitch {
  private static final List<String> HTTP =
      List.of("httpDecoder", "httpEncoder", "h2c", "chunkedWriter", UnreadMessages.NAME);

  private ProtocolSwitch() {}

  /**
   * Answers 101 with the fields of the exchange's response, and leaves the connection to a handler,
   * who has to end the exchange. On the connection's event loop.
   */
  public static void answer(Exchange exchange, ChannelHandler next) {
    ChannelPipeline pipeline =
        ((ConnectionBase) exchange.request().connection()).channel().pipeline();
    MultiMap fields = exchange.response().setStatusCode(101).headers();
    DefaultFullHttpResponse head =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.SWITCHING_PROTOCOLS,
            Unpooled.EMPTY_BUFFER,
            DefaultHttpHeadersFactory.headersFactory().withValidation(false),
            DefaultHttpHeadersFactory.trailersFactory());
    fields.forEach((name, value) -> head.headers().add(name, value));
    ChannelHandlerContext last = pipeline.context("handler");
    last.writeAndFlush(head, last.voidPromise());
    pipeline.replace("handler", "tunnel", next);
    for (String name : HTTP) {
      if (pipeline.get(name) != null) {
        pipeline.remove(name);
      }
    }
    // What was said at the beginning need not be kept for as long as the connection is open.
    fields.clear();
  }
}
