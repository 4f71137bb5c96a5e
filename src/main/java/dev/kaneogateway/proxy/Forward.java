package dev.kaneogateway.proxy;

import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.limits.Overload;
import dev.kaneogateway.limits.RetryFields;
import dev.kaneogateway.upstream.Call;
import dev.kaneogateway.upstream.UpstreamFailure;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Problems;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One request carried to Kaneo and its answer carried back, both bodies streamed. Whatever breaks,
 * the client gets a whole answer or a visible break, never half an answer that looks whole. {@link
 * Delivery} finds a Kaneo, {@link Upload} is the way there and {@link Download} the way back.
 * Confined to its event loop.
 */
final class Forward implements Delivery.Sender {
  private final Lane lane;
  private final Exchange exchange;
  private final @Nullable Identity identity;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Delivery delivery;
  private final Upload upload;
  private @Nullable Download download;
  private boolean over;

  /**
   * Carries a request.
   *
   * @param identity whose it is, if the gateway knows
   */
  Forward(Lane lane, Upstreams upstreams, Exchange exchange, @Nullable Identity identity) {
    this.identity = identity;
    this.lane = lane;
    this.exchange = exchange;
    this.request = exchange.request();
    this.response = exchange.response();
    this.delivery = new Delivery(lane, upstreams, exchange, this);
    this.upload = new Upload(lane, exchange, this);
  }

  /** Takes the request over. Its body, if it announces one, must be paused. */
  void start() {
    response.closeHandler(gone -> clientLeft());
    response.exceptionHandler(broken -> clientLeft());
    exchange.whenBodyMalformed(
        () -> {
          if (!over) {
            finish(true);
          }
        });
    upload.prepare(delivery.isSearching());
  }

  /** As much of the request is there as is needed to ask Kaneo. */
  void ready() {
    if (!over) {
      delivery.ask();
    }
  }

  @Override
  public boolean isSentOnce() {
    return upload.isSentOnce();
  }

  @Override
  public void send(Call to) {
    upload.send(to);
  }

  /** All of the request is on its way. */
  void uploaded() {
    if (download == null && !over) {
      delivery.awaitAnswer();
    }
  }

  /** Kaneo takes no more of the body; one that answers already may leave the rest unread. */
  void kaneoStalled() {
    if (download == null) {
      notAnswered(UpstreamFailure.SILENT);
    }
  }

  @Override
  public long clientPace() {
    if (over) {
      return Long.MAX_VALUE;
    }
    if (upload.isUnderWay()) {
      return upload.clientPace();
    }
    return download == null ? Long.MAX_VALUE : download.clientPace();
  }

  @Override
  public void giveWay() {
    if (download == null) {
      giveUp(
          408,
          "request_timeout",
          "The body comes too slowly while connections to Kaneo are scarce.");
    } else if (!over) {
      download.cut("the client reads too slowly while connections to Kaneo are scarce");
    }
  }

  @Override
  public void goOn() {
    // RFC 9110 §15.2: HTTP/1.0 knows of none.
    if (request.version() != HttpVersion.HTTP_1_0
        && request.headers().contains(HttpHeaders.EXPECT)
        && !response.headWritten()) {
      exchange.goOn();
    }
  }

  @Override
  public void earlyHints(MultiMap hints) {
    if (!response.headWritten() && request.version() != HttpVersion.HTTP_1_0) {
      // Fields of an answer are checked as they are added; Vert.x checks no hints.
      MultiMap clean = HttpHeaders.headers();
      if (ResponseHeaders.copy(hints, clean)) {
        // Nor is there a body; clients of HTTP/2 may take it for an error (RFC 9110 §8.6).
        clean.remove(HttpHeaders.CONTENT_LENGTH);
        if (request.version() == HttpVersion.HTTP_2) {
          // RFC 9113 §8.2. Of final answers Vert.x sees to it itself.
          MultiMap lower = MultiMap.caseInsensitiveMultiMap();
          clean.forEach((name, value) -> lower.add(name.toLowerCase(Locale.ROOT), value));
          clean = lower;
        }
        response.writeEarlyHints(clean);
      }
    }
  }

