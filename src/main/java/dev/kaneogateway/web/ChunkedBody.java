package dev.kaneogateway.web;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.internal.StringUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * One chunked body as it comes in (RFC 9112 §7.1). Netty's own reading loses the upper half of a
 * size and what stands after it, and stumbles over extensions. Those are dropped, as a recipient
 * may; neither they nor trailers may be long. Confined to one event loop.
 */
public final class ChunkedBody {
  /** A size has 16 digits at most; the rest is extensions, for which nobody has shown a use. */
  private static final int MAX_LINE = 1024;

  /** Of a request, as much as Node lets. */
  private static final int MAX_EXTENSIONS = 16 * 1024;

  private static final Set<String> FRAMING =
      Set.of("content-length", "transfer-encoding", "trailer");

  /** What a piece takes up beside its bytes is nothing to more than these. */
  private static final int SMALL_BYTES = 1024;

  /** What has become of the body after reading. */
  public enum Progress {
    MORE,
    ENDED,
    MALFORMED
  }

  private enum Part {
    SIZE,
    DATA,
    DATA_END,
    TRAILER
  }

  private final int maxPiece;
  private final LastHttpContent last;
  private final boolean strict;
  private int trailersLeft;
  private int extensionsLeft = MAX_EXTENSIONS;
  private Part part = Part.SIZE;
  private long left;

  private ChunkedBody(int maxPiece, int maxTrailers, LastHttpContent last, boolean strict) {
    this.maxPiece = maxPiece;
    this.trailersLeft = maxTrailers;
    this.last = last;
    this.strict = strict;
  }

  /**
   * A request's, read to the letter of the grammar and without any space in it; its trailers are
   * dropped.
   *
   * @param maxPiece most bytes to hand on in one piece
   * @param maxTrailers most bytes of trailers
   */
  static ChunkedBody ofRequest(int maxPiece, int maxTrailers) {
    return new ChunkedBody(maxPiece, maxTrailers, LastHttpContent.EMPTY_LAST_CONTENT, true);
  }

