package dev.kaneogateway.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A connection URL as Kaneo's driver (node-postgres) and libpq read it: what a password may hold is
 * not restricted beyond the marks that end it, and parameters of others are ignored. No message
 * tells any of it, and what could be read in two ways is refused, lest a piece of a password be
 * taken for the host and told as such. Immutable.
 *
 * @param host a name, an address, or the directory of a Unix socket
 * @param database the user's name if none is told
 * @param user empty if none is told
 * @param rootCertificate whom to trust instead of the authorities that Java knows
 * @param certificate what to show a server that asks who connects; only where {@code key} is there
 *     too
 * @param key the private key of it
 * @param options what PostgreSQL is to set for the connection, like {@code -c search_path=other}
 */
public record DatabaseUrl(
    String host,
    int port,
    String database,
    String user,
    String password,
    Tls tls,
    Optional<Path> rootCertificate,
    Optional<Path> certificate,
    Optional<Path> key,
    Optional<String> applicationName,
    Optional<String> options) {
  private static final int USUAL_PORT = 5432;
  static final String EXAMPLE =
      "give the one Kaneo has, like postgresql://user:password@host:5432/kaneo";
  private static final Set<String> CERTIFICATES = Set.of("sslrootcert", "sslcert", "sslkey");
  private static final Pattern PARAMETER = Pattern.compile("(?<=[?&])\\w+=[^&#]*");

  /** How much of TLS is asked for (libpq's {@code sslmode}). */
  public enum Tls {
    DISABLE,
    ALLOW,
    PREFER,
    /** Encrypted, whoever answers. */
    REQUIRE,
    /** Answered by one with a certificate of an authority's. */
    VERIFY_CA,
    /** And of this very name. */
    VERIFY_FULL
  }

  /** Whether it is reached by a file and not by the network. */
  public boolean isUnixSocket() {
    return host.startsWith("/");
  }

  /**
   * Reads a URL.
   *
   * @throws IllegalArgumentException with a remedy, if it is none that can be used
   */
  public static DatabaseUrl parse(String text) {
    if (!text.startsWith("postgresql://") && !text.startsWith("postgres://")) {
      throw new IllegalArgumentException(EXAMPLE);
    }
    int begin = text.indexOf("://") + 3;
    int at = endOfPassword(text, begin);
    String people = at < begin ? "" : text.substring(begin, at);
    String rest = before('#', text.substring(at + 1));
    String hostAndPath = before('?', rest);
    String place = before('/', hostAndPath);
    String path = hostAndPath.substring(place.length()).replaceFirst("^/", "");
    Map<String, String> parameters =
        parameters(rest.substring(hostAndPath.length()).replaceFirst("^[?]", ""));
    int colon = people.indexOf(':');
    String user =
        parameters.getOrDefault(
            "user", Parse.percentDecoded(colon < 0 ? people : people.substring(0, colon)));
    if (path.isEmpty() && user.isEmpty()) {
      throw new IllegalArgumentException(EXAMPLE);
    }
    if (place.indexOf(',') >= 0) {
      throw new IllegalArgumentException(
          "it names several hosts; give one name that leads to the primary");
    }
    int port = place.endsWith("]") ? -1 : place.lastIndexOf(':');
    String host = Parse.percentDecoded(port < 0 ? place : place.substring(0, port));
    return new DatabaseUrl(
        parameters
            .getOrDefault("host", host.isEmpty() ? "localhost" : host)
            .replaceAll("[\\[\\]]", ""),
        port(parameters.getOrDefault("port", port < 0 ? "" : place.substring(port + 1))),
        path.isEmpty() ? user : Parse.percentDecoded(path),
        user,
        parameters.getOrDefault(
            "password", colon < 0 ? "" : Parse.percentDecoded(people.substring(colon + 1))),
        tls(parameters),
        file(parameters, "sslrootcert"),
        file(parameters, "sslcert"),
        file(parameters, "sslkey"),
        Optional.ofNullable(parameters.get("application_name")),
        Optional.ofNullable(parameters.get("options")));
  }

  /**
   * The first @ after which none stands where a URL has none; before the beginning, if there is
   * neither user nor password.
   */
  private static int endOfPassword(String text, int begin) {
    int slash = text.indexOf('/', begin);
    int last = slash < 0 ? text.length() : slash;
    int at = begin - 1;
    do {
      if (!hasStrayAt(text.substring(at + 1))) {
        return at;
      }
      at = text.indexOf('@', at + 1);
    } while (at < last);
    throw new IllegalArgumentException(Parse.PERCENT_ENCODE);
  }

  /** Only the value of a parameter may hold one. */
  private static boolean hasStrayAt(String rest) {
    String hostAndPath = before('?', rest);
    return hostAndPath.indexOf('@') >= 0
        || PARAMETER.matcher(rest.substring(hostAndPath.length())).replaceAll("").indexOf('@') >= 0;
  }

  private static String before(char mark, String text) {
    int end = text.indexOf(mark);
    return end < 0 ? text : text.substring(0, end);
  }

  private static Map<String, String> parameters(String query) {
    Map<String, String> parameters = new HashMap<>();
    for (String pair : query.split("&")) {
      int equals = pair.indexOf('=');
      // An empty value is none to the driver.
      if (equals > 0 && equals < pair.length() - 1) {
        // Here, and only here, the driver takes a plus for a space, as forms do.
        String value = pair.substring(equals + 1).replace('+', ' ');
        parameters.put(pair.substring(0, equals), Parse.percentDecoded(value));
      }
    }
    return parameters;
  }

  private static int port(String text) {
    try {
      int port = text.isEmpty() ? USUAL_PORT : Integer.parseInt(text);
      if (port > 0 && port < 65_536) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new IllegalArgumentException("its port is no number of 1 to 65535");
  }

  private static Tls tls(Map<String, String> parameters) {
    String mode = parameters.get("sslmode");
    if (mode == null) {
      // Who names a certificate means TLS; in the clear the password would go to anybody.
      if (parameters.keySet().stream().anyMatch(CERTIFICATES::contains)) {
        return Tls.VERIFY_FULL;
      }
      return switch (parameters.getOrDefault("ssl", "")) {
        case "", "0", "false" -> Tls.DISABLE;
        default -> Tls.REQUIRE;
      };
    }
    return switch (mode.toLowerCase(Locale.ROOT)) {
      case "disable" -> Tls.DISABLE;
      case "allow" -> Tls.ALLOW;
      case "prefer" -> Tls.PREFER;
      case "require", "no-verify" -> Tls.REQUIRE;
      case "verify-ca" -> Tls.VERIFY_CA;
      case "verify-full" -> Tls.VERIFY_FULL;
      default ->
          throw new IllegalArgumentException(
              "its sslmode is none of disable, allow, prefer, require, no-verify, verify-ca, verify-full");
    };
  }

  private static Optional<Path> file(Map<String, String> parameters, String name) {
    Optional<Path> file = Optional.ofNullable(parameters.get(name)).map(Path::of);
    if (file.isPresent() && !Files.isReadable(file.get())) {
      throw new IllegalArgumentException("its " + name + " is no file that can be read");
    }
    return file;
  }

  @Override
  public String toString() {
    return "DatabaseUrl";
  }
}