  @Override
  public void answered(Call answer) {
    boolean events = ResponseHeaders.isEventStream(answer.headers());
    if (!ResponseHeaders.isFramed(answer.headers())) {
      notAnswered(UpstreamFailure.NONSENSE);
      return;
    }
    delivery.accepted(answer);
    Overload tooMany = events ? lane.ceilings.livesLong(exchange) : null;
    if (tooMany != null) {
      finish(true);
      RetryFields.put(response, tooMany);
      refuse(503, "overloaded", "Too many event streams are open.");
    } else {
      Download begun = new Download(lane, exchange, answer, this);
      download = begun;
      if (!begun.start(!events && delivery.mayRepeat())) {
        forgetHead();
        notAnswered(UpstreamFailure.NONSENSE);
      } else if (events) {
        answer.livesLong();
        delivery.goesWell();
        begun.watch(identity);
      }
    }
  }

  @Override
  public void answerPaused() {
    if (download != null) {
      download.paused();
    }
  }

  /** All of the answer has been passed on. */
  void downloaded() {
    delivery.goesWell();
    boolean unread = upload.isUnread();
    finish(unread);
    if (unread) {
      Problems.discardBody(exchange);
    }
  }

  /** Kaneo broke off its answer; if nothing of it was passed on, it may be asked again. */
  void truncated() {
    if (!response.headWritten() && download != null && delivery.askAgain()) {
      download.stop();
      download = null;
      forgetHead();
      return;
    }
    exchange.trouble("Kaneo broke off its answer");
    delivery.failed("truncated");
    finish(true);
    if (response.headWritten()) {
      Download.breakOff(exchange);
    } else {
      forgetHead();
      refuse(
          UpstreamFailure.BROKEN.status(),
          UpstreamFailure.BROKEN.code(),
          "Kaneo broke off its answer.");
    }
  }

  /** An answer of the gateway's own has nothing of Kaneo's; whether it is the last, stays. */
  private void forgetHead() {
    String connection = response.headers().get(HttpHeaders.CONNECTION);
    response.headers().clear().set("X-Request-Id", exchange.id());
    if (request.version() != HttpVersion.HTTP_2) {
      response.setChunked(false);
    }
    if (connection != null) {
      response.putHeader(HttpHeaders.CONNECTION, connection);
    }
  }

  /** In the gateway's own words, which pages that may read Kaneo's may read. */
  private void refuse(int status, String code, String message) {
    lane.cors.openRefusal(exchange);
    Problems.answer(exchange, status, code, message);
  }

  /** Nobody waits for an answer any more. */
  void clientLeft() {
    // HTTP/2 closes a stream while its last frame is being written.
    if (!over && !response.ended()) {
      exchange.abandoned();
      finish(true);
    }
  }

  @Override
  public void notAnswered(UpstreamFailure failure) {
    if (over) {
      return;
    }
    delivery.failed(failure.label());
    if (failure == UpstreamFailure.BUSY || failure.isAway()) {
      finish(true);
      if (failure == UpstreamFailure.BUSY && lane.cors.grants(exchange)) {
        return;
      }
      lane.cors.openRefusal(exchange);
      Problems.answerRetryLater(
          exchange, failure.status(), failure.code(), failure.message(), Duration.ofSeconds(1));
    } else {
      giveUp(failure.status(), failure.code(), failure.message());
    }
  }

  @Override
  public void sessionGone() {
    // What MCP's streamable HTTP says of a session that is no more: its client begins another.
    giveUp(404, "not_found", "The Kaneo that had this session is gone.");
  }

  @Override
  public void unsendable() {
    giveUp(400, "bad_request", "A field has characters that no field may have.");
  }

  /** Ends it with a refusal, or with a visible break if an answer was begun. */
  void giveUp(int status, String code, String message) {
    if (over) {
      return;
    }
    finish(true);
    if (response.headWritten()) {
      exchange.trouble(message);
      Download.breakOff(exchange);
    } else {
      refuse(status, code, message);
    }
  }

  /** Whether nothing more is done for this request. */
  boolean isOver() {
    return over;
  }

  /** Ends both directions; what Kaneo has to say yet, nobody hears. */
  void finish(boolean cutUpstream) {
    over = true;
    upload.stop();
    if (download != null) {
      download.stop();
    }
    delivery.end(cutUpstream);
  }
}
