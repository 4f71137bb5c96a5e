package dev.kaneogateway.tracing;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A {@code traceparent} field (W3C Trace Context §3.2): a place in a trace. Immutable.
 *
 * @param text the field as it is sent
 * @param traceId 32 hexadecimal digits
 * @param spanId 16 hexadecimal digits, the caller's span
 * @param sampled whether the caller records it
 */
record TraceParent(String text, String traceId, String spanId, boolean sampled) {
  private static final char[] DIGITS = "0123456789abcdef".toCharArray();
  private static final int LENGTH = 55;

  /** The place that a request's fields name; null if there is none, or not one that can be. */
  static @Nullable TraceParent parse(List<String> fields) {
    if (fields.size() != 1) {
      return null;
    }
    String text = fields.get(0);
    boolean sound =
        text.length() >= LENGTH
            && text.charAt(2) == '-'
            && text.charAt(35) == '-'
            && text.charAt(52) == '-'
            && isHex(text, 0, 2)
            && isHex(text, 3, 35)
            && isHex(text, 36, 52)
            && isHex(text, 53, LENGTH)
            && !isZero(text, 3, 35)
            && !isZero(text, 36, 52)
            && !text.startsWith("ff")
            // Only a later version may say more.
            && (text.length() == LENGTH || (!text.startsWith("00") && text.charAt(LENGTH) == '-'));
    if (!sound) {
      return null;
    }
    boolean sampled = (Character.digit(text.charAt(54), 16) & 1) == 1;
    return new TraceParent(text, text.substring(3, 35), text.substring(36, 52), sampled);
  }

  /** A trace that begins here. */
  static TraceParent start(boolean sampled) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    char[] text = new char[LENGTH];
    text[0] = '0';
    text[1] = '0';
    text[2] = '-';
    hex(random.nextLong(), text, 3);
    hex(random.nextLong() | 1, text, 19);
    text[35] = '-';
    hex(random.nextLong() | 1, text, 36);
    text[52] = '-';
    text[53] = '0';
    text[54] = sampled ? '1' : '0';
    String whole = new String(text);
    return new TraceParent(whole, whole.substring(3, 35), whole.substring(36, 52), sampled);
  }

  private static void hex(long value, char[] to, int at) {
    for (int i = 0; i < 16; i++) {
      to[at + i] = DIGITS[(int) (value >>> (60 - 4 * i)) & 0xf];
    }
  }

  private static boolean isHex(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isZero(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text.charAt(i) != '0') {
        return false;
      }
    }
    return true;
  }
}
