package dev.kaneogateway.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** How the text of a setting becomes a value; what cannot is told with its remedy. */
final class Parse {
  static final String PERCENT_ENCODE =
      "an @ stands where none may; percent-encode the password (@ is %40, / is %2F, ? is %3F, # is %23)";

  /** The longest that most times may be. */
  static final int DAY_MS = 86_400_000;

  private Parse() {}

  static String text(String text) {
    return text;
  }

  /** An address as it is, or in the brackets that it has in a URL. */
  static String host(String text) {
    return text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
  }

  static Function<String, String> oneOf(String... choices) {
    return text -> {
      String value = text.toLowerCase(Locale.ROOT);
      if (!Arrays.asList(choices).contains(value)) {
        throw new IllegalArgumentException("give one of " + String.join(", ", choices));
      }
      return value;
    };
  }

  /** {@code info,credentials=debug}: a level for all, and others for some rooms. */
  static Function<String, String> levels(String... rooms) {
    return text -> {
      Function<String, String> level = oneOf("error", "warn", "info", "debug", "trace");
      List<String> read = new ArrayList<>();
      for (String part : text.split(",", -1)) {
        String[] roomAndLevel = part.strip().split("=", 2);
        if (roomAndLevel.length == 2 && !Arrays.asList(rooms).contains(roomAndLevel[0].strip())) {
          throw new IllegalArgumentException("before = give one of " + String.join(", ", rooms));
        }
        String room = roomAndLevel.length == 2 ? roomAndLevel[0].strip() + "=" : "";
        read.add(room + level.apply(roomAndLevel[roomAndLevel.length - 1].strip()));
      }
      return String.join(",", read);
    };
  }

