package dev.kaneogateway.config;

import java.net.URI;
import java.net.URISyntaxException;
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
    String host = url.getHost().toLowerCase(Locale.ROOT);
    boolean plain = port(url) == impliedPort(url);
    return scheme + "://" + (plain ? host : host + ":" + url.getPort());
  }

  /** The port of an http(s) URL, be it the one that its scheme implies. */
  public static int port(URI url) {
    return url.getPort() < 0 ? impliedPort(url) : url.getPort();
  }

  private static int impliedPort(URI url) {
    return url.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  /** The origin of what should be a URL, read up to its path; empty if it has none. */
  public static String of(String url) {
    int end = Math.max(0, url.indexOf("://")) + 3;
    while (end < url.length() && "/\\?#".indexOf(url.charAt(end)) < 0) {
      end++;
    }
    try {
      URI site = new URI(url.substring(0, Math.min(end, url.length())));
      return site.getScheme() == null || site.getHost() == null ? "" : of(site);
    } catch (URISyntaxException e) {
      return "";
    }
  }
}
