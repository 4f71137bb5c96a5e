package dev.kaneogateway.oauth;

import dev.kaneogateway.config.Origins;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.device.DeviceAnswer;
import dev.kaneogateway.limits.Refusal;
import dev.kaneogateway.limits.RetryFields;
import dev.kaneogateway.web.Bodies;
import dev.kaneogateway.web.Cors;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.HttpDate;
import dev.kaneogateway.web.Problems;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every answer of the OAuth endpoints, errors included: JSON with {@code error}, never cached,
 * never a redirect, open to pages of other origins only where no cookie counts.
 */
final class OAuthAnswers {
  /** A failure that was answered already. */
  static final class Answered extends Exception {
    Answered() {
      super("answered", null, false, false);
    }
  }

  /** A browser brought a cookie from a page that is not Kaneo's. */
  static final class ForeignOrigin extends Exception {
    ForeignOrigin() {
      super("foreign origin", null, false, false);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(OAuthAnswers.class);

  private final Cors cors;
  private final Set<String> ownOrigins = new HashSet<>();
  private final String page;

  OAuthAnswers(Settings.Kaneo kaneo) {
    this.cors = new Cors(kaneo.corsOrigins());
    for (URI url : List.of(kaneo.clientUrl(), kaneo.apiUrl(), kaneo.publicUrl())) {
      ownOrigins.add(Origins.of(url));
    }
    this.page = kaneo.publicUrl() + "/device";
  }

  /** Any page may read this answer, for it depends on no cookie. */
  void openToAll(Exchange exchange) {
    if (cors.lists(exchange)) {
      // Better Auth's client brings cookies along, and to a browser "*" means none that does.
      cors.open(exchange);
    } else {
      exchange
          .response()
          .putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, "*")
          .putHeader(HttpHeaders.VARY, "Origin");
    }
  }

  /** Kaneo's own pages may read this answer, cookies and all, as Kaneo lets them. */
  void openToKaneosPages(Exchange exchange) {
    cors.open(exchange);
  }

