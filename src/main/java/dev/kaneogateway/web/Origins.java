package dev.kaneogateway.web;

import java.net.URI;
import java.util.Locale;

/**
 * Origins as browsers name them (RFC 6454 §6.1), however the address was written: in lower case and
 * without the port that its scheme implies.
 */
public final class Origins {
  private Origins() {}

  /** The origin of an http(s) URL that has a host. */
  public static String of(URI url) {
    String scheme = url.getScheme().toLowerCase(Locale.ROOT);
    int implied = scheme.equals("https") ? 443 : 80;
    String host = url.getHost().toLowerCase(Locale.ROOT);
    boolean plain = url.getPort() < 0 || url.getPort() == implied;
    return scheme + "://" + (plain ? host : host + ":" + url.getPort());
  }
}
