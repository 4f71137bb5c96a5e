package dev.kaneogateway.auth;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;

/**
 * The credential a request presents, read in Kaneo's order: an {@code Authorization} of scheme
 * Bearer, else {@code x-api-key}, else whatever a cookie may hold. A wrong one never falls through
 * to the next kind. Repeated fields count as one with commas, as Node's Headers has them.
 */
public sealed interface RequestCredential {
  /** {@code Authorization: Bearer} with a token, and the {@code x-api-key} beside it, if any. */
  record Bearer(String token, String apiKey) implements RequestCredential {
    @Override
    public String toString() {
      return "Bearer";
    }
  }

  /** {@code x-api-key} without a Bearer. */
  record ApiKey(String key) implements RequestCredential {
    @Override
    public String toString() {
      return "ApiKey";
    }
  }

  /** A cookie, which only Kaneo judges. */
  record Cookie() implements RequestCredential {}

  /** A Bearer that is none (RFC 6750 §3.1, {@code invalid_request}). */
  record Malformed() implements RequestCredential {}

  /** No credential at all. */
  record None() implements RequestCredential {}

  /** Reads the credential of a request's headers; never fails. */
  static RequestCredential of(MultiMap headers) {
    String authorization = joined(headers, HttpHeaders.AUTHORIZATION);
    String apiKey = strip(joined(headers, "x-api-key"));
    if (isBearer(authorization)) {
      int token = 6;
      while (token < authorization.length() && isSpace(authorization.charAt(token))) {
        token++;
      }
      boolean sound = token > 6 && token < authorization.length();
      for (int i = token; sound && i < authorization.length(); i++) {
        sound = !isSpace(authorization.charAt(i));
      }
      return sound ? new Bearer(authorization.substring(token), apiKey) : new Malformed();
    }
    if (!apiKey.isEmpty()) {
      return new ApiKey(apiKey);
    }
    return headers.contains(HttpHeaders.COOKIE) ? new Cookie() : new None();
  }

  /** The word "Bearer" in any case, ended as a word ends in a regular expression ({@code \b}). */
  private static boolean isBearer(String authorization) {
    if (!authorization.regionMatches(true, 0, "Bearer", 0, 6)) {
      return false;
    }
    if (authorization.length() == 6) {
      return true;
    }
    char next = authorization.charAt(6);
    return !(next == '_'
        || (next >= '0' && next <= '9')
        || (next >= 'A' && next <= 'Z')
        || (next >= 'a' && next <= 'z'));
  }

  /** Whitespace as ECMAScript's {@code \s} has it, for the characters a header can hold. */
  private static boolean isSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
  }

  private static String joined(MultiMap headers, CharSequence name) {
    String first = headers.get(name);
    if (first == null) {
      return "";
    }
    List<String> all = headers.getAll(name);
    return strip(all.size() == 1 ? first : String.join(", ", all));
  }

  private static String strip(String value) {
    int start = 0;
    int end = value.length();
    while (start < end && isSpace(value.charAt(start))) {
      start++;
    }
    while (end > start && isSpace(value.charAt(end - 1))) {
      end--;
    }
    return start == 0 && end == value.length() ? value : value.substring(start, end);
  }
}
