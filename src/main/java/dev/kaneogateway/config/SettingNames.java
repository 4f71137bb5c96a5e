package dev.kaneogateway.config;

import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The names of settings, and which of them a misspelt one may mean. */
final class SettingNames {
  static final Set<String> KNOWN =
      Keys.ALL.stream().map(Setting::name).collect(Collectors.toUnmodifiableSet());

  private static final int MOST_WRONG_LETTERS = 3;

  private SettingNames() {}

  /** What to tell of one that is none. */
  static String notASetting(String name) {
    return name
        + " is not a setting; "
        + nearest(name)
            .map(candidate -> "did you mean " + candidate + "?")
            .orElse("see conf/gateway.yaml for all of them");
  }

  /** The setting that was meant, if few letters are wrong. */
  static Optional<String> nearest(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return KNOWN.stream()
        .filter(candidate -> distance(candidate, upper) <= MOST_WRONG_LETTERS)
        .min(Comparator.comparingInt(candidate -> distance(candidate, upper)));
  }

  /** Levenshtein distance. */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitution = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(substitution, Math.min(previous[j], current[j - 1]) + 1);
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
