package dev.kaneogateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;

/**
 * The head of a request as bytes (RFC 9112 §3 and §5), checked as it is written: what could begin
 * another field or another request is refused, wherever it came from. One for each event loop, used
 * again for each head.
 */
final class HeadBytes {
  private static final int FIRST_SIZE = 2048;

  /** {@code tchar} of RFC 9110 §5.6.2. */
  private static final boolean[] TOKEN = new boolean[128];

  static {
    for (char c = '0'; c <= 'z'; c++) {
      TOKEN[c] = Character.isLetterOrDigit(c);
    }
    for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
      TOKEN[c] = true;
    }
  }

  private byte[] bytes = new byte[FIRST_SIZE];
  private int length;

  /** Begins a head anew. */
  void begin(String method, String target) {
    length = 0;
    reserve(method.length() + target.length() + 12);
    token(method);
    bytes[length++] = ' ';
    for (int i = 0; i < target.length(); i++) {
      char c = target.charAt(i);
      if (c <= ' ' || c == 127 || c > 255) {
        throw new IllegalArgumentException("a target has a character that none may have");
      }
      bytes[length++] = (byte) c;
    }
    ascii(" HTTP/1.1\r\n");
  }

  /**
   * Adds a field.
   *
   * @throws IllegalArgumentException if name or value has a character that none may have
   */
  void field(CharSequence name, CharSequence value) {
    reserve(name.length() + value.length() + 4);
    token(name);
    bytes[length++] = ':';
    bytes[length++] = ' ';
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c == 127 || c > 255) {
        throw new IllegalArgumentException("a field's value has a character that none may have");
      }
      bytes[length++] = (byte) c;
    }
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

  private void token(CharSequence name) {
    if (name.length() == 0) {
      throw new IllegalArgumentException("a name is empty");
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c >= 128 || !TOKEN[c]) {
        throw new IllegalArgumentException("a name has a character that none may have");
      }
      bytes[length++] = (byte) c;
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
