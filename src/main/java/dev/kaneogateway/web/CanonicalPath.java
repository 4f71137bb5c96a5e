package dev.kaneogateway.web;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/**
 * The path as Kaneo will see it, for judging only: what is forwarded stays as it came. Kaneo reads
 * the target as a WHATWG URL (dot segments go, a backslash is a slash) and then decodes percent
 * escapes except those of reserved characters and of the percent sign (ECMAScript decodeURI).
 */
final class CanonicalPath {
  private static final String RESERVED = ";/?:@&=+$,#%";

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
      if (c == '%' || c == '\\' || (c == '.' && end > 0 && isSlash(target.charAt(end - 1)))) {
        plain = false;
      }
    }
    String path = end == target.length() ? target : target.substring(0, end);
    return plain ? path : decode(withoutDotSegments(path.replace('\\', '/')));
  }

  private static boolean isSlash(char c) {
    return c == '/' || c == '\\';
  }

  private static String withoutDotSegments(String path) {
    Deque<String> kept = new ArrayDeque<>();
    String[] segments = path.substring(1).split("/", -1);
    for (int i = 0; i < segments.length; i++) {
      boolean last = i == segments.length - 1;
      switch (segments[i].toLowerCase(Locale.ROOT).replace("%2e", ".")) {
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
  private static String decode(String path) {
    int escape = path.indexOf('%');
    if (escape < 0) {
      return path;
    }
    StringBuilder decoded = new StringBuilder(path.length());
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      int value = c == '%' && i + 2 < path.length() ? hex(path, i + 1) : -1;
      if (value >= 0 && value < 0x80 && RESERVED.indexOf(value) < 0) {
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