  static double ratio(String text) {
    try {
      double ratio = Double.parseDouble(text);
      if (ratio >= 0 && ratio <= 1) {
        return ratio;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new IllegalArgumentException("give a number from 0 to 1");
  }

  static boolean flag(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "yes", "on", "1" -> true;
      case "false", "no", "off", "0" -> false;
      default -> throw new IllegalArgumentException("give true or false");
    };
  }

  static Function<String, Integer> number(int least, int most) {
    return text -> {
      try {
        int value = Integer.parseInt(text);
        if (value >= least && value <= most) {
          return value;
        }
      } catch (NumberFormatException e) {
        // told below, with the range
      }
      throw new IllegalArgumentException("give a whole number from " + least + " to " + most);
    };
  }

  static long bytes(String text) {
    try {
      long value = Long.parseLong(text);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new IllegalArgumentException("give a number of bytes, 0 or more");
  }

  static Function<String, Duration> millis(int least, int most) {
    return number(least, most).andThen(Duration::ofMillis);
  }

  static Function<String, Duration> seconds(int least, int most) {
    return number(least, most).andThen(Duration::ofSeconds);
  }

  static List<String> list(String text) {
    return Arrays.stream(text.split(",")).map(String::strip).filter(s -> !s.isEmpty()).toList();
  }

  /** Client IDs; without one nothing could sign in, which nobody means by it. */
  static List<String> clients(String text) {
    List<String> clients = list(text);
    if (clients.isEmpty()) {
      throw new IllegalArgumentException(
          "it names no client; give one, or leave the setting out for Kaneo's own");
    }
    return clients;
  }

  static List<String> paths(String text) {
    List<String> paths = list(text);
    if (!paths.stream().allMatch(path -> path.matches("/\\S*"))) {
      throw new IllegalArgumentException(
          "give paths that begin with / and hold no spaces, like /api/task/*, comma-separated");
    }
    return paths;
  }

  /** Kaneo takes whatever stands there, so that is told with nothing but a password in it. */
  static List<String> corsOrigins(String text) {
    return list(withoutUser(text));
  }

  static Function<String, List<String>> pairs(String example) {
    return text -> {
      List<String> pairs = list(text);
      if (!pairs.stream().allMatch(pair -> pair.indexOf('=') > 0)) {
        throw new IllegalArgumentException("give " + example + ", comma-separated");
      }
      return pairs;
    };
  }

  static Optional<String> secretKey(String text) {
    if (!text.isEmpty() && text.length() < 32) {
      throw new IllegalArgumentException("it has fewer than 32 characters; give the one Kaneo has");
    }
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  static Optional<Path> readableFile(String text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Path path = Path.of(text);
    if (!Files.isReadable(path)) {
      throw new IllegalArgumentException("no readable file there; check the path and its rights");
    }
    return Optional.of(path);
  }

  static Optional<URI> optionalHttpUrl(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(httpUrl(text));
  }

  /**
   * An absolute http(s) URL without query or user, a trailing slash taken off, its origin written
   * as browsers write it (RFC 6454 §4): small letters, no port that goes without saying.
   */
  static URI httpUrl(String text) {
    try {
      URI uri = new URI(withoutUser(text).replaceAll("/+$", ""));
      boolean http =
          "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
      if (http && uri.getHost() != null && uri.getRawQuery() == null) {
        return new URI(Origins.of(uri) + uri.getRawPath());
      }
    } catch (URISyntaxException e) {
      // told below
    }
    throw new IllegalArgumentException("give an address like https://kaneo.example.org");
  }

  /** Refuses any @, for what stands before it is told and logged as any address is. */
  private static String withoutUser(String text) {
    if (text.indexOf('@') >= 0) {
      throw new IllegalArgumentException(
          "leave out all up to the @: a user and password do not belong there");
    }
    return text;
  }

  /** The origins of one or more servers: scheme, host and port, no path. */
  static List<URI> origins(String text) {
    List<URI> origins = list(withoutUser(text)).stream().map(Parse::httpUrl).toList();
    if (origins.isEmpty()) {
      throw new IllegalArgumentException("give at least one address like http://127.0.0.1:1337");
    }
    for (URI origin : origins) {
      if (!origin.getRawPath().isEmpty()) {
        throw new IllegalArgumentException(
            "leave out the path " + origin.getRawPath() + "; requests keep their own");
      }
    }
    return origins;
  }

  static Optional<URI> optionalOrigin(String text) {
    URI url = text.isEmpty() ? null : httpUrl(text);
    if (url != null && !url.getRawPath().isEmpty()) {
      throw new IllegalArgumentException(
          "leave out the path " + url.getRawPath() + "; pages are served from the root");
    }
    return Optional.ofNullable(url);
  }

  static List<URI> optionalOrigins(String text) {
    return text.isEmpty() ? List.of() : origins(text);
  }

  /** A postgresql:// address; kept as text because it carries the password. */
  static String databaseUrl(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException(DatabaseUrl.EXAMPLE + ", or its POSTGRES_PASSWORD");
    }
    DatabaseUrl.parse(text);
    return text;
  }

  /** A redis:// address; kept as text because it may carry a password. */
  static Optional<String> redisUrl(String text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (text.matches("rediss?://[^/?#]*[/?#].*@.*")) {
      // Its password would end too early, and a piece of it be taken for the host and told.
      throw new IllegalArgumentException(PERCENT_ENCODE);
    }
    try {
      URI uri = new URI(text);
      boolean redis = "redis".equals(uri.getScheme()) || "rediss".equals(uri.getScheme());
      if (redis && uri.getHost() != null) {
        return Optional.of(text);
      }
    } catch (URISyntaxException e) {
      // told below
    }
    throw new IllegalArgumentException("give the one Kaneo has, like redis://host:6379");
  }

  static List<String> trustedProxies(String text) {
    if (text.indexOf('@') >= 0) { // A URL with a password perhaps, which IpRange would repeat.
      throw new IllegalArgumentException("give addresses or ranges like 10.0.0.0/8");
    }
    List<String> ranges = list(text);
    ranges.forEach(IpRange::parse);
    return ranges;
  }

  /** As decodeURIComponent does, which leaves a plus sign alone. */
  static String percentDecoded(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }
}
