package dev.kaneogateway.auth;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Kaneo's session cookie: a signed session token, percent-encoded. */
final class SessionCookie {
  static final String NAME = "better-auth.session_token";
  static final String SECURE_NAME = "__Secure-" + NAME;

  private SessionCookie() {}

  /** The first cookie of a name as it came, or null. */
  static @Nullable String find(MultiMap headers, String name) {
    for (String header : headers.getAll(HttpHeaders.COOKIE)) {
      for (String pair : header.split(";")) {
        int equals = pair.indexOf('=');
        if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
          return pair.substring(equals + 1).strip();
        }
      }
    }
    return null;
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
