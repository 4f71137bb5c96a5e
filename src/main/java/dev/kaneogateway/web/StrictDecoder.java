package dev.kaneogateway.web;

import static java.util.Objects.requireNonNull;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.util.ReferenceCountUtil;
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
      super("a version other than HTTP/1");
    }
  }

  private final int maxChunk;
  private final int maxTrailers;
  private final int maxFields;
  private final ConnectionGuard guard;
  private State state = State.BETWEEN;
  private @Nullable ChunkedBody body;
  private boolean emptyLineSeen;
  private int wordEnd;
  private int lines;
  private int headBytes;
  private long weight;
  private boolean handsOver;

  /**
   * @param options the server's own, for the sizes they let
   * @param maxFields how many fields a head may have
   * @param guard who is told when a body cannot be read on
   */
  StrictDecoder(HttpServerOptions options, int maxFields, ConnectionGuard guard) {
    super(options);
    this.maxChunk = options.getMaxChunkSize();
    this.maxTrailers = options.getMaxHeaderSize();
    this.maxFields = maxFields;
    this.guard = guard;
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf buffer, List<Object> out)
      throws Exception {
    switch (state) {
      case BAD -> buffer.skipBytes(buffer.readableBytes());
      case CHUNKED_BODY -> {
        decodeChunked(context, buffer, out);
        stopIfItWaits(context, out);
      }
      case SIZED_BODY -> {
        super.decode(context, buffer, out);
        if (!out.isEmpty() && out.get(out.size() - 1) instanceof LastHttpContent) {
          state = State.BETWEEN;
        }
        stopIfItWaits(context, out);
      }
      default -> {
        if (state == State.BETWEEN && guard.takesNoMore()) {
          // Were reading to stop, the close would be a reset.
          state = State.BAD;
          buffer.skipBytes(buffer.readableBytes());
        } else if (state == State.BETWEEN && guard.incoming().awaitsTurn()) {
          // What comes behind it stays the bytes that it is, a tenth of what would be made of it.
          stop(context);
        } else if (buffer.isReadable() && mayGoOn(buffer, out)) {
          decodeHead(context, buffer, out);
        }
      }
    }
  }

  /** Of a body that nobody takes now little is enough. */
  private void stopIfItWaits(ChannelHandlerContext context, List<Object> out) {
    Incoming incoming = guard.incoming();
    if (!incoming.bodyWaits()) {
      return;
    }
    for (Object each : out) {
      if (each instanceof HttpContent piece) {
        incoming.waits(piece.content().readableBytes());
      }
    }
    if (state != State.BETWEEN && incoming.isEnough()) {
      stop(context);
    }
  }

  /** Reads no further until what has come is taken. */
  private void stop(ChannelHandlerContext context) {
    if (!guard.incoming().isStopped()) {
      context.channel().config().setAutoRead(false);
      guard.incoming().stopped(() -> context.executor().execute(() -> goOn(context)));
    }
  }

  private void goOn(ChannelHandlerContext context) {
    if (context.isRemoved() || guard.incoming().isStopped()) {
      return;
    }
    context.channel().config().setAutoRead(true);
    try {
      channelRead(context, Unpooled.EMPTY_BUFFER);
      channelReadComplete(context);
    } catch (Exception e) {
      context.fireExceptionCaught(e);
    }
  }

  /** Epoll reads until the end from who has hung up, whatever it is told. */
  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    int bytes = message instanceof ByteBuf come ? come.readableBytes() : 0;
    if (guard.incoming().isStopped() && bytes > MemoryShare.BODIES.room()) {
      ReferenceCountUtil.release(message);
      state = State.BAD;
      context.channel().unsafe().close(context.voidPromise());
    } else {
      super.channelRead(context, message);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) throws Exception {
    if (guard.incoming().isStopped()) {
      // Netty would read on until something comes of it.
      discardSomeReadBytes();
      context.fireChannelReadComplete();
    } else {
      super.channelReadComplete(context);
    }
  }

  /** Judges the first byte of a head, or of what has come of it since the last read. */
  private boolean mayGoOn(ByteBuf buffer, List<Object> out) {
    byte first = buffer.getByte(buffer.readerIndex());
    if (state == State.HEAD) {
      if (first == ' ' || first == '\t') {
        refuse(buffer, out, new IllegalArgumentException("a folded line"));
        return false;
      }
      return true;
    }
    if (first == '\r' && !emptyLineSeen) {
      // RFC 9112 §2.2: one empty line may come before a request.
      if (buffer.readableBytes() >= 2) {
        if (buffer.getByte(buffer.readerIndex() + 1) != '\n') {
          refuse(buffer, out, new IllegalArgumentException("a lone CR"));
          return false;
        }
        buffer.skipBytes(2);
        emptyLineSeen = true;
        if (!buffer.isReadable()) {
          // As some clients send behind a body: the connection may still be idle.
          guard.partUnderWay(false);
        }
      }
      return false;
    }
    if (!Octets.isToken(first)) {
      refuse(buffer, out, new IllegalArgumentException("no method"));
      return false;
    }
    return true;
  }

  private void decodeHead(ChannelHandlerContext context, ByteBuf buffer, List<Object> out)
      throws Exception {
    Exception fault = judgeLines(buffer);
    if (fault != null) {
      refuse(buffer, out, fault);
      return;
    }
    int from = buffer.readerIndex();
    super.decode(context, buffer, out);
    if (out.isEmpty()) {
      if (buffer.readerIndex() > from) {
        state = State.HEAD;
        headBytes += buffer.readerIndex() - from;
      }
      guard.partUnderWay(true);
      // Of a line that has no end yet nothing is read.
      weigh(headBytes + buffer.readableBytes(), buffer, out);
      return;
    }
    HttpRequest request = (HttpRequest) out.get(0);
    if (request.decoderResult().isFailure()) {
      state = State.BAD;
      weighNothing();
      return;
    }
    headBytes += buffer.readerIndex() - from;
    if (MemoryShare.isSmall(headBytes, lines)) {
      weighNothing();
    } else if (!weigh(headBytes, buffer, out)) {
      return;
    }
    boolean chunked = out.size() == 1 && HttpUtil.isTransferEncodingChunked(request);
    guard.incoming().headRead(chunked, handOverWeight(context));
    guard.partUnderWay(false);
    headBytes = 0;
    lines = 0;
    emptyLineSeen = false;
    if (out.size() > 1) {
      state = State.BETWEEN;
    } else if (chunked) {
      body = ChunkedBody.ofRequest(maxChunk, maxTrailers);
      state = State.CHUNKED_BODY;
    } else {
      state = State.SIZED_BODY;
    }
  }

  /** Takes room for a head, or for what has come of it; without any it is refused. */
  private boolean weigh(int bytes, ByteBuf buffer, List<Object> out) {
    long now = MemoryShare.ofHead(bytes, lines);
    if (MemoryShare.HEADS.take(now - weight, now)) {
      weight = now;
      return true;
    }
    refuse(buffer, out, new TooLongHttpHeaderException("too many large heads are under way"));
    return false;
  }

  private void weighNothing() {
    MemoryShare.HEADS.release(weight);
    weight = 0;
  }

  /** The head keeps its room for as long as its request is under way, or its connection lasts. */
  private long handOverWeight(ChannelHandlerContext context) {
    long handed = weight;
    weight = 0;
    if (handed > 0 && !handsOver) {
      handsOver = true;
      Incoming incoming = guard.incoming();
      context.channel().closeFuture().addListener(closed -> incoming.gone());
    }
    return handed;
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext context) throws Exception {
    weighNothing();
    guard.incoming().nothingWaits();
    super.handlerRemoved0(context);
  }

  /**
   * What is wrong with the lines of a head that are there whole, before anything is made of them:
   * Netty joins folded ones (RFC 9112 §5.2), and makes objects of each, many times its size.
   */
  private @Nullable Exception judgeLines(ByteBuf buffer) {
    int end = buffer.writerIndex();
    int begin = buffer.readerIndex();
    int lineEnd = buffer.indexOf(begin, end, (byte) '\n');
    while (lineEnd >= 0) {
      byte first = buffer.getByte(begin);
      if (first == '\n' || (first == '\r' && lineEnd == begin + 1)) {
        return null;
      }
      if (first == ' ' || first == '\t') {
        return new IllegalArgumentException("a folded line");
      }
      lines++;
      if (lines > 1 + maxFields) {
        return new TooLongHttpHeaderException("too many fields");
      }
      begin = lineEnd + 1;
      lineEnd = buffer.indexOf(begin, end, (byte) '\n');
    }
    return null;
  }

  private void decodeChunked(ChannelHandlerContext context, ByteBuf buffer, List<Object> out) {
    switch (requireNonNull(body).read(buffer, out)) {
      case MORE -> {
        // What can be read was read.
      }
      case ENDED -> {
        body = null;
        state = State.BETWEEN;
        // Netty still waits for the first chunk.
        reset();
        guard.incoming().bodyEnded();
      }
      case MALFORMED -> {
        // What was well is handed on before it is told.
        out.forEach(context::fireChannelRead);
        out.clear();
        state = State.BAD;
        buffer.skipBytes(buffer.readableBytes());
        guard.bodyMalformed();
      }
    }
  }

  private void refuse(ByteBuf buffer, List<Object> out, Exception fault) {
    state = State.BAD;
    weighNothing();
    buffer.skipBytes(buffer.readableBytes());
    out.clear();
    HttpMessage message = createInvalidMessage();
    message.setDecoderResult(DecoderResult.failure(fault));
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
      line[2] = asKnown(version);
    }
    if (!Octets.isToken(line[0])) {
      throw new IllegalArgumentException("no method");
    }
    return super.createMessage(line);
  }

  /** A later HTTP/1 is read as the highest that is known (RFC 9110 §2.5). */
  private static String asKnown(String version) {
    if (version.matches("HTTP/1\\.[2-9]")) {
      return "HTTP/1.1";
    }
    if (version.matches("HTTP/\\d\\.\\d")) {
      throw new UnknownVersion();
    }
    throw new IllegalArgumentException("no version");
  }

  /** Netty would settle silently a message that has both lengths (RFC 9112 §6.3). */
  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    throw new IllegalArgumentException("Content-Length beside Transfer-Encoding");
  }
}
