package dev.kaneogateway.web;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.VertxHttpRequestDecoder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Netty's decoder of HTTP/1 requests without its leniency: what it would repair or guess is
 * refused, because whoever stands before or behind may guess otherwise (RFC 9112 §11.2). After the
 * first bad byte nothing more is read. Runs on the channel's event loop.
 */
final class StrictDecoder extends VertxHttpRequestDecoder {
  private enum State {
    BETWEEN,
    HEAD,
    SIZED_BODY,
    CHUNKED_BODY,
    BAD
  }

  /** A version that is one, but none of ours: answered 505. */
  static final class UnknownVersion extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    UnknownVersion() {
      super("a version other than HTTP/1.1 and HTTP/1.0");
    }
  }

  private final int maxChunk;
  private final int maxTrailers;
  private final ConnectionGuard guard;
  private State state = State.BETWEEN;
  private @Nullable ChunkedBody body;
  private boolean emptyLineSeen;
  private int wordEnd;

  /**
   * @param options the server's own, for the sizes they let
   * @param guard who is told when a body cannot be read on
   */
  StrictDecoder(HttpServerOptions options, ConnectionGuard guard) {
    super(options);
    this.maxChunk = options.getMaxChunkSize();
    this.maxTrailers = options.getMaxHeaderSize();
    this.guard = guard;
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf buffer, List<Object> out)
      throws Exception {
    switch (state) {
      case BAD -> buffer.skipBytes(buffer.readableBytes());
      case CHUNKED_BODY -> decodeChunked(buffer, out);
      case SIZED_BODY -> {
        super.decode(context, buffer, out);
        if (!out.isEmpty() && out.get(out.size() - 1) instanceof LastHttpContent) {
          state = State.BETWEEN;
        }
      }
      default -> {
        if (buffer.isReadable() && mayGoOn(buffer, out)) {
          decodeHead(context, buffer, out);
        }
      }
    }
  }

  /** Judges the first byte of a head, or of what has come of it since the last read. */
  private boolean mayGoOn(ByteBuf buffer, List<Object> out) {
    byte first = buffer.getByte(buffer.readerIndex());
    if (state == State.HEAD) {
      if (first == ' ' || first == '\t') {
        refuse(buffer, out, "a folded line");
        return false;
      }
      return true;
    }
    if (first == '\r' && !emptyLineSeen) {
      // RFC 9112 §2.2: one empty line may come before a request.
      if (buffer.readableBytes() >= 2) {
        if (buffer.getByte(buffer.readerIndex() + 1) != '\n') {
          refuse(buffer, out, "a lone CR");
          return false;
        }
        buffer.skipBytes(2);
        emptyLineSeen = true;
      }
      return false;
    }
    if (!Octets.isToken(first)) {
      refuse(buffer, out, "no method");
      return false;
    }
    return true;
  }

  private void decodeHead(ChannelHandlerContext context, ByteBuf buffer, List<Object> out)
      throws Exception {
    int from = buffer.readerIndex();
    super.decode(context, buffer, out);
    int to = buffer.readerIndex();
    if (hasFold(buffer, from, to)) {
      out.clear();
      refuse(buffer, out, "a folded line");
    } else if (out.isEmpty()) {
      state = to > from ? State.HEAD : state;
    } else if (((HttpRequest) out.get(0)).decoderResult().isFailure()) {
      state = State.BAD;
    } else {
      emptyLineSeen = false;
      if (out.size() > 1) {
        state = State.BETWEEN;
      } else if (HttpUtil.isTransferEncodingChunked((HttpRequest) out.get(0))) {
        body = new ChunkedBody(maxChunk, maxTrailers);
        state = State.CHUNKED_BODY;
      } else {
        state = State.SIZED_BODY;
      }
    }
  }

  /** Netty joins folded lines (RFC 9112 §5.2); a search for line ends costs next to nothing. */
  private static boolean hasFold(ByteBuf buffer, int from, int to) {
    int next = from < to ? buffer.indexOf(from, to, (byte) '\n') + 1 : 0;
    while (next > 0 && next < to) {
      byte first = buffer.getByte(next);
      if (first == ' ' || first == '\t') {
        return true;
      }
      next = buffer.indexOf(next, to, (byte) '\n') + 1;
    }
    return false;
  }

  private void decodeChunked(ByteBuf buffer, List<Object> out) {
    ChunkedBody reading = java.util.Objects.requireNonNull(body);
    switch (reading.read(buffer, out)) {
      case MORE -> {
        // What can be read was read.
      }
      case ENDED -> {
        body = null;
        state = State.BETWEEN;
        // Netty still waits for the first chunk.
        reset();
        guard.bodyEnded();
      }
      case MALFORMED -> {
        state = State.BAD;
        buffer.skipBytes(buffer.readableBytes());
        guard.bodyMalformed();
      }
    }
  }

  private void refuse(ByteBuf buffer, List<Object> out, String reason) {
    state = State.BAD;
    buffer.skipBytes(buffer.readableBytes());
    HttpMessage message = createInvalidMessage();
    message.setDecoderResult(DecoderResult.failure(new IllegalArgumentException(reason)));
    out.add(message);
  }

  @Override
  protected String splitFirstWordInitialLine(byte[] line, int start, int length) {
    wordEnd = start + length;
    return super.splitFirstWordInitialLine(line, start, length);
  }

  @Override
  protected String splitSecondWordInitialLine(byte[] line, int start, int length) {
    checkSpaceBefore(line, start);
    wordEnd = start + length;
    return super.splitSecondWordInitialLine(line, start, length);
  }

  @Override
  protected String splitThirdWordInitialLine(byte[] line, int start, int length) {
    checkSpaceBefore(line, start);
    return super.splitThirdWordInitialLine(line, start, length);
  }

  private void checkSpaceBefore(byte[] line, int start) {
    if (start != wordEnd + 1 || line[wordEnd] != ' ') {
      throw new IllegalArgumentException("not one space between the words of a request line");
    }
  }

  @Override
  protected HttpMessage createMessage(String[] line) {
    String version = line[2];
    if (!version.equals("HTTP/1.1") && !version.equals("HTTP/1.0")) {
      if (version.matches("HTTP/\\d\\.\\d")) {
        throw new UnknownVersion();
      }
      throw new IllegalArgumentException("no version");
    }
    if (!Octets.isToken(line[0])) {
      throw new IllegalArgumentException("no method");
    }
    return super.createMessage(line);
  }

  /** Netty would settle silently a message that has both lengths (RFC 9112 §6.3). */
  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    throw new IllegalArgumentException("Content-Length beside Transfer-Encoding");
  }
}
