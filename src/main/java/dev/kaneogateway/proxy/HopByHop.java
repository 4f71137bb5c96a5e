package dev.kaneogateway.proxy;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Which fields end at this hop (RFC 9110 §7.6.1): the known ones, and those a message names in its
 * own {@code Connection}.
 */
final class HopByHop {
  /**
   * What a message cannot have dropped: framing and routing are ours to say, and Kaneo is to judge
   * by the credential that was judged here.
   */
  private static final Set<String> KEPT =
      Set.of("content-length", "host", "authorization", "x-api-key", "cookie");

  private HopByHop() {}

  /** Whether a field of this name is about one connection only, whatever the message says. */
  static boolean isHopByHop(String name) {
    return switch (name.length()) {
      case 2 -> name.equalsIgnoreCase("te");
      case 7 -> name.equalsIgnoreCase("upgrade");
      case 10 -> name.equalsIgnoreCase("connection") || name.equalsIgnoreCase("keep-alive");
      case 14 -> name.equalsIgnoreCase("http2-settings");
      case 16 -> name.equalsIgnoreCase("proxy-connection");
      case 17 -> name.equalsIgnoreCase("transfer-encoding");
      case 18 -> name.equalsIgnoreCase("proxy-authenticate");
      case 19 -> name.equalsIgnoreCase("proxy-authorization");
      default -> false;
    };
  }

  /** The names, in lower case, that the message's {@code Connection} adds; mostly none. */
  static Set<String> named(MultiMap headers) {
    List<String> values = headers.getAll(HttpHeaders.CONNECTION);
    if (values.isEmpty()) {
      return Set.of();
    }
    if (values.size() == 1) {
      String only = values.get(0);
      if (only.equalsIgnoreCase("keep-alive") || only.equalsIgnoreCase("close")) {
        return Set.of();
      }
    }
    Set<String> named = new HashSet<>();
    for (String value : values) {
      for (String name : value.split(",")) {
        String option = name.strip().toLowerCase(Locale.ROOT);
        if (!option.isEmpty() && !KEPT.contains(option)) {
          named.add(option);
        }
      }
    }
    return named;
  }
}
