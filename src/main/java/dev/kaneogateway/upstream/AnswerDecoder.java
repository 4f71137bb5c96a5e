package dev.kaneogateway.upstream;

import dev.kaneogateway.web.ChunkedBody;
import dev.kaneogateway.web.Octets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Netty's decoder of answers, told which request the next one is for (RFC 9112 §6.3). Runs on the
 * event loop of its connection.
 */
final class AnswerDecoder extends HttpResponseDecoder {
  /** A Kaneo's page may set many cookies; more than this is a mistake. */
  private static final int MOST_HEAD_BYTES = 256 * 1024;

  private static final int MOST_LINE_BYTES = 8 * 1024;

  /** Fields that Vert.x can hand on as they are; they are checked where they are copied. */
  private static final HttpHeadersFactory FIELDS =
      new HttpHeadersFactory() {
        @Override
        public HttpHeaders newHeaders() {
          return (HttpHeaders) MultiMap.caseInsensitiveMultiMap();
        }

        @Override
        public HttpHeaders newEmptyHeaders() {
          return newHeaders();
        }
      };

  private boolean toHead;
  private @Nullable ChunkedBody body;

  AnswerDecoder() {
    super(
        new HttpDecoderConfig()
            .setMaxInitialLineLength(MOST_LINE_BYTES)
            .setMaxHeaderSize(MOST_HEAD_BYTES)
            .setMaxChunkSize(MOST_LINE_BYTES)
            .setHeadersFactory(FIELDS)
            .setTrailersFactory(FIELDS));
  }

  /** The next answer is to a request of this method. */
  void expect(HttpMethod method) {
    toHead = method.equals(HttpMethod.HEAD);
  }

  /** Whether there are bytes that belong to no answer that was asked for. */
  boolean hasMore() {
    return internalBuffer().isReadable();
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
      throws Exception {
    if (body != null) {
      decodeChunked(body, in, out);
      return;
    }
    super.decode(context, in, out);
    if (!out.isEmpty()
        && out.get(out.size() - 1) instanceof HttpResponse answer
        && answer.decoderResult().isSuccess()
        && HttpUtil.isTransferEncodingChunked(answer)) {
      body = ChunkedBody.ofAnswer(MOST_LINE_BYTES, MOST_HEAD_BYTES, FIELDS);
    }
  }

  private void decodeChunked(ChunkedBody chunks, ByteBuf in, List<Object> out) {
    switch (chunks.read(in, out)) {
      case MORE -> {
        // What can be read was read.
      }
      case ENDED -> {
        body = null;
        // Netty still waits for the first chunk.
        reset();
      }
      case MALFORMED -> {
        in.skipBytes(in.readableBytes());
        HttpContent fault = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
        fault.setDecoderResult(DecoderResult.failure(new IllegalArgumentException("no chunk")));
        out.add(fault);
      }
    }
  }

  /**
   * RFC 9112 §4, to the letter: Netty takes any number for a status, any version, and for a reason
   * what ends it to a client that reads on.
   */
  @Override
  protected HttpMessage createMessage(String[] line) {
    if (!isVersion(line[0]) || !isStatus(line[1]) || !Octets.isValue(line[2])) {
      throw new IllegalArgumentException("no status line");
    }
    return super.createMessage(line);
  }

  private static boolean isVersion(String word) {
    return word.length() == 8 && word.startsWith("HTTP/1.") && isDigit(word.charAt(7));
  }

  private static boolean isStatus(String word) {
    return word.length() == 3
        && isDigit(word.charAt(0))
        && isDigit(word.charAt(1))
        && isDigit(word.charAt(2));
  }

  private static boolean isDigit(char character) {
    return character >= '0' && character <= '9';
  }

  /**
   * Netty lets a name be empty, which HTTP/2 cannot say to a client, and end at the first blank,
   * whatever comes before the colon. Blanks alone are removed (RFC 9112 §5.1).
   */
  @Override
  protected AsciiString splitHeaderName(byte[] line, int start, int length) {
    int colon = start + length;
    while (colon < line.length && (line[colon] == ' ' || line[colon] == '\t')) {
      colon++;
    }
    if (length == 0 || colon == line.length || line[colon] != ':') {
      throw new IllegalArgumentException("a field's name is none");
    }
    return super.splitHeaderName(line, start, length);
  }

  @Override
  protected boolean isContentAlwaysEmpty(HttpMessage answer) {
    return toHead
        || ((HttpResponse) answer).status().codeClass() == HttpStatusClass.INFORMATIONAL
        || super.isContentAlwaysEmpty(answer);
  }
}