  /**
   * An answer's, whose sender may put blanks and any text into extensions.
   *
   * @param maxPiece most bytes to hand on in one piece
   * @param maxTrailers most bytes of trailers
   * @param trailers where trailers are kept
   */
  public static ChunkedBody ofAnswer(int maxPiece, int maxTrailers, HttpHeadersFactory trailers) {
    LastHttpContent last = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, trailers);
    return new ChunkedBody(maxPiece, maxTrailers, last, false);
  }

  /** Reads as far as it can, and hands on what came of it: at the end an end. */
  public Progress read(ByteBuf in, List<Object> out) {
    List<ByteBuf> pieces = new ArrayList<>();
    Progress progress;
    int before;
    do {
      before = in.readerIndex();
      progress = step(in, pieces);
    } while (progress == Progress.MORE && in.isReadable() && in.readerIndex() > before);
    handOn(in.alloc(), pieces, out);
    if (progress == Progress.ENDED) {
      out.add(last);
    }
    return progress;
  }

  /**
   * As one piece where there are many small ones: while nobody takes them, each takes up a hundred
   * bytes beside its own.
   */
  private static void handOn(ByteBufAllocator alloc, List<ByteBuf> pieces, List<Object> out) {
    int length = pieces.stream().mapToInt(ByteBuf::readableBytes).sum();
    if (pieces.size() < 2 || length / pieces.size() > SMALL_BYTES) {
      pieces.forEach(piece -> out.add(new DefaultHttpContent(piece)));
      return;
    }
    ByteBuf all = alloc.buffer(length);
    for (ByteBuf piece : pieces) {
      all.writeBytes(piece);
      piece.release();
    }
    out.add(new DefaultHttpContent(all));
  }

  private Progress step(ByteBuf in, List<ByteBuf> pieces) {
    return switch (part) {
      case SIZE -> readSize(in);
      case DATA -> readData(in, pieces);
      case DATA_END -> readDataEnd(in);
      case TRAILER -> readTrailer(in);
    };
  }

  private Progress readSize(ByteBuf in) {
    int start = in.readerIndex();
    int end = lineEnd(in, MAX_LINE);
    if (end < 0) {
      return end == UNFINISHED ? Progress.MORE : Progress.MALFORMED;
    }
    long size = 0;
    int at = start;
    for (; at < end; at++) {
      int digit = StringUtil.decodeHexNibble((char) (in.getByte(at) & 0xff));
      if (digit < 0) {
        break;
      }
      if (at - start >= 16) {
        return Progress.MALFORMED;
      }
      size = size << 4 | digit;
    }
    boolean sound = strict ? areExtensions(in, at, end) : mayBeExtensions(in, at, end);
    if (at == start || size < 0 || !sound) {
      return Progress.MALFORMED;
    }
    in.readerIndex(end + 2);
    left = size;
    part = size == 0 ? Part.TRAILER : Part.DATA;
    return Progress.MORE;
  }

  private Progress readData(ByteBuf in, List<ByteBuf> pieces) {
    int length = (int) Math.min(Math.min(left, maxPiece), in.readableBytes());
    if (length > 0) {
      pieces.add(in.readRetainedSlice(length));
      left -= length;
      part = left == 0 ? Part.DATA_END : Part.DATA;
    }
    return Progress.MORE;
  }

  private Progress readDataEnd(ByteBuf in) {
    if (in.isReadable() && in.getByte(in.readerIndex()) != '\r') {
      return Progress.MALFORMED;
    }
    if (in.readableBytes() < 2) {
      return Progress.MORE;
    }
    if (in.getByte(in.readerIndex() + 1) != '\n') {
      return Progress.MALFORMED;
    }
    in.skipBytes(2);
    part = Part.SIZE;
    return Progress.MORE;
  }

  private Progress readTrailer(ByteBuf in) {
    int start = in.readerIndex();
    int end = lineEnd(in, trailersLeft);
    if (end < 0) {
      return end == UNFINISHED ? Progress.MORE : Progress.MALFORMED;
    }
    trailersLeft -= end - start;
    if (end > start && !isField(in, start, end)) {
      return Progress.MALFORMED;
    }
    if (end > start && !strict) {
      keep(in, start, end);
    }
    in.readerIndex(end + 2);
    return end > start ? Progress.MORE : Progress.ENDED;
  }

  private static final int UNFINISHED = -1;
  private static final int UNSOUND = -2;

  /** Where the line that begins here has its CRLF. */
  private static int lineEnd(ByteBuf in, int most) {
    int start = in.readerIndex();
    int length = Math.min(in.readableBytes(), most + 2);
    int feed = in.indexOf(start, start + length, (byte) '\n');
    if (feed < 0) {
      return in.readableBytes() < most + 2 ? UNFINISHED : UNSOUND;
    }
    return feed > start && in.getByte(feed - 1) == '\r' ? feed - 1 : UNSOUND;
  }

  /** Each {@code ;name}, {@code ;name=token} or {@code ;name="text"}, without any space. */
  private boolean areExtensions(ByteBuf in, int from, int end) {
    extensionsLeft -= end - from;
    if (extensionsLeft < 0) {
      return false;
    }
    int at = from;
    while (at < end) {
      if (in.getByte(at) != ';') {
        return false;
      }
      int name = tokenEnd(in, at + 1, end);
      if (name == at + 1) {
        return false;
      }
      at = name;
      if (at < end && in.getByte(at) == '=') {
        boolean quoted = at + 1 < end && in.getByte(at + 1) == '"';
        int value = quoted ? quotedEnd(in, at + 1, end) : tokenEnd(in, at + 1, end);
        if (value <= at + 1) {
          return false;
        }
        at = value;
      }
    }
    return true;
  }

  /** Blanks, and behind a semicolon whatever is text. */
  private static boolean mayBeExtensions(ByteBuf in, int from, int end) {
    int at = from;
    while (at < end && (in.getByte(at) == ' ' || in.getByte(at) == '\t')) {
      at++;
    }
    return at == end || (in.getByte(at) == ';' && isText(in, at, end));
  }

  private static boolean isText(ByteBuf in, int from, int end) {
    for (int at = from; at < end; at++) {
      if (!Octets.isValue(in.getByte(at) & 0xff)) {
        return false;
      }
    }
    return true;
  }

  private static int tokenEnd(ByteBuf in, int from, int end) {
    int at = from;
    while (at < end && Octets.isToken(in.getByte(at))) {
      at++;
    }
    return at;
  }

  /** Behind the closing quote, or -1. */
  private static int quotedEnd(ByteBuf in, int from, int end) {
    for (int at = from + 1; at < end; at++) {
      int octet = in.getByte(at) & 0xff;
      if (octet == '"') {
        return at + 1;
      }
      if (octet == '\\') {
        at++;
      } else if (!Octets.isValue(octet)) {
        return -1;
      }
    }
    return -1;
  }

  private static boolean isField(ByteBuf in, int start, int end) {
    int colon = tokenEnd(in, start, end);
    return colon > start && colon < end && in.getByte(colon) == ':' && isText(in, colon + 1, end);
  }

  /** Keeps a trailer, unless it is about framing, which none may be (RFC 9110 §6.5.1). */
  private void keep(ByteBuf in, int start, int end) {
    int colon = tokenEnd(in, start, end);
    String name = in.toString(start, colon - start, StandardCharsets.ISO_8859_1);
    if (!FRAMING.contains(name.toLowerCase(Locale.ROOT))) {
      String value = in.toString(colon + 1, end - colon - 1, StandardCharsets.ISO_8859_1);
      last.trailingHeaders().add(name, value.strip());
    }
  }
}
