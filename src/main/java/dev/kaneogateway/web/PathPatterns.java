package dev.kaneogateway.web;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A set of paths: exact ones, ones with {@code :name} for a segment, and ones that end in {@code *}
 * for anything ({@code /x/*} includes {@code /x}). Immutable.
 */
public final class PathPatterns {
  private final Set<String> exact = new HashSet<>();
  private final List<String> prefixes = new ArrayList<>();
  private final List<String[]> segmented = new ArrayList<>();

  public PathPatterns(List<String> patterns) {
    for (String pattern : patterns) {
      if (pattern.endsWith("*")) {
        String prefix = pattern.substring(0, pattern.length() - 1);
        prefixes.add(prefix);
        if (prefix.endsWith("/")) {
          exact.add(prefix.substring(0, prefix.length() - 1));
        }
      } else if (pattern.contains("/:")) {
        segmented.add(pattern.split("/", -1));
      } else {
        exact.add(pattern);
      }
    }
  }

  /** Whether a canonical path is in the set. */
  public boolean match(String path) {
    if (exact.contains(path)) {
      return true;
    }
    for (String prefix : prefixes) {
      if (path.startsWith(prefix)) {
        return true;
      }
    }
    for (String[] pattern : segmented) {
      if (matches(pattern, path)) {
        return true;
      }
    }
    return false;
  }

  /** Segment by segment in place, for this runs for every request. */
  private static boolean matches(String[] pattern, String path) {
    int start = 0;
    for (int i = 0; i < pattern.length; i++) {
      int end = path.indexOf('/', start);
      boolean last = end < 0;
      end = last ? path.length() : end;
      if (last != (i == pattern.length - 1)) {
        return false;
      }
      String wanted = pattern[i];
      boolean fits =
          wanted.startsWith(":")
              ? end > start
              : end - start == wanted.length() && path.startsWith(wanted, start);
      if (!fits) {
        return false;
      }
      start = end + 1;
    }
    return true;
  }
}
