package dev.kaneogateway.pages;

import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.ClassPath;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.HttpDate;
import dev.kaneogateway.web.Problems;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.templ.handlebars.HandlebarsTemplateEngine;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a page with everything a page of this kind must carry (device-flow D.3.11), or the
 * redirect to one. One for each event loop.
 */
final class PageWriter {
  private static final Logger LOG = LoggerFactory.getLogger(PageWriter.class);
  private static final String TEMPLATE = "pages/device.hbs";

  /** Every view of the template. */
  private static final List<String> VIEWS =
      List.of(
          "entry",
          "signin",
          "confirm",
          "allowed",
          "denied",
          "expired",
          "used",
          "late",
          "limit",
          "trouble",
          "unsure",
          "forbidden",
          "notfound");

  private final GatewayMetrics metrics;
  private final HandlebarsTemplateEngine engine;
  private final String styleVersion;
  private final Texts texts = new Texts();

  PageWriter(Vertx vertx, String style, GatewayMetrics metrics) {
    this.metrics = metrics;
    metrics.devices().pages(VIEWS);
    // A changed sheet has another address, so that no browser shows new pages with old looks.
    this.styleVersion = Integer.toHexString(style.hashCode());
    this.engine = ClassPath.templates(vertx, "/pages");
  }

  /** Reads and compiles the template, which blocks, so that no request has to. */
  Future<?> load() {
    return engine.render(new JsonObject().put("t", texts.in("en")), TEMPLATE);
  }

  /** Renders a view; {@code model} has what the view shows. */
  void show(Exchange exchange, int status, String view, JsonObject model) {
    metrics
        .devices()
        .page(
            view,
            status < 400
                ? "shown"
                : status == 422 ? "mistaken" : status < 500 ? "refused" : "failed");
    String language = Texts.choose(exchange.request().getHeader(HttpHeaders.ACCEPT_LANGUAGE));
    JsonObject t = texts.in(language);
    JsonObject all =
        model
            .copy()
            .put("t", t)
            .put("lang", language)
            .put("styleVersion", styleVersion)
            .put(view, true)
            .put("title", t.getString("title." + view, t.getString("title.entry")));
    String message = model.getString("message", "");
    if (!message.isEmpty()) {
      all.put("message", t.getString(message, message));
    }
    engine
        .render(all, TEMPLATE)
        .onSuccess(
            page -> {
              HttpServerResponse response = exchange.response();
              if (response.ended() || response.closed()) {
                return;
              }
              harden(response)
                  .setStatusCode(status)
                  .putHeader(HttpHeaders.CONTENT_TYPE, "text/html;charset=UTF-8")
                  .putHeader("Content-Language", language)
                  .putHeader(HttpHeaders.VARY, "Accept-Language, Cookie");
              end(exchange, page.toString());
            })
        .onFailure(
            failure -> {
              LOG.error("request {}: the page cannot be rendered", exchange.id(), failure);
              Problems.answer(exchange, 500, "internal_error", "The page cannot be shown.");
            });
  }

  /** 303, so that the browser asks with GET and a reload repeats nothing (RFC 9700 §4.12). */
  void redirect(Exchange exchange, String ownPath) {
    harden(exchange.response()).setStatusCode(303).putHeader(HttpHeaders.LOCATION, ownPath).end();
    Problems.discardBody(exchange);
  }

  /** Redirects to where a person begins, with the code that must not be lost, if there is one. */
  void redirectToStart(Exchange exchange, String code) {
    redirect(exchange, DevicePages.PATH, code);
  }

  /** Redirects to a step that goes on with a code, if there is one. */
  void redirect(Exchange exchange, String ownPath, String code) {
    redirect(exchange, ownPath + (code.isEmpty() ? "" : "?user_code=" + code));
  }

  /** The style sheet, which may be kept for a while. */
  void style(Exchange exchange, String css) {
    harden(exchange.response())
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/css;charset=UTF-8")
        .putHeader(HttpHeaders.CACHE_CONTROL, "public, max-age=3600");
    end(exchange, css);
  }

  private static void end(Exchange exchange, String body) {
    exchange.answer(body);
    Problems.discardBody(exchange);
  }

  private static HttpServerResponse harden(HttpServerResponse response) {
    return response
        .putHeader(HttpHeaders.DATE, HttpDate.now())
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .putHeader(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self';"
                + " frame-ancestors 'none'; base-uri 'none'")
        .putHeader("X-Frame-Options", "DENY")
        // With no-referrer a browser would send "Origin: null" with this page's own forms.
        .putHeader("Referrer-Policy", "same-origin")
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("Cross-Origin-Opener-Policy", "same-origin");
  }
}
