package dev.kaneogateway.config;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An environment file as Docker Compose and shells read it: lines {@code NAME=value}, perhaps with
 * {@code export} before them and a comment behind. A quoted value may go over several lines, as
 * that of Kaneo's {@code GITHUB_PRIVATE_KEY} does, so none of them is taken for a setting. Outside
 * of single quotes {@code $NAME} and <code>${NAME:-default}</code> stand for what the environment,
 * or else a line before, says; what neither knows stays as it stands.
 *
 * @param values by name; of a name that comes twice, the last
 * @param incomplete the names of those that name a variable which is set nowhere
 */
record EnvironmentFile(Map<String, String> values, Set<String> incomplete) {
  /** What some editors put before the first line. */
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private static final String EXPORT = "export ";

  /** {@code \$} and {@code $$} are a mark that stands for itself. */
  private static final Pattern VARIABLE =
      Pattern.compile("[\\\\$][$]|[$](?:([A-Za-z_]\\w*)|[{]([A-Za-z_]\\w*)(?::?-([^}]*))?[}])");

  /** Reads a file's text; what is no such line is left out. */
  static EnvironmentFile parse(String file, Map<String, String> environment) {
    String text = file.startsWith(BYTE_ORDER_MARK) ? file.substring(1) : file;
    text = text.replace("\r\n", "\n").replace('\r', '\n');
    Map<String, String> values = new LinkedHashMap<>();
    Set<String> incomplete = new HashSet<>();
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
      String bare = name.startsWith(EXPORT) ? name.substring(EXPORT.length()).strip() : name;
      String read = closing < 0 ? withoutComment(value) : text.substring(opening + 1, closing);
      incomplete.remove(bare);
      if (closing < 0 || value.startsWith("\"")) {
        read =
            VARIABLE
                .matcher(read)
                .replaceAll(
                    variable -> {
                      String meant = meant(variable, environment, values);
                      if (meant == null) {
                        incomplete.add(bare);
                      }
                      // As it stands: Docker's own --env-file and systemd expand nothing.
                      return Matcher.quoteReplacement(meant == null ? variable.group() : meant);
                    });
      }
      values.put(bare, read);
      at = Math.max(at, closing);
    }
    return new EnvironmentFile(values, incomplete);
  }

  /** What a variable stands for, or null if nothing says. */
  private static @Nullable String meant(
      MatchResult variable, Map<String, String> environment, Map<String, String> before) {
    String name = variable.group(1) == null ? variable.group(2) : variable.group(1);
    if (name == null) {
      return "$";
    }
    String value = environment.getOrDefault(name, before.get(name));
    String otherwise = variable.group(3);
    return otherwise != null && (value == null || value.isEmpty()) ? otherwise : value;
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
