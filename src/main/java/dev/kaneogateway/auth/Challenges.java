package dev.kaneogateway.auth;

import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.HttpDate;
import dev.kaneogateway.web.Problems;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers 401 as Kaneo does (body, type and the CORS fields its middleware puts on every answer, or
 * a page of another origin could not read the refusal) and adds the challenge of RFC 6750 §3.
 */
public final class Challenges {
  private final List<String> corsOrigins;

  public Challenges(List<String> corsOrigins) {
    this.corsOrigins = List.copyOf(corsOrigins);
  }

  /** Refuses a request; what is left of its body is read and dropped. */
  public void refuse(Exchange exchange, Decision.Reason reason) {
    HttpServerResponse response = exchange.response();
    if (response.ended() || response.closed()) {
      return;
    }
    List<String> origins = exchange.request().headers().getAll(HttpHeaders.ORIGIN);
    String origin = origins.size() == 1 ? origins.get(0) : null;
    if (isAllowed(origin)) {
      response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
        .setStatusCode(401)
        .putHeader(HttpHeaders.DATE, HttpDate.now())
        .putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")
        .putHeader(HttpHeaders.VARY, "Origin")
        .putHeader(
            "WWW-Authenticate",
            switch (reason) {
              case MISSING -> "Bearer realm=\"kaneo\"";
              case MALFORMED -> "Bearer realm=\"kaneo\", error=\"invalid_request\"";
              case INVALID -> "Bearer realm=\"kaneo\", error=\"invalid_token\"";
            })
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain;charset=UTF-8")
        .end("Unauthorized");
    Problems.discardBody(exchange);
  }

  private boolean isAllowed(@Nullable String origin) {
    return origin != null && corsOrigins.contains(origin);
  }
}
