package dev.kaneogateway.limits;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.web.PathPatterns;
import dev.kaneogateway.web.RequestHead;
import java.util.stream.Stream;

/** Tells the paths where guessing pays from the rest. Immutable. */
final class RequestGroups {
  /** The page's own form asks Kaneo with the same password, so it is no way around the limit. */
  private static final String PAGE_SIGN_IN = "/device/sign-in";

  private final PathPatterns signIn;
  private final PathPatterns signUp;
  private final String commonPrefix;

  /** What a request is about, as far as limits go. */
  enum Group {
    SIGN_IN,
    SIGN_UP,
    DEVICE,
    REST
  }

  RequestGroups(Settings.RateLimits settings) {
    this.signIn = new PathPatterns(settings.signInPaths());
    this.signUp = new PathPatterns(settings.signUpPaths());
    this.commonPrefix =
        Stream.concat(settings.signInPaths().stream(), settings.signUpPaths().stream())
            .map(pattern -> pattern.replaceFirst("/?(\\*|:).*", ""))
            .reduce(RequestGroups::common)
            .orElse("");
  }

  /** The group of a request, however its path is spelt; runs for every request. */
  Group of(RequestHead head) {
    Group group = of(head.path());
    return group == Group.REST && !head.isReadAlike() ? of(head.merged()) : group;
  }

  private Group of(String path) {
    if (path.startsWith(commonPrefix)) {
      if (signIn.match(path)) {
        return Group.SIGN_IN;
      }
      if (signUp.match(path)) {
        return Group.SIGN_UP;
      }
    }
    if (path.equals(PAGE_SIGN_IN)) {
      return Group.SIGN_IN;
    }
    return isUnder(path, "/device") || isUnder(path, "/api/auth/device")
        ? Group.DEVICE
        : Group.REST;
  }

  private static boolean isUnder(String path, String base) {
    return path.startsWith(base)
        && (path.length() == base.length() || path.charAt(base.length()) == '/');
  }

  private static String common(String a, String b) {
    int end = 0;
    while (end < Math.min(a.length(), b.length()) && a.charAt(end) == b.charAt(end)) {
      end++;
    }
    return a.substring(0, end);
  }
}
