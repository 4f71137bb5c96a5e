package dev.kaneogateway.web;

import dev.kaneogateway.config.IpRange;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who really sent a request. Forwarding headers are believed only from a trusted peer; then the
 * client is the right-most address of {@code X-Forwarded-For} that is not a trusted proxy itself
 * (what stands to its left was written by the client), and without that header {@code Forwarded}
 * (RFC 7239) is read the same way. Immutable.
 */
public final class TrustedProxies {
  private final List<IpRange> trusted;

  public TrustedProxies(List<IpRange> trusted) {
    this.trusted = List.copyOf(trusted);
  }

  /**
   * A request's origin.
   *
   * @param address numeric address of the client
   * @param scheme {@code http} or {@code https}, as the client used it
   * @param host the authority the client used
   * @param named whether the address is the client's own, and not that of a trusted proxy which
   *     named no client
   */
  public record Origin(String address, String scheme, String host, boolean named) {}

  /** The origin of a request whose own Host is {@code host}. */
  public Origin originOf(HttpServerRequest request, String host) {
    SocketAddress peer = request.remoteAddress();
    String address = peer == null ? null : peer.hostAddress();
    return originOf(
        address == null ? "unknown" : address,
        request.isSSL() ? "https" : "http",
        host,
        request.headers());
  }

  /** The same, of a request by its parts. */
  Origin originOf(String peer, String scheme, String host, MultiMap headers) {
    String peerAddress = plain(peer);
    if (!isTrusted(peerAddress)) {
      return new Origin(peerAddress, scheme, host, true);
    }
    String chain = joined(headers, "X-Forwarded-For");
    Hop client = chain == null ? null : rightmostUntrusted(List.of(chain.split(",")), "");
    if (chain == null) {
      String forwarded = joined(headers, "Forwarded");
      client = forwarded == null ? null : rightmostUntrusted(parts(forwarded, ','), "for=");
    }
    String proto = headers.get("X-Forwarded-Proto");
    String forwardedHost = headers.get("X-Forwarded-Host");
    return new Origin(
        client == null ? peerAddress : client.address(),
        "https".equals(proto) || "http".equals(proto) ? proto : scheme,
        forwardedHost != null && isHost(forwardedHost) ? forwardedHost : host,
        client != null && !client.trusted());
  }

  /** Whether a numeric address belongs to a trusted proxy. */
  public boolean isTrusted(String address) {
    byte[] bytes = IpRange.address(address);
    for (IpRange range : trusted) {
      if (range.contains(bytes)) {
        return true;
      }
    }
    return false;
  }

  private record Hop(String address, boolean trusted) {}

  private @Nullable Hop rightmostUntrusted(List<String> hops, String parameter) {
    Hop leftmost = null;
    for (int i = hops.size() - 1; i >= 0; i--) {
      String written = hops.get(i);
      String hop = plain(parameter.isEmpty() ? written.strip() : parameter(written, parameter));
      if (IpRange.address(hop).length == 0) {
        return leftmost;
      }
      leftmost = new Hop(hop, isTrusted(hop));
      if (!leftmost.trusted()) {
        return leftmost;
      }
    }
    return leftmost;
  }

  private static String parameter(String element, String name) {
    for (String pair : parts(element, ';')) {
      String stripped = pair.strip();
      if (stripped.regionMatches(true, 0, name, 0, name.length())) {
        return stripped.substring(name.length()).replace("\"", "");
      }
    }
    return "";
  }

  /**
   * What stands between separators outside of quoted strings (RFC 7239 §4): a proxy quotes the Host
   * its client wrote. Read from the right, for on the left a client may have left a string open.
   */
  private static List<String> parts(String text, char separator) {
    Deque<String> parts = new ArrayDeque<>();
    int end = text.length();
    boolean quoted = false;
    for (int i = end - 1; i >= 0; i--) {
      char c = text.charAt(i);
      if (c == '"' && !isEscaped(text, i)) {
        quoted = !quoted;
      } else if (c == separator && !quoted) {
        parts.addFirst(text.substring(i + 1, end));
        end = i;
      }
    }
    parts.addFirst(text.substring(0, end));
    return List.copyOf(parts);
  }

  private static boolean isEscaped(String text, int at) {
    int first = at;
    while (first > 0 && text.charAt(first - 1) == '\\') {
      first--;
    }
    return (at - first) % 2 == 1;
  }

  /** Without brackets, port and zone: {@code [2001:db8::1]:443} is {@code 2001:db8::1}. */
  private static String plain(String hop) {
    String address = hop;
    if (address.startsWith("[")) {
      int end = address.indexOf(']');
      address = end > 0 ? address.substring(1, end) : address;
    } else if (address.indexOf(':') >= 0 && address.indexOf(':') == address.lastIndexOf(':')) {
      address = address.substring(0, address.indexOf(':'));
    }
    int zone = address.indexOf('%');
    address = zone < 0 ? address : address.substring(0, zone);
    return address.indexOf(':') < 0 ? address : IpRange.canonical(address);
  }

  private static @Nullable String joined(MultiMap headers, String name) {
    List<String> values = headers.getAll(name);
    return values.isEmpty() ? null : values.size() == 1 ? values.get(0) : String.join(",", values);
  }

  private static boolean isHost(String host) {
    return !host.isEmpty()
        && host.length() <= 255
        && host.chars().allMatch(c -> Character.isLetterOrDigit(c) || ".-:[]_".indexOf(c) >= 0);
  }
}
