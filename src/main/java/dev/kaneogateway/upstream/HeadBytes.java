package dev.kaneogateway.upstream;

import dev.kaneogateway.web.Octets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.AsciiString;
import java.util.Arrays;

/**
 * The head of a request as bytes (RFC 9112 §3 and §5), checked as it is written: what could begin
 * another field or another request is refused, wherever it came from. One for each pool, used again
 * for each head.
 */
final class HeadBytes {
  private static final int FIRST_SIZE = 2048;

  // Tables, so that one loop serves names, values and targets.
  private static final boolean[] NAME = new boolean[256];
  private static final boolean[] VALUE = new boolean[256];

  /** What no blank is, and no control character. */
  private static final boolean[] TARGET = new boolean[256];

  static {
    for (int octet = 0; octet < 256; octet++) {
      NAME[octet] = Octets.isToken((byte) octet);
      VALUE[octet] = Octets.isValue(octet);
      TARGET[octet] = VALUE[octet] && octet != ' ' && octet != '\t';
    }
  }

  private byte[] bytes = new byte[FIRST_SIZE];
  private int length;

  /** Begins a head anew. */
  void begin(String method, String target) {
    length = 0;
    reserve(method.length() + target.length() + 12);
    name(method);
    bytes[length++] = ' ';
    text(target, TARGET, "a target has a character that none may have");
    ascii(" HTTP/1.1\r\n");
  }

  /**
   * Adds a field.
   *
   * @throws IllegalArgumentException if name or value has a character that none may have
   */
  void field(CharSequence name, CharSequence value) {
    reserve(name.length() + value.length() + 4);
    name(name);
    bytes[length++] = ':';
    bytes[length++] = ' ';
    text(value, VALUE, "a field's value has a character that none may have");
    bytes[length++] = '\r';
    bytes[length++] = '\n';
  }

  /** All of it, ended by its empty line. */
  ByteBuf end(ByteBufAllocator allocator) {
    reserve(2);
    bytes[length++] = '\r';
    bytes[length++] = '\n';
    return allocator.directBuffer(length).writeBytes(bytes, 0, length);
  }

  private void name(CharSequence name) {
    if (name.length() == 0) {
      throw new IllegalArgumentException("a name is empty");
    }
    text(name, NAME, "a name has a character that none may have");
  }

  /**
   * A loop for each kind of text: one over {@link CharSequence} asks at each character which it is.
   */
  private void text(CharSequence text, boolean[] allowed, String fault) {
    byte[] to = bytes;
    int at = length;
    boolean good = true;
    if (text instanceof AsciiString ascii) {
      byte[] from = ascii.array();
      int offset = ascii.arrayOffset();
      for (int i = 0; i < ascii.length(); i++) {
        byte b = from[offset + i];
        good &= allowed[b & 0xff];
        to[at++] = b;
      }
    } else {
      String string = text.toString();
      for (int i = 0; i < string.length(); i++) {
        char c = string.charAt(i);
        good &= c < 256 && allowed[c];
        to[at++] = (byte) c;
      }
    }
    length = at;
    if (!good) {
      throw new IllegalArgumentException(fault);
    }
  }

  private void ascii(String text) {
    for (int i = 0; i < text.length(); i++) {
      bytes[length++] = (byte) text.charAt(i);
    }
  }

  private void reserve(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }
}
