package dev.kaneogateway.web;

import io.netty.util.NetUtil;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.HostAndPort;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request head that may be acted upon: what HTTP libraries let through but two parties could read
 * differently was refused (RFC 9112 §3.2, §6).
 *
 * @param target what to ask Kaneo for, in origin-form, byte for byte as it came
 * @param path the target's path as Kaneo will see it, for judging
 * @param merged the same as Kaneo will see it behind the nginx of its image; nearly always equal
 * @param host the authority the client meant; empty for an HTTP/1.0 client that named none
 * @param contentLength the announced length of the body, or -1
 * @param chunked whether a body of unknown length is announced (HTTP/1.1 chunked coding)
 */
public record RequestHead(
    String target, String path, String merged, String host, long contentLength, boolean chunked) {

  /** Of a target in origin-form. */
  public RequestHead(String target, String host, long contentLength, boolean chunked) {
    this(
        target,
        CanonicalPath.of(target),
        CanonicalPath.merged(target),
        host,
        contentLength,
        chunked);
  }

  /**
   * Whether Kaneo and the nginx of its image read the path alike, as they do but for odd targets.
   */
  public boolean isReadAlike() {
    return merged.equals(path);
  }

  /** Either a head or the reason there is none. */
  public sealed interface Result {
    /** The head is sound. */
    record Sound(RequestHead head) implements Result {}

    /** The head must be refused and its connection closed. */
    record Refused(int status, String reason) implements Result {}
  }

  /** Reads and judges the head of a request. */
  public static Result read(HttpServerRequest request) {
    boolean http2 = request.version() == HttpVersion.HTTP_2;
    if (http2
        && !"https".equalsIgnoreCase(request.scheme())
        && !"http".equalsIgnoreCase(request.scheme())) {
      return refused(400, "the scheme is neither http nor https");
    }
    return read(
        request.version(),
        request.method(),
        request.uri(),
        http2 ? request.authority() : null,
        request.headers());
  }

  /**
   * Reads and judges a head by its parts.
   *
   * @param authority what an HTTP/2 request names as such
   */
  static Result read(
      HttpVersion version,
      HttpMethod method,
      @Nullable String uri,
      @Nullable HostAndPort authority,
      MultiMap headers) {
    boolean http2 = version == HttpVersion.HTTP_2;
    boolean chunked = false;
    if (headers.contains("")) {
      return refused(400, "a field has no name");
    }
    if (http2) {
      // HTTP/1 fields were judged while they were parsed; nobody judges the bytes of these.
      for (Map.Entry<String, String> field : headers) {
        if (!isName(field.getKey()) || !Octets.isValue(field.getValue())) {
          return refused(400, "a field has characters that no field may have");
        }
        if (!Octets.isTrimmed(field.getValue())) {
          return refused(400, "a field's value begins or ends with a space");
        }
      }
    }
    if (!http2) {
      List<String> codings = headers.getAll(HttpHeaders.TRANSFER_ENCODING);
      if (!codings.isEmpty()) {
        if (version != HttpVersion.HTTP_1_1) {
          return refused(400, "Transfer-Encoding needs HTTP/1.1");
        }
        if (codings.size() != 1 || !codings.get(0).equalsIgnoreCase("chunked")) {
          return refused(501, "Transfer-Encoding other than chunked");
        }
        chunked = true;
      }
    }
    List<String> lengths = headers.getAll(HttpHeaders.CONTENT_LENGTH);
    long length = -1;
    if (!lengths.isEmpty()) {
      length = lengths.size() == 1 && !chunked ? digits(lengths.get(0)) : -1;
      if (length < 0) {
        return refused(400, "Content-Length is unclear");
      }
    }
    String host = "";
    if (http2) {
      // RFC 9113 §8.3.1: one is needed; where it is missing, Vert.x takes Host for it.
      host = authority == null ? "" : authority.toString();
      if (host.isEmpty()) {
        return refused(400, "the request has no authority");
      }
    } else {
      List<String> hosts = headers.getAll(HttpHeaders.HOST);
      if (hosts.size() > 1 || (hosts.isEmpty() && version == HttpVersion.HTTP_1_1)) {
        return refused(400, "exactly one Host is needed");
      }
      host = hosts.isEmpty() ? "" : hosts.get(0);
    }
    String target = uri;
    if (target == null || target.isEmpty() || method.equals(HttpMethod.CONNECT)) {
      return refused(400, "the request target has no path");
    }
    if (target.charAt(0) != '/') {
      int begin = absoluteForm(target);
      if (begin < 0 || http2) {
        return refused(400, "the request target is no path");
      }
      int slash = begin;
      while (slash < target.length() && "/?#".indexOf(target.charAt(slash)) < 0) {
        slash++;
      }
      // RFC 9112 §3.2.2: the authority of an absolute target replaces Host.
      host = target.substring(begin, slash);
      if (host.isEmpty()) {
        return refused(400, "the request target has no host");
      }
      target =
          slash < target.length() && target.charAt(slash) == '/'
              ? target.substring(slash)
              : "/" + target.substring(slash);
    }
    if (!host.isEmpty() && !isAuthority(host)) {
      return refused(400, "Host is no host");
    }
    if (!isTarget(target)) {
      return refused(400, "the request target has characters that need escaping");
    }
    return new Result.Sound(new RequestHead(target, host, length, chunked));
  }

  /** The same of a request that is known to have no body. */
  RequestHead withoutBody() {
    return new RequestHead(target, path, merged, host, 0, false);
  }

  /** Whether the client asks to change protocol on this connection (RFC 9110 §7.8). */
  public static boolean wantsUpgrade(HttpServerRequest request, String protocol) {
    if (request.version() != HttpVersion.HTTP_1_1 || !request.method().equals(HttpMethod.GET)) {
      return false;
    }
    String upgrade = request.getHeader(HttpHeaders.UPGRADE);
    return upgrade != null
        && upgrade.equalsIgnoreCase(protocol)
        && String.join(",", request.headers().getAll(HttpHeaders.CONNECTION))
            .toLowerCase(Locale.ROOT)
            .contains("upgrade");
  }

  private static Result refused(int status, String reason) {
    return new Result.Refused(status, reason);
  }

  /** Where the authority of an absolute target begins, or -1 (RFC 9112 §3.2.2). */
  private static int absoluteForm(String target) {
    if (target.regionMatches(true, 0, "http://", 0, 7)) {
      return 7;
    }
    return target.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
  }

  private static long digits(String text) {
    if (text.isEmpty() || text.length() > 18 || (text.length() > 1 && text.charAt(0) == '0')) {
      return -1;
    }
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return value;
  }

  /**
   * Whether the connection ends with the answer (RFC 9112 §9.3). Vert.x does not look for {@code
   * close} among several options (§9.6); several fields are one list (RFC 9110 §5.3).
   */
  static boolean isLast(HttpServerRequest request) {
    if (request.version() == HttpVersion.HTTP_2) {
      return false;
    }
    boolean kept = request.version() == HttpVersion.HTTP_1_1;
    for (String options : request.headers().getAll(HttpHeaders.CONNECTION)) {
      if (hasClose(options)) {
        return true;
      }
      kept |= options.equalsIgnoreCase("keep-alive");
    }
    return !kept;
  }

  private static boolean hasClose(String options) {
    if (options.indexOf(',') < 0) {
      return options.equalsIgnoreCase("close");
    }
    for (String option : options.split(",")) {
      if (option.strip().equalsIgnoreCase("close")) {
        return true;
      }
    }
    return false;
  }

  /** RFC 9110 §5.1; a pseudo-header of HTTP/2 begins with a colon. */
  private static boolean isName(String name) {
    return Octets.isToken(name.startsWith(":") ? name.substring(1) : name);
  }

  /** A name, an IPv4 address or a bracketed IPv6 one, and perhaps a port (RFC 9110 §7.2). */
  private static boolean isAuthority(String host) {
    boolean address = host.startsWith("[");
    int end = address ? host.indexOf(']') + 1 : host.indexOf(':');
    end = end < 0 ? host.length() : end;
    boolean fits = address ? isAddress(host, end) : isHostName(host, end);
    return fits && (end == host.length() || isPort(host, end));
  }

  private static boolean isAddress(String host, int end) {
    // With a zone it would mean something on one machine only.
    return end > 2
        && host.indexOf('%') < 0
        && NetUtil.isValidIpV6Address(host.substring(1, end - 1));
  }

  private static boolean isHostName(String host, int end) {
    for (int i = 0; i < end; i++) {
      char c = host.charAt(i);
      if (!isLetterOrDigit(c) && c != '-' && c != '.' && c != '_' && c != '~') {
        return false;
      }
    }
    return end > 0;
  }

  private static boolean isLetterOrDigit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  private static boolean isPort(String host, int colon) {
    int digits = host.length() - colon - 1;
    if (host.charAt(colon) != ':' || digits < 1 || digits > 5) {
      return false;
    }
    int port = 0;
    for (int i = colon + 1; i < host.length(); i++) {
      int digit = host.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return false;
      }
      port = port * 10 + digit;
    }
    return port > 0 && port <= 65_535;
  }

  /**
   * RFC 3986 §3.3 has no backslash in a path; nginx takes one for itself, and Kaneo for a slash.
   */
  private static boolean isTarget(String target) {
    boolean path = true;
    for (int i = 0; i < target.length(); i++) {
      char c = target.charAt(i);
      path &= c != '?';
      if (c <= ' ' || c >= 0x7f || c == '#' || (c == '\\' && path)) {
        return false;
      }
    }
    return true;
  }
}
