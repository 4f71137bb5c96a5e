package dev.kaneogateway.proxy;

import dev.kaneogateway.auth.Challenges;
import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.metrics.Route;
import dev.kaneogateway.upstream.Call;
import dev.kaneogateway.web.Channels;
import dev.kaneogateway.web.Deadlines;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.HttpDate;
import dev.kaneogateway.web.Taken;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * Kaneo's answer on its way to the client: its head made fit for the client's version of HTTP, its
 * body streamed, and if it is one of events, ended with the credential it was opened with or with
 * this gateway. Confined to its event loop.
 */
final class Download implements BodyPump.Events, Lane.Open {
  /** Most answers are whole with so much, and each that is under way may hold it. */
  private static final int MOST_HELD = 16 * 1024;

  private final Lane lane;
  private final Exchange exchange;
  private final Call answer;
  private final Forward forward;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private @Nullable BodyPump pump;
  private Deadlines.@Nullable Entry hold;
  private @Nullable CredentialWatch watch;

  Download(Lane lane, Exchange exchange, Call answer, Forward forward) {
    this.lane = lane;
    this.exchange = exchange;
    this.answer = answer;
    this.forward = forward;
    this.request = exchange.request();
    this.response = exchange.response();
  }

  /**
   * Takes over the head and lets the body come; false if no client could be told this head.
   *
   * @param holding whether the beginning is kept back for a while, so that it can be asked for
   *     again
   */
  boolean start(boolean holding) {
    int status = answer.statusCode();
    response.setStatusCode(status);
    if (!ResponseHeaders.copy(answer.headers(), response.headers())) {
      return false;
    }
    if (!response.headers().contains(HttpHeaders.DATE)) {
      // RFC 9110 §6.6.1
      response.putHeader(HttpHeaders.DATE, HttpDate.now());
    }
    if (status == 401 && exchange.route() == Route.API) {
      Challenges.complete(exchange);
    }
    boolean bodiless = request.method().equals(HttpMethod.HEAD) || status == 204 || status == 304;
    String reason = answer.ownReason();
    if (reason != null && !bodiless && request.version() != HttpVersion.HTTP_2) {
      response.setStatusMessage(reason);
    }
    BodyPump body =
        new BodyPump(answer, response, bodiless ? 0 : frame(), 0, this)
            .limited(lane.progress, () -> Taken.of(request), false, this::stalled)
            .holding(holding ? MOST_HELD : 0);
    pump = body;
    body.start();
    return true;
  }

  /** How the client will see the end of the body; the length that was announced, or -1. */
  private long frame() {
    MultiMap headers = response.headers();
    String length = headers.get(HttpHeaders.CONTENT_LENGTH);
    if (length != null) {
      return Long.parseLong(length.strip());
    }
    if (request.version() == HttpVersion.HTTP_1_0) {
      headers.set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    } else {
      response.setChunked(true);
    }
    return -1;
  }

  /**
   * Most bodies come in one piece with their head and leave with it. When this one does not, as
   * with a stream that has no event yet, the head must not wait for it; unless the beginning is
   * held, and then not for long.
   */
  void paused() {
    if (pump == null || !pump.isHolding()) {
      sendHeadAlone();
    } else if (hold == null) {
      hold = lane.answerHold.entry(this::letGo);
      lane.answerHold.restart(hold);
    }
  }

  private void letGo() {
    if (pump != null) {
      pump.letGo();
    }
    sendHeadAlone();
  }

  private void sendHeadAlone() {
    if (!forward.isOver() && !response.headWritten() && !response.closed()) {
      if (request.version() == HttpVersion.HTTP_1_0) {
        // What has no length ends with the connection, which Vert.x lets only a body begin.
        response.write(Buffer.buffer());
      } else {
        response.writeHead();
      }
    }
  }

  /** An event stream may outlive the credential it was opened with, and this gateway. */
  void watch(@Nullable Identity identity) {
    if (!forward.isOver()) {
      if (listens()) {
        lane.opened(this);
      }
      watch = new CredentialWatch(lane, () -> endStream("credential ended"));
      watch.start(identity, request.headers());
    }
  }

  /**
   * Whether the stream is there to hear what happens, rather than for one answer among its events:
   * as that comes the answer to each call of MCP, whose client waits in vain for one that ends
   * without it.
   */
  private boolean listens() {
    return !request.method().equals(HttpMethod.POST)
        || "subscriptions/listen".equals(request.getHeader("Mcp-Method"));
  }

  @Override
  public void end() {
    endStream("gateway restarts");
  }

  /** Ends a stream in good form: its client asks anew, and is told what became of it. */
  private void endStream(String why) {
    if (!forward.isOver()) {
      exchange.trouble(why);
      forward.finish(true);
      if (response.headers().contains(HttpHeaders.CONTENT_LENGTH)) {
        breakOff(exchange);
      } else {
        response.end();
      }
    }
  }

  @Override
  public void ending() {
    boolean framed = response.isChunked() || request.version() == HttpVersion.HTTP_2;
    if (framed && !answer.trailers().isEmpty()) {
      ResponseHeaders.copy(answer.trailers(), response.trailers());
    }
  }

  @Override
  public void completed() {
    boolean delimitedByClose =
        request.version() == HttpVersion.HTTP_1_0
            && !response.headers().contains(HttpHeaders.CONTENT_LENGTH);
    forward.downloaded();
    if (delimitedByClose) {
      request.connection().close();
    }
  }

  @Override
  public void tooLarge() {
    throw new IllegalStateException("answers have no limit");
  }

  @Override
  public void sourceFailed(Throwable cause) {
    forward.truncated();
  }

  private void stalled() {
    cut("the client stopped reading");
  }

  /** How fast its client reads, if it is the client that holds it up; otherwise more than any. */
  long clientPace() {
    return pump != null && pump.waitsForSink() ? pump.pace() : Long.MAX_VALUE;
  }

  /** Ends an answer that the client does not take. */
  void cut(String why) {
    exchange.trouble(why);
    exchange.abandoned();
    forward.finish(true);
    if (request.version() == HttpVersion.HTTP_2) {
      response.reset(Http2Error.CANCEL.code());
    } else {
      Channels.cut(request.connection());
    }
  }

  /**
   * Ends an answer so that nobody takes it for whole: HTTP/1.1 misses its last chunk or announced
   * length, HTTP/2 is told of an error (RFC 9113 §8.1: without one the answer would count as
   * whole); HTTP/1.0 knows only the reset of the connection.
   */
  static void breakOff(Exchange exchange) {
    exchange.truncated();
    if (exchange.request().version() == HttpVersion.HTTP_1_0) {
      Channels.abort(exchange.request().connection());
    } else {
      exchange.response().reset(Http2Error.INTERNAL_ERROR.code());
    }
  }

  /** Moves nothing any more. */
  void stop() {
    lane.closed(this);
    if (watch != null) {
      watch.stop();
    }
    if (pump != null) {
      pump.stop();
    }
    if (hold != null) {
      lane.answerHold.stop(hold);
    }
  }
}
