package dev.kaneogateway.auth;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Kaneo's session cookie: a signed session token, percent-encoded. */
public final class SessionCookie {
  private static final String NAME = "better-auth.session_token";
  private static final String SECURE_NAME = "__Secure-" + NAME;

  private SessionCookie() {}

  /** Its name at a Kaneo that browsers reach by this URL. */
  static String name(URI apiUrl) {
    return "https".equals(apiUrl.getScheme()) ? SECURE_NAME : NAME;
  }

  /** The {@code Cookie} field that a browser would send to such a Kaneo. */
  public static String field(URI apiUrl, String signedToken) {
    // Only in forms a plus is a space.
    String encoded = URLEncoder.encode(signedToken, StandardCharsets.UTF_8).replace("+", "%20");
    return name(apiUrl) + "=" + encoded;
  }

  /** The first cookie of a name as it came, or null. */
  static @Nullable String find(MultiMap headers, String name) {
    for (String header : headers.getAll(HttpHeaders.COOKIE)) {
      for (String pair : header.split(";")) {
        int equals = pair.indexOf('=');
        if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
          return unquoted(pair.substring(equals + 1).strip());
        }
      }
    }
    return null;
  }

  /** Kaneo takes a quoted value (RFC 6265 §4.1.1) for what is in the quotes. */
  private static String unquoted(String value) {
    int last = value.length() - 1;
    return last > 0 && value.charAt(0) == '"' && value.charAt(last) == '"'
        ? value.substring(1, last)
        : value;
  }

  /** The token in a cookie; empty if it is not well encoded. */
  static String decoded(String cookie) {
    try {
      return URLDecoder.decode(cookie.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
