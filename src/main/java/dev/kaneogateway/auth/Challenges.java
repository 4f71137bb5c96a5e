package dev.kaneogateway.auth;

import dev.kaneogateway.web.Cors;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.HttpDate;
import dev.kaneogateway.web.Problems;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

/** Answers 401 as Kaneo does (body, type, CORS fields) and adds the challenge of RFC 6750 §3. */
public final class Challenges {
  private static final String CHALLENGE = "Bearer realm=\"kaneo\"";
  private static final String INVALID_TOKEN = CHALLENGE + ", error=\"invalid_token\"";

  private final Cors cors;

  public Challenges(Cors cors) {
    this.cors = cors;
  }

  /** Refuses a request; what is left of its body is read and dropped. */
  public void refuse(Exchange exchange, Decision.Reason reason) {
    HttpServerResponse response = exchange.response();
    if (response.ended() || response.closed()) {
      return;
    }
    exchange.ownAnswer();
    cors.open(exchange);
    response
        .setStatusCode(401)
        .putHeader(HttpHeaders.DATE, HttpDate.now())
        .putHeader(
            "WWW-Authenticate",
            switch (reason) {
              case MISSING -> CHALLENGE;
              case MALFORMED -> CHALLENGE + ", error=\"invalid_request\"";
              case INVALID -> INVALID_TOKEN;
            })
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain;charset=UTF-8");
    exchange.answer("Unauthorized");
    Problems.discardBody(exchange);
  }

  /** Adds the challenge to another kind of 401, for who has sent no credential or a bad one. */
  public static void challenge(Exchange exchange) {
    boolean sent =
        RequestCredential.of(exchange.request().headers()) instanceof RequestCredential.Bearer;
    exchange.response().putHeader("WWW-Authenticate", sent ? INVALID_TOKEN : CHALLENGE);
  }

  /**
   * Adds to a refusal of Kaneo's shape the challenge that Kaneo forgets (RFC 9110 §15.5.2). It says
   * nothing of the token, which was found good here: whoever reads that it is not throws it away.
   */
  public static void complete(Exchange exchange) {
    MultiMap headers = exchange.response().headers();
    if (!headers.contains("WWW-Authenticate")) {
      headers.set("WWW-Authenticate", CHALLENGE);
    }
  }
}
