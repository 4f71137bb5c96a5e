package dev.kaneogateway.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vertx.core.MultiMap;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/**
 * The session cookie is found among any others, is one of those that came, and any token survives
 * it.
 */
class SessionCookieFuzzTest {
  private static final URI PLAIN = URI.create("http://kaneo.example");
  private static final URI SECURE = URI.create("https://kaneo.example");

  @FuzzTest(maxDuration = "5m")
  void isFoundAmongOthersAndKeepsItsToken(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    MultiMap headers = MultiMap.caseInsensitiveMultiMap();
    for (String field : text.split("\n")) {
      headers.add("Cookie", field);
    }
    for (URI url : new URI[] {PLAIN, SECURE}) {
      String found = SessionCookie.find(headers, SessionCookie.name(url));
      if (found != null) {
        assertTrue(text.contains(found) && found.indexOf(';') < 0);
        SessionCookie.decoded(found);
      }
      MultiMap before = MultiMap.caseInsensitiveMultiMap();
      before.add("Cookie", SessionCookie.field(url, text) + "; " + text.replace('\n', ' '));
      String cookie = SessionCookie.find(before, SessionCookie.name(url));
      assertEquals(text, cookie == null ? null : SessionCookie.decoded(cookie));
    }
  }
}
