package dev.kaneogateway.web;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;

/**
 * The CORS fields that Kaneo puts on every answer of its API, for the answers that the gateway
 * gives in its place: without them a page of another origin could not read a refusal. Immutable.
 */
public final class Cors {
  private final List<String> origins;

  public Cors(List<String> origins) {
    this.origins = List.copyOf(origins);
  }

  /** Whether the page that asks is one of those that may read Kaneo's answers. */
  public boolean lists(Exchange exchange) {
    List<String> asking = exchange.request().headers().getAll(HttpHeaders.ORIGIN);
    return asking.size() == 1 && origins.contains(asking.get(0));
  }

  /** Lets the pages that may read Kaneo's answers read this one, cookies and all. */
  public void open(Exchange exchange) {
    HttpServerResponse response = exchange.response();
    if (lists(exchange)) {
      response.putHeader(
          HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN,
          exchange.request().getHeader(HttpHeaders.ORIGIN));
    }
    response
        .putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")
        .putHeader(HttpHeaders.VARY, "Origin");
  }

  /** Lets such pages read a refusal, and when to come again. */
  public void openRefusal(Exchange exchange) {
    open(exchange);
    exposeRetryFields(exchange.response());
  }

  /**
   * Answers a preflight of such a page as Kaneo would, if this is one. For those that would be
   * refused: a page never sees the answer of a preflight, and learns only from that of the request
   * itself why it is refused and when to come again.
   */
  public boolean grants(Exchange exchange) {
    MultiMap asked = exchange.request().headers();
    String method = asked.get(HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD);
    if (!exchange.request().method().equals(HttpMethod.OPTIONS)
        || method == null
        || !lists(exchange)) {
      return false;
    }
    exchange.ownAnswer();
    open(exchange);
    HttpServerResponse response = exchange.response();
    String fields = asked.get(HttpHeaders.ACCESS_CONTROL_REQUEST_HEADERS);
    if (fields != null) {
      response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, fields);
    }
    response
        .putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, method)
        .putHeader(HttpHeaders.DATE, HttpDate.now())
        .setStatusCode(204)
        .end();
    Problems.discardBody(exchange);
    return true;
  }

  /** Lets such pages read the fields that say when to come again, too. */
  public static void exposeRetryFields(HttpServerResponse response) {
    response.putHeader(
        HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS,
        "Retry-After, X-Retry-After, RateLimit, RateLimit-Policy");
  }
}
