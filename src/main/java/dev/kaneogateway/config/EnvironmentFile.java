package dev.kaneogateway.config;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An environment file as Docker Compose and shells read it: lines {@code NAME=value}, perhaps with
 * {@code export} before them and a comment behind. A quoted value may go over several lines, as
 * that of Kaneo's {@code GITHUB_PRIVATE_KEY} does, so none of them is taken for a setting.
 */
final class EnvironmentFile {
  /** What some editors put before the first line. */
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private static final String EXPORT = "export ";

  private EnvironmentFile() {}

  /** The values by name; of a name that comes twice, the last. What is no such line is left out. */
  static Map<String, String> parse(String file) {
    String text = file.startsWith(BYTE_ORDER_MARK) ? file.substring(1) : file;
    text = text.replace("\r\n", "\n").replace('\r', '\n');
    Map<String, String> values = new LinkedHashMap<>();
    for (int at = 0; at < text.length(); at = endOfLine(text, at) + 1) {
      String line = text.substring(at, endOfLine(text, at));
      int equals = line.indexOf('=');
      String name = line.substring(0, Math.max(equals, 0)).strip();
      if (name.isEmpty() || name.startsWith("#")) {
        continue;
      }
      String value = line.substring(equals + 1).strip();
      int opening = at + line.indexOf(value, equals + 1);
      int closing = isQuoted(value) ? text.indexOf(value.charAt(0), opening + 1) : -1;
      values.put(
          name.startsWith(EXPORT) ? name.substring(EXPORT.length()).strip() : name,
          closing < 0 ? withoutComment(value) : text.substring(opening + 1, closing));
      at = Math.max(at, closing);
    }
    return values;
  }

  private static boolean isQuoted(String value) {
    return value.startsWith("\"") || value.startsWith("'");
  }

  private static String withoutComment(String value) {
    int comment = value.indexOf(" #");
    return comment >= 0 ? value.substring(0, comment).strip() : value;
  }

  private static int endOfLine(String text, int from) {
    int end = text.indexOf('\n', from);
    return end < 0 ? text.length() : end;
  }
}
