package dev.kaneogateway.web;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Pattern;

/**
 * The path as others will see it, for judging only: what is forwarded stays as it came. Kaneo reads
 * the target as a WHATWG URL (dot segments go) and then decodes percent escapes except those of
 * reserved characters and of the percent sign (ECMAScript decodeURI). The nginx in Kaneo's image
 * stands before it and reads otherwise, and what it has read is what it asks Kaneo for.
 */
final class CanonicalPath {
  private static final String RESERVED = ";/?:@&=+$,#%";
  private static final Pattern ESCAPED_DOT = Pattern.compile("%2[eE]");

  private CanonicalPath() {}

  /** The canonical path of an origin-form target, without its query. */
  static String of(String target) {
    int end = 0;
    boolean plain = true;
    for (; end < target.length(); end++) {
      char c = target.charAt(end);
      if (c == '?' || c == '#') {
        break;
      }
      if (c == '%' || (c == '.' && end > 0 && target.charAt(end - 1) == '/')) {
        plain = false;
      }
    }
    String path = end == target.length() ? target : target.substring(0, end);
    if (plain) {
      return path;
    }
    return decode(withoutDotSegments(ESCAPED_DOT.matcher(path).replaceAll(".")), RESERVED);
  }

  /**
   * The path of an origin-form target as nginx passes it on: every escape is decoded, that of a
   * slash too, then several slashes are one, and then dot segments go.
   */
  static String merged(String target) {
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    if (path.indexOf('%') < 0 && !path.contains("//") && !path.contains("/.")) {
      return path;
    }
    return withoutDotSegments(decode(path, "").replaceAll("/+", "/"));
  }

  private static String withoutDotSegments(String path) {
    Deque<String> kept = new ArrayDeque<>();
    String[] segments = path.substring(1).split("/", -1);
    for (int i = 0; i < segments.length; i++) {
      boolean last = i == segments.length - 1;
      switch (segments[i]) {
        case "." -> {
          if (last) {
            kept.addLast("");
          }
        }
        case ".." -> {
          kept.pollLast();
          if (last) {
            kept.addLast("");
          }
        }
        default -> kept.addLast(segments[i]);
      }
    }
    return "/" + String.join("/", kept);
  }

  /** Only ASCII matters: the patterns a path is judged by have nothing else. */
  private static String decode(String path, String kept) {
    int escape = path.indexOf('%');
    if (escape < 0) {
      return path;
    }
    StringBuilder decoded = new StringBuilder(path.length());
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      int value = c == '%' && i + 2 < path.length() ? hex(path, i + 1) : -1;
      if (value >= 0 && value < 0x80 && kept.indexOf(value) < 0) {
        decoded.append((char) value);
        i += 2;
      } else {
        decoded.append(c);
      }
    }
    return decoded.toString();
  }

  private static int hex(String text, int at) {
    int high = Character.digit(text.charAt(at), 16);
    int low = Character.digit(text.charAt(at + 1), 16);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }
}
