package dev.kaneogateway.web;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;

/**
 * Ends a connection whose client has TLS itself answer without end: by new handshakes of TLS 1.2,
 * each of which costs a signature (CVE-2011-1473), or by new keys of TLS 1.3 (RFC 8446 §4.6.3),
 * whose answers wait, some hundred bytes each, for a client that does not read. What TLS says is
 * what is written while nothing of ours is. Stands before the handler of TLS; confined to the
 * connection's event loop.
 */
final class TlsFlood extends ChannelOutboundHandlerAdapter {
  /**
   * After its handshake TLS says little: tickets, its end, and that it has new keys, once in
   * gigabytes.
   */
  private static final int MOST_RECORDS = 100;

  /** Bytes that a record takes (RFC 8446 §5.1). */
  private static final int MOST_OF_RECORD = 1 << 14;

  private boolean sending;
  private int records;

  /** Records that what was written of ours takes, if TLS makes them before it is flushed. */
  private int ours;

  /** Watches a connection whose protocol is agreed upon, if it is over TLS. */
  static void watch(ChannelPipeline pipeline) {
    SslHandler tls = pipeline.get(SslHandler.class);
    if (tls != null) {
      String name = pipeline.context(tls).name();
      TlsFlood flood = new TlsFlood();
      pipeline.addBefore(name, null, flood).addAfter(name, null, flood.new Sending());
    }
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    if (!sending && ours > 0) {
      ours--;
    } else if (!sending && ++records > MOST_RECORDS) {
      // From the first handler outwards: it would wait for what does not leave.
      context.pipeline().firstContext().close();
    }
    context.write(message, promise);
  }

  /**
   * Knows what is ours: TLS makes records of it as it is flushed, or before, as it reads; so with
   * updates of windows, hundreds of which an upload takes.
   */
  private final class Sending extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
      if (message instanceof ByteBuf bytes) {
        ours += 1 + bytes.readableBytes() / MOST_OF_RECORD;
      }
      context.write(message, promise);
    }

    @Override
    public void flush(ChannelHandlerContext context) {
      boolean before = sending;
      sending = true;
      context.flush();
      sending = before;
      ours = 0;
    }
  }
}
