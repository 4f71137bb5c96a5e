package dev.kaneogateway.web;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.stream.ChunkedWriteHandler;

/**
 * Makes HTTP/1 strict before a request is decoded, and has frames weighed before one is read.
 * Vert.x makes its pipeline from within the first read: bytes one by one let us in between. In the
 * pipeline until that is done; runs on the channel's event loop.
 */
final class FirstBytes extends ChannelInboundHandlerAdapter {
  private static final String DECODER = "httpDecoder";
  private static final String H2C_UPGRADE = "h2c";

  /** More bytes than the preface of HTTP/2 has, by which Vert.x tells the protocol. */
  private static final int MOST_FED_SINGLY = 25;

  private static final String HALF_FRAMES = "half-frames";

  private static final String STREAMS_IN_TURN = "streams-in-turn";

  private static final byte[] NO_METHOD = {'('};

  private final GuardedPorts.Rules rules;
  private final ConnectionGuard guard;
  private int fedSingly;
  private boolean halfAnEmptyLine;

  FirstBytes(GuardedPorts.Rules rules, ConnectionGuard guard) {
    this.rules = rules;
    this.guard = guard;
  }

  /** The protocol is agreed upon. */
  static void end(ChannelPipeline pipeline, boolean http2) {
    if (!http2 && pipeline.get(HALF_FRAMES) != null) {
      pipeline.remove(HALF_FRAMES);
      pipeline.remove(STREAMS_IN_TURN);
    }
    FirstBytes first = pipeline.get(FirstBytes.class);
    if (first != null) {
      first.harden(pipeline);
      pipeline.remove(first);
    }
  }

  /** Before whoever reads frames gets the first; with TLS it is not known yet what it will be. */
  private void weighFrames(ChannelPipeline pipeline) {
    if (pipeline.get(HALF_FRAMES) != null) {
      return;
    }
    ChannelHandlerContext tls = pipeline.context(SslHandler.class);
    ChannelHandlerContext reader = pipeline.context(Http2ConnectionHandler.class);
    if (tls != null) {
      pipeline.addAfter(tls.name(), HALF_FRAMES, HalfFrames.ofHttp2(true, guard, rules.flooded()));
    } else if (reader != null) {
      // Fed singly, it has read the preface and nothing else.
      pipeline.addBefore(
          reader.name(), HALF_FRAMES, HalfFrames.ofHttp2(false, guard, rules.flooded()));
    } else {
      return;
    }
    // Requests may come in one read with the preface.
    pipeline.addAfter(HALF_FRAMES, STREAMS_IN_TURN, new StreamsInTurn(rules.flooded()));
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!(message instanceof ByteBuf come)) {
      context.fireChannelRead(message);
      return;
    }
    ByteBuf bytes = fedSingly == 0 && !rules.options().isSsl() ? begin(come) : come;
    while (fedSingly < MOST_FED_SINGLY && bytes.isReadable()) {
      fedSingly++;
      context.fireChannelRead(bytes.readRetainedSlice(1));
      if (context.isRemoved() || harden(context.pipeline())) {
        fedSingly = MOST_FED_SINGLY;
      } else {
        weighFrames(context.pipeline());
      }
    }
    if (bytes.isReadable()) {
      context.fireChannelRead(bytes);
    } else {
      bytes.release();
    }
  }

  /** Netty's own decoder would swallow a first byte that is no letter before ours is there. */
  private ByteBuf begin(ByteBuf bytes) {
    boolean sound = true;
    if (!halfAnEmptyLine && bytes.isReadable() && bytes.getByte(bytes.readerIndex()) == '\r') {
      // RFC 9112 §2.2: an empty line may come before a request, its LF perhaps in another packet.
      halfAnEmptyLine = true;
      bytes.skipBytes(1);
    }
    if (halfAnEmptyLine && bytes.isReadable()) {
      halfAnEmptyLine = false;
      sound = bytes.readByte() == '\n';
    }
    if (!sound || (bytes.isReadable() && !Octets.isToken(bytes.getByte(bytes.readerIndex())))) {
      bytes.release();
      return Unpooled.wrappedBuffer(NO_METHOD);
    }
    return bytes;
  }

  /** Makes HTTP/1 strict, once its pipeline is there; whether it is. */
  private boolean harden(ChannelPipeline pipeline) {
    if (pipeline.get(DECODER) == null) {
      return false;
    }
    if (!(pipeline.get(DECODER) instanceof StrictDecoder)) {
      pipeline.replace(
          DECODER, DECODER, new StrictDecoder(rules.options(), rules.maxFields(), guard));
      // For files, of which no answer is made; every flush would pass through it.
      if (pipeline.get(ChunkedWriteHandler.class) != null) {
        pipeline.remove(ChunkedWriteHandler.class);
      }
    }
    if (pipeline.get(H2C_UPGRADE) != null && pipeline.get(NoUpgradeToH2c.class) == null) {
      pipeline.addBefore(H2C_UPGRADE, null, new NoUpgradeToH2c());
    }
    return true;
  }

  /**
   * Ignores a wish for {@code h2c}, as a server may (RFC 9110 §7.8): the upgrade would go past
   * every check of HTTP/1 heads and bodies, and RFC 9113 has dropped it. Prior knowledge needs
   * none.
   */
  private static final class NoUpgradeToH2c extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof HttpRequest request
          && request.headers().contains(HttpHeaderNames.UPGRADE, "h2c", true)) {
        request.headers().remove(HttpHeaderNames.UPGRADE);
      }
      context.fireChannelRead(message);
      if (!context.isRemoved() && context.pipeline().get(H2C_UPGRADE) == null) {
        // Vert.x asks for the upgrade at the first request only.
        context.pipeline().remove(this);
      }
    }
  }
}
