package dev.kaneogateway.web;

/** The classes of octets that HTTP's grammar is made of (RFC 9110 §5.5, §5.6.2). */
public final class Octets {
  private static final boolean[] TOKEN = new boolean[256];

  static {
    String others = "!#$%&'*+-.^_`|~";
    for (int i = 0; i < 128; i++) {
      TOKEN[i] =
          (i >= '0' && i <= '9')
              || (i >= 'A' && i <= 'Z')
              || (i >= 'a' && i <= 'z')
              || others.indexOf(i) >= 0;
    }
  }

  private Octets() {}

  /** Whether an octet may stand in a token. */
  public static boolean isToken(byte octet) {
    return TOKEN[octet & 0xff];
  }

  /** Whether a text is a token: the form of methods and field names. */
  static boolean isToken(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c > 127 || !TOKEN[c]) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /** Whether an octet may stand in a field's value, or in a reason (RFC 9112 §4). */
  public static boolean isValue(int octet) {
    return (octet >= ' ' && octet != 0x7f) || octet == '\t';
  }

  /** Whether a text may be a field's value. */
  public static boolean isValue(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!isValue(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /** Whether no space or tab stands at either end (RFC 9113 §8.2.1). */
  static boolean isTrimmed(String value) {
    int last = value.length() - 1;
    return last < 0 || (!isBlank(value.charAt(0)) && !isBlank(value.charAt(last)));
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }
}
