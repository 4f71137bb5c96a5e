package dev.kaneogateway.web;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers of the gateway's own when something is wrong, in the form the caller accepts. */
public final class Problems {
  private static final Logger LOG = LoggerFactory.getLogger(Problems.class);

  private static final int REQUEST_TIMEOUT = 408;

  private Problems() {}

  /** Answers with a short explanation; does nothing if an answer has begun. */
  public static void answer(Exchange exchange, int status, String code, String message) {
    answer(exchange, status, code, message, null);
  }

  /** Answers that trying again after a while may help. */
  public static void answerRetryLater(
      Exchange exchange, int status, String code, String message, Duration after) {
    answer(exchange, status, code, message, after);
  }

  /** Answers for a fault of ours, which is for the log to tell of. */
  public static void answerFault(Exchange exchange, Throwable fault) {
    LOG.error("request {} failed within the gateway", exchange.id(), fault);
    answer(exchange, 500, "internal_error", "The gateway failed.");
  }

  /** Answers and closes the connection, whose next bytes cannot be trusted. */
  public static void answerAndClose(Exchange exchange, int status, String code, String message) {
    exchange.endConnection();
    answer(exchange, status, code, message, null);
  }

  /**
   * Reads and drops what is left of a request's body after its answer, so that the client can read
   * that answer before the connection is closed (RFC 9112 §9.6) and a short body costs no
   * connection. The rest has as long as a head.
   */
  public static void discardBody(Exchange exchange) {
    HttpServerRequest request = exchange.request();
    if (!exchange.announcesBody() || request.isEnded() || exchange.endsConnection()) {
      return;
    }
    request.handler(null);
    request.exceptionHandler(null);
    ConnectionGuard guard = exchange.body().guard();
    if (guard != null) {
      guard.partUnderWay(true);
      request.endHandler(ended -> guard.partUnderWay(false));
    }
    exchange.body().resume();
  }

  private static void answer(
      Exchange exchange, int status, String code, String message, @Nullable Duration retryAfter) {
    HttpServerResponse response = exchange.response();
    if (response.headWritten() || response.ended() || response.closed()) {
      return;
    }
    exchange.trouble(message);
    write(exchange, status, code, message, retryAfter);
    discardBody(exchange);
  }

  private static void write(
      Exchange exchange, int status, String code, String message, @Nullable Duration retryAfter) {
    exchange.ownAnswer();
    HttpServerResponse response = exchange.response().setStatusCode(status);
    if (retryAfter != null) {
      response.putHeader("Retry-After", Long.toString(Math.max(1, retryAfter.toSeconds())));
    }
    if (status == REQUEST_TIMEOUT) {
      // RFC 9110 §15.5.9; a body that came too slowly will not be whole soon.
      exchange.endConnection();
    }
    response.putHeader(HttpHeaders.DATE, HttpDate.now());
    response.putHeader("Cache-Control", "no-store");
    String accept =
        String.valueOf(exchange.request().getHeader(HttpHeaders.ACCEPT)).toLowerCase(Locale.ROOT);
    String body;
    if (accept.contains("text/html")) {
      response.putHeader(HttpHeaders.CONTENT_TYPE, "text/html;charset=UTF-8");
      body =
          "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Error "
              + status
              + "</title>"
              + "<h1>"
              + escape(message)
              + "</h1><p>Error "
              + status
              + ", request "
              + escape(exchange.id())
              + ".</p></html>\n";
    } else if (accept.contains("text/plain")) {
      response.putHeader(HttpHeaders.CONTENT_TYPE, "text/plain;charset=UTF-8");
      body = message + "\n";
    } else {
      response.putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
      body =
          new JsonObject()
              .put("error", code)
              .put("message", message)
              .put("requestId", exchange.id())
              .encode();
    }
    exchange.answer(body);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
