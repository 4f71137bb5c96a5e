package dev.kaneogateway.proxy;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The head of Kaneo's answer as the client gets it. */
final class ResponseHeaders {
  private static final String EVENT_STREAM = "text/event-stream";

  private ResponseHeaders() {}

  /**
   * Copies the fields of an answer that go on to the client; the request id stays the gateway's.
   *
   * @return false if one of them has characters that no field may have; the rest is not copied then
   */
  static boolean copy(MultiMap from, MultiMap to) {
    Set<String> named = HopByHop.named(from);
    try {
      from.forEach(
          (name, value) -> {
            if (!HopByHop.isHopByHop(name)
                && !name.equalsIgnoreCase("x-request-id")
                && (named.isEmpty() || !named.contains(name.toLowerCase(Locale.ROOT)))) {
              to.add(name, value);
            }
          });
      return true;
    } catch (IllegalArgumentException refused) {
      return false;
    }
  }

  /** Whether an answer is one of events, which goes on for as long as both sides like. */
  static boolean isEventStream(MultiMap headers) {
    String type = headers.get(HttpHeaders.CONTENT_TYPE);
    return type != null && type.regionMatches(true, 0, EVENT_STREAM, 0, EVENT_STREAM.length());
  }

  /** Whether the end of an answer's body can be told: {@code chunked} is the one coding known. */
  static boolean isFramed(MultiMap headers) {
    List<String> codings = headers.getAll(HttpHeaders.TRANSFER_ENCODING);
    return codings.isEmpty() || (codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked"));
  }
}