  /**
   * Runs an endpoint for its method (HEAD counts as GET), answers a preflight, refuses all else.
   */
  void allowing(Exchange exchange, String method, Runnable endpoint) {
    HttpMethod asked = exchange.request().method();
    if (asked.name().equals(method) || (asked.equals(HttpMethod.HEAD) && method.equals("GET"))) {
      endpoint.run();
    } else if (asked.equals(HttpMethod.OPTIONS)) {
      String wanted = exchange.request().getHeader("Access-Control-Request-Headers");
      HttpServerResponse response = exchange.response();
      if (wanted != null) {
        response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, wanted);
      }
      response.headers().add(HttpHeaders.VARY, "Access-Control-Request-Headers");
      response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, method).setStatusCode(204).end();
    } else {
      String heads = method.equals("GET") ? "GET, HEAD" : method;
      exchange.response().putHeader(HttpHeaders.ALLOW, heads + ", OPTIONS");
      refuse(exchange, new OAuthException(405, "invalid_request", "Use " + method));
    }
  }

  boolean presentsBasic(Exchange exchange) {
    String authorization = exchange.request().getHeader(HttpHeaders.AUTHORIZATION);
    return authorization != null && authorization.toLowerCase(Locale.ROOT).startsWith("basic");
  }

  /** RFC 6749 §5.2: who tried to authenticate is told 401 and the scheme it used. */
  void refuseBasic(Exchange exchange) {
    exchange.response().putHeader("WWW-Authenticate", "Basic realm=\"kaneo\"");
    refuse(
        exchange,
        new OAuthException(
            401, "invalid_client", "Clients here are public and do not authenticate"));
  }

  /** Whether a request with a cookie comes from a page of Kaneo's or of the gateway's. */
  boolean isOwnOrigin(Exchange exchange) {
    return ownOrigins.contains(Origins.of(page(exchange)));
  }

  /** Where the page that asks says it is; as Better Auth has it, Referer counts without Origin. */
  private static String page(Exchange exchange) {
    MultiMap headers = exchange.request().headers();
    String origin = String.join(", ", headers.getAll(HttpHeaders.ORIGIN));
    return origin.isEmpty() ? String.join(", ", headers.getAll(HttpHeaders.REFERER)) : origin;
  }

  /** Whether a browser says that a page of another origin asks. */
  boolean isForeign(Exchange exchange) {
    String site = exchange.request().getHeader("Sec-Fetch-Site");
    return exchange.request().headers().contains(HttpHeaders.ORIGIN)
        ? !isOwnOrigin(exchange)
        : "cross-site".equals(site);
  }

  void redirectToPage(Exchange exchange, String userCode) {
    exchange
        .response()
        .setStatusCode(302)
        .putHeader(
            HttpHeaders.LOCATION, userCode.isEmpty() ? page : page + "?user_code=" + userCode)
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end();
  }

  /**
   * Gives the answer to a poll.
   *
   * @param delivery told whether its client got the token, or had left before
   */
  Future<JsonObject> polled(
      Exchange exchange, DeviceAnswer.Polled polled, Consumer<Boolean> delivery) {
    return switch (polled.state()) {
      case ISSUED -> {
        JsonObject token =
            new JsonObject()
                .put("access_token", polled.token())
                .put("token_type", "Bearer")
                .put("expires_in", polled.expiresInSeconds());
        polled.scope().ifPresent(scope -> token.put("scope", scope));
        send(exchange, 200, token).onComplete(sent -> delivery.accept(sent.succeeded()));
        yield Future.failedFuture(new Answered());
      }
      case PENDING -> refused("authorization_pending", "Authorization pending");
      case SLOW_DOWN -> {
        exchange.response().putHeader("Retry-After", Long.toString(polled.intervalSeconds()));
        send(
            exchange,
            400,
            error("slow_down", "Polling too frequently").put("interval", polled.intervalSeconds()));
        yield Future.failedFuture(new Answered());
      }
      case EXPIRED -> refused("expired_token", "Device code has expired");
      case DENIED -> refused("access_denied", "Access denied");
      case INVALID -> refused("invalid_grant", "Invalid device code");
    };
  }

  private static Future<JsonObject> refused(String error, String description) {
    return Future.failedFuture(new OAuthException(400, error, description));
  }

  TooMany tooMany(String description, Refusal refusal) {
    return new TooMany("temporarily_unavailable", description, refusal);
  }

  /** What a polling client understands of "too often". */
  TooMany slowDown(String description, Refusal refusal) {
    return new TooMany("slow_down", description, refusal);
  }

  /** 429 or 503 in the form of an OAuth error. */
  static final class TooMany extends Exception {
    private final String error;
    private final Refusal refusal;

    TooMany(String error, String description, Refusal refusal) {
      super(description, null, false, false);
      this.error = error;
      this.refusal = refusal;
    }
  }

  /** Answers a failure: an OAuth error as itself, anything else as "try again". */
  void fail(Exchange exchange, Throwable failure) {
    if (failure instanceof Answered
        || failure instanceof Bodies.Left
        || exchange.response().ended()
        || exchange.response().closed()) {
      return;
    }
    if (failure instanceof ForeignOrigin) {
      String page = page(exchange);
      boolean missing = page.isEmpty() || page.equals("null");
      send(
          exchange,
          403,
          error("access_denied", missing ? "Missing or null Origin" : "Invalid origin")
              .put("message", missing ? "Missing or null Origin" : "Invalid origin")
              .put("code", missing ? "MISSING_OR_NULL_ORIGIN" : "INVALID_ORIGIN"));
    } else if (failure instanceof OAuthException refused) {
      refuse(exchange, refused);
    } else if (failure instanceof TooMany many) {
      Cors.exposeRetryFields(exchange.response());
      RetryFields.put(exchange.response(), many.refusal);
      send(exchange, many.refusal.status(), error(many.error, String.valueOf(many.getMessage())));
    } else if (failure instanceof Bodies.TooSlow) {
      refuse(exchange, new OAuthException(408, "invalid_request", "The body did not arrive"));
    } else if (failure instanceof io.netty.handler.codec.DecoderException
        || failure instanceof IllegalArgumentException) {
      refuse(exchange, OAuthException.invalidRequest("The body is not well framed"));
    } else if (failure instanceof Bodies.TooLarge) {
      refuse(exchange, new OAuthException(413, "invalid_request", "The body is too large"));
    } else {
      LOG.warn("request {} could not be answered: {}", exchange.id(), failure.getMessage());
      exchange.response().putHeader("Retry-After", "2");
      send(exchange, 503, error("temporarily_unavailable", "Try again in a moment"));
    }
  }

  void refuse(Exchange exchange, OAuthException refused) {
    send(exchange, refused.status(), error(refused.error(), refused.description()));
  }

  private static JsonObject error(String error, String description) {
    return new JsonObject().put("error", error).put("error_description", description);
  }

  /** Fails if the client has left, as far as can be known. */
  Future<Void> send(Exchange exchange, int status, JsonObject body) {
    HttpServerResponse response = exchange.response();
    if (response.ended() || response.closed()) {
      return Future.failedFuture(new Answered());
    }
    response
        .setStatusCode(status)
        .putHeader(HttpHeaders.DATE, HttpDate.now())
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .putHeader("Pragma", "no-cache");
    Future<Void> sent = exchange.answer(body.encode());
    Problems.discardBody(exchange);
    return sent;
  }
}
