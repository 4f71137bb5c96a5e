package dev.kaneogateway.proxy;

import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.HttpDate;
import dev.kaneogateway.web.Problems;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;

/**
 * Who traces the way to Kaneo hop by hop is answered by the hop it asks (RFC 9110 §7.6.2); with
 * other methods the field means nothing.
 */
final class MaxForwards {
  static final String NAME = "Max-Forwards";

  private MaxForwards() {}

  private static boolean counts(Exchange exchange) {
    HttpMethod method = exchange.request().method();
    return method.equals(HttpMethod.OPTIONS) || method.equals(HttpMethod.TRACE);
  }

  /** Whether the request must go no further. */
  static boolean isSpent(Exchange exchange) {
    return counts(exchange) && "0".equals(exchange.request().getHeader(NAME));
  }

  /** Answers a request that goes no further. */
  static void answer(Exchange exchange) {
    exchange.ownAnswer();
    exchange
        .response()
        .putHeader(HttpHeaders.ALLOW, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    if (exchange.request().method().equals(HttpMethod.TRACE)) {
      Problems.answer(exchange, 405, "method_not_allowed", "Requests are not reflected here.");
    } else {
      exchange.response().setStatusCode(204).putHeader(HttpHeaders.DATE, HttpDate.now()).end();
      Problems.discardBody(exchange);
    }
  }

  /** What the next hop is told of a value. */
  static String next(Exchange exchange, String value) {
    return counts(exchange) && value.matches("[1-9]\\d{0,8}")
        ? Integer.toString(Integer.parseInt(value) - 1)
        : value;
  }
}
