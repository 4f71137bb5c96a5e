package dev.kaneogateway.proxy;

import dev.kaneogateway.tracing.RequestTrace;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.TrustedProxies;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * The head of a request as Kaneo gets it. Forwarding fields of whatever spelling are dropped and
 * one clean set is written, {@code CF-Connecting-IP} included because Kaneo believes it first,
 * whoever sent it.
 */
final class RequestHeaders {
  /** Of the gateway in {@code Via}. */
  static final String PSEUDONYM = "kaneo-gateway";

  private static final CharSequence X_FORWARDED_FOR =
      HttpHeaders.createOptimized("X-Forwarded-For");
  private static final CharSequence X_FORWARDED_PROTO =
      HttpHeaders.createOptimized("X-Forwarded-Proto");
  private static final CharSequence X_FORWARDED_HOST =
      HttpHeaders.createOptimized("X-Forwarded-Host");
  private static final CharSequence X_REAL_IP = HttpHeaders.createOptimized("X-Real-IP");
  private static final CharSequence CF_CONNECTING_IP =
      HttpHeaders.createOptimized("CF-Connecting-IP");
  private static final CharSequence FORWARDED = HttpHeaders.createOptimized("Forwarded");
  private static final CharSequence X_REQUEST_ID = HttpHeaders.createOptimized("X-Request-Id");
  static final CharSequence VIA = HttpHeaders.createOptimized("Via");
  private static final CharSequence VIA_1_0 = HttpHeaders.createOptimized("1.0 " + PSEUDONYM);
  private static final CharSequence VIA_1_1 = HttpHeaders.createOptimized("1.1 " + PSEUDONYM);
  private static final CharSequence VIA_2 = HttpHeaders.createOptimized("2 " + PSEUDONYM);

  private RequestHeaders() {}

  /** Writes the fields of a request that go on to Kaneo, and the gateway's own. */
  static void copy(
      Exchange exchange, BiConsumer<CharSequence, CharSequence> to, String upstreamAuthority) {
    TrustedProxies.Origin origin = exchange.origin();
    String host = origin.host().isEmpty() ? upstreamAuthority : origin.host();
    to.accept(
        HttpHeaders.HOST,
        exchange.head().host().isEmpty() ? upstreamAuthority : exchange.head().host());
    MultiMap from = exchange.request().headers();
    Set<String> named = HopByHop.named(from);
    RequestTrace trace = exchange.trace();
    boolean cookieApart = mayHaveSplitCookie(exchange, from);
    from.forEach(
        (name, value) -> {
          if (!isDropped(name)
              && !isNamed(named, name)
              && !isOfAnotherTrace(name, trace)
              && !(cookieApart && name.equalsIgnoreCase("cookie"))) {
            to.accept(
                name,
                name.equalsIgnoreCase(MaxForwards.NAME)
                    ? MaxForwards.next(exchange, value)
                    : value);
          }
        });
    if (cookieApart) {
      to.accept(HttpHeaders.COOKIE, String.join("; ", from.getAll(HttpHeaders.COOKIE)));
    }
    to.accept(X_FORWARDED_FOR, origin.address());
    to.accept(X_FORWARDED_PROTO, origin.scheme());
    to.accept(X_FORWARDED_HOST, host);
    to.accept(X_REAL_IP, origin.address());
    to.accept(CF_CONNECTING_IP, origin.address());
    to.accept(FORWARDED, forwarded(origin, host));
    to.accept(X_REQUEST_ID, exchange.id());
    to.accept(VIA, via(exchange.request().version()));
    to.accept(RequestTrace.TRACEPARENT, trace.traceparent());
  }

  /** W3C Trace Context §3.3: {@code tracestate} goes with its {@code traceparent} or not at all. */
  private static boolean isOfAnotherTrace(String name, RequestTrace trace) {
    return !trace.isContinued() && name.length() == 10 && name.equalsIgnoreCase("tracestate");
  }

  private static boolean isNamed(Set<String> named, String name) {
    return !named.isEmpty() && named.contains(name.toLowerCase(Locale.ROOT));
  }

  /** Whether a field is the gateway's to write, or ends here. */
  static boolean isDropped(String name) {
    if (name.isEmpty() || HopByHop.isHopByHop(name)) {
      return true;
    }
    switch (name.charAt(0)) {
      case 'x', 'X' -> {
        return startsWith(name, "x-forwarded")
            || is(name, "x-real-ip")
            || is(name, "x-client-ip")
            || is(name, "x-request-id");
      }
      case 'f', 'F' -> {
        return startsWith(name, "forwarded");
      }
      case 'c', 'C' -> {
        return startsWith(name, "cf-connecting-ip");
      }
      case 't', 'T' -> {
        // Request trailers are not carried, so their announcement is not either.
        return is(name, "true-client-ip") || is(name, "trailer") || is(name, "traceparent");
      }
      case 'h', 'H' -> {
        return is(name, "host");
      }
      case ':' -> {
        return true;
      }
      default -> {
        return false;
      }
    }
  }

  /** Equality that takes an underscore for a dash, as CGI-like servers do. */
  private static boolean is(String name, String lowerCase) {
    return name.length() == lowerCase.length() && startsWith(name, lowerCase);
  }

  private static boolean startsWith(String name, String lowerCase) {
    if (name.length() < lowerCase.length()) {
      return false;
    }
    for (int i = 0; i < lowerCase.length(); i++) {
      char c = name.charAt(i);
      char lower = c == '_' || c == '.' ? '-' : c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
      if (lower != lowerCase.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** HTTP/2 may split the cookie; HTTP/1.1 must not (RFC 9113 §8.2.3). */
  private static boolean mayHaveSplitCookie(Exchange exchange, MultiMap from) {
    return exchange.request().version() == HttpVersion.HTTP_2
        && from.getAll(HttpHeaders.COOKIE).size() > 1;
  }

  /** RFC 9110 §7.6.3: in what version the request came, and to whom. */
  private static CharSequence via(HttpVersion version) {
    return switch (version) {
      case HTTP_1_0 -> VIA_1_0;
      case HTTP_1_1 -> VIA_1_1;
      default -> VIA_2;
    };
  }

  /** RFC 7239 §4: an IPv6 address is bracketed, and what is no token is quoted. */
  private static String forwarded(TrustedProxies.Origin origin, String host) {
    String address = origin.address();
    return "for="
        + (address.indexOf(':') >= 0 ? "\"[" + address + "]\"" : address)
        + ";proto="
        + origin.scheme()
        + ";host=\""
        + host
        + '"';
  }
}
