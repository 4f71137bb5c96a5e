package dev.kaneogateway.pages;

import dev.kaneogateway.auth.Person;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Seals;
import java.time.Duration;

/**
 * Carries a typed code from its entry to its confirmation, sealed to the session that typed it, so
 * that it stands in no address.
 */
final class CodeCookie {
  private static final String NAME = "kaneo_gateway_device";

  private final Seals seals;
  private final Duration life;

  CodeCookie(Seals seals, Duration life) {
    this.seals = seals;
    this.life = life;
  }

  /** The code that this person typed; empty if there is none. */
  String read(Exchange exchange, Person.SignedIn person) {
    for (String header : exchange.request().headers().getAll("Cookie")) {
      for (String pair : header.split(";")) {
        String[] parts = pair.strip().split("=", 2);
        String[] sealed = parts[parts.length - 1].split("\\.", 2);
        // Of several of this name, as a neighbour in the domain may have set, that which is ours.
        if (parts.length == 2
            && parts[0].equals(NAME)
            && sealed.length == 2
            && seals.holds(sealed[1], person.sessionId(), "typed", sealed[0])) {
          return sealed[0];
        }
      }
    }
    return "";
  }

  void set(Exchange exchange, Person.SignedIn person, String code) {
    exchange
        .response()
        .headers()
        .add(
            "Set-Cookie",
            NAME
                + "="
                + code
                + "."
                + seals.seal(person.sessionId(), "typed", code)
                + cookieAttributes(exchange, life.toSeconds()));
  }

  void clear(Exchange exchange) {
    exchange.response().headers().add("Set-Cookie", NAME + "=" + cookieAttributes(exchange, 0));
  }

  private static String cookieAttributes(Exchange exchange, long maxAge) {
    String secure = exchange.origin().scheme().equals("https") ? "; Secure" : "";
    return "; Path="
        + DevicePages.PATH
        + "; Max-Age="
        + maxAge
        + "; HttpOnly; SameSite=Lax"
        + secure;
  }
}
