package dev.kaneogateway.proxy;

import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.tracing.RequestTrace;
import dev.kaneogateway.web.ConnectionGuard;
import dev.kaneogateway.web.Deadlines;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Problems;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request carried to Kaneo and its answer carried back, both bodies streamed. Whatever breaks,
 * the client gets a whole answer or a visible break, never half an answer that looks whole. A
 * request without a body whose connection dies before the first byte of an answer is sent again if
 * it can be repeated (RFC 9110 §9.2.2). Confined to its event loop.
 */
final class Forward implements Lane.Open {
  /** How many dead connections of the pool a request may meet: a restart leaves many. */
  private static final int MOST_DEAD = 5;

  private final Lane lane;
  private final Upstreams upstreams;
  private final Exchange exchange;
  private final @Nullable Identity identity;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Deadlines.Entry firstByte;
  private final Deadlines.Entry firstFrame;
  private boolean hasBody;
  private @Nullable Buffer firstChunk;
  private int attempts;
  private int broken;
  private boolean reused;
  private long askedNanos;
  private Upstreams.@Nullable Upstream upstream;
  private Upstreams.@Nullable Upstream last;
  private RequestTrace.@Nullable Step step;
  private @Nullable HttpClientRequest upstreamRequest;
  private @Nullable BodyPump upload;
  private @Nullable BodyPump download;
  private boolean uploaded;
  private @Nullable CredentialWatch watch;
  private boolean over;

  /**
   * Carries a request.
   *
   * @param identity whose it is, if the gateway knows
   */
  Forward(Lane lane, Upstreams upstreams, Exchange exchange, @Nullable Identity identity) {
    this.identity = identity;
    this.lane = lane;
    this.upstreams = upstreams;
    this.exchange = exchange;
    this.request = exchange.request();
    this.response = exchange.response();
    this.firstByte = lane.firstByte.entry(() -> fail(UpstreamFailure.SILENT));
    this.firstFrame =
        lane.progress.entry(
            () -> giveUp(408, "request_timeout", "The body did not begin to come."));
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
    if (request.version() == HttpVersion.HTTP_2 && exchange.head().contentLength() < 0) {
      // HTTP/2 tells of a body only by its first frame.
      request.exceptionHandler(broken -> clientLeft());
      request.handler(
          chunk -> {
            if (!hasBody) {
              hasBody = true;
              firstChunk = chunk;
              ask();
            }
          });
      request.endHandler(
          end -> {
            if (!hasBody) {
              ask();
            }
          });
      lane.progress.restart(firstFrame);
      request.fetch(1);
    } else {
      hasBody = exchange.announcesBody();
      ask();
    }
  }

  private void ask() {
    lane.progress.stop(firstFrame);
    attempts++;
    askedNanos = System.nanoTime();
    Upstreams.Upstream chosen = upstreams.choose(request.headers());
    chosen.begin();
    upstream = chosen;
    last = chosen;
    step = exchange.trace().upstream();
    upstreams
        .request(chosen, request.method(), exchange.head().target())
        .onComplete(connected -> send(connected, chosen), this::notConnected);
  }

  private void notConnected(Throwable cause) {
    UpstreamFailure failure = UpstreamFailure.ofConnecting(cause);
    if (upstream != null && failure == UpstreamFailure.REFUSED) {
      upstream.refused();
    }
    boolean refused = !over && failure == UpstreamFailure.REFUSED;
    if (refused && upstream != null && upstreams.losesSession(upstream, request.headers())) {
      // What MCP's streamable HTTP says of a session that is no more: its client begins another.
      giveUp(404, "not_found", "The Kaneo that had this session is gone.");
    } else if (refused && attempts < upstreams.size()) {
      release();
      ask();
    } else if (refused && lane.mayHold(upstream)) {
      // Not a byte was sent, so any request can wait for a Kaneo that restarts.
      askLater();
    } else {
      fail(failure);
    }
  }

  /** Tries again a little later; the client may be gone by then. */
  private void askLater() {
    release();
    lane.holdBack(
        () -> {
          if (!over) {
            ask();
          }
        });
  }

  private void send(HttpClientRequest to, Upstreams.Upstream chosen) {
    // What breaks shows in the future of the answer too.
    to.exceptionHandler(broken -> {});
    chosen.reached();
    reused = upstreams.isReused(to.connection());
    if (over) {
      to.reset();
      return;
    }
    upstreamRequest = to;
    try {
      RequestHeaders.copy(exchange, to.headers(), chosen.authority());
    } catch (IllegalArgumentException e) {
      giveUp(400, "bad_request", "A field has characters that no field may have.");
      return;
    }
    to.earlyHintsHandler(this::earlyHints);
    to.response().onComplete(this::answered, this::notAnswered);
    if (!hasBody) {
      lane.firstByte.restart(firstByte);
      to.end();
      return;
    }
    if (exchange.head().contentLength() < 0) {
      to.setChunked(true);
    }
    if (request.headers().contains(HttpHeaders.EXPECT)) {
      to.continueHandler(
          go -> {
            if (!over && !response.headWritten()) {
              response.writeContinue();
            }
          });
      to.sendHead();
    }
    BodyPump pump =
        new BodyPump(
                request, to, exchange.head().contentLength(), lane.maxBodyBytes, new UploadEvents())
            .limited(lane.progress, true, this::uploadStalled);
    upload = pump;
    if (firstChunk != null) {
      pump.start(firstChunk);
      firstChunk = null;
    } else {
      pump.start();
    }
  }

  private final class UploadEvents implements BodyPump.Events {
    @Override
    public void completed() {
      uploaded = true;
      if (download == null && !over) {
        lane.firstByte.restart(firstByte);
      }
    }

    @Override
    public void tooLarge() {
      giveUp(413, "content_too_large", "The body is larger than this server takes.");
    }

    @Override
    public void sourceFailed(Throwable cause) {
      clientLeft();
    }
  }

  private void uploadStalled() {
    if (upload != null && upload.waitsForSink()) {
      fail(UpstreamFailure.SILENT);
    } else {
      giveUp(408, "request_timeout", "The body stopped coming.");
    }
  }

  private void earlyHints(MultiMap hints) {
    if (!over && !response.headWritten() && request.version() != HttpVersion.HTTP_1_0) {
      MultiMap clean = MultiMap.caseInsensitiveMultiMap();
      ResponseHeaders.copy(hints, clean);
      response.writeEarlyHints(clean);
    }
  }

  private void notAnswered(Throwable cause) {
    if (over) {
      return;
    }
    UpstreamFailure failure = UpstreamFailure.ofAnswer(cause);
    if (failure == UpstreamFailure.BROKEN && mayRepeat()) {
      if (upstream != null && !reused) {
        upstream.failed();
      }
      broken++;
      lane.firstByte.stop(firstByte);
      askLater();
    } else {
      fail(failure);
    }
  }

  /**
   * Once for whatever broke; again only where the connection was an old one, which says nothing of
   * this request: what breaks a fresh one twice may be what kills Kaneo.
   */
  private boolean mayRepeat() {
    HttpMethod method = request.method();
    return (broken == 0 || (reused && broken < MOST_DEAD))
        && !hasBody
        && (method.equals(HttpMethod.GET)
            || method.equals(HttpMethod.HEAD)
            || method.equals(HttpMethod.OPTIONS));
  }

  private void answered(HttpClientResponse answer) {
    if (over) {
      return;
    }
    lane.firstByte.stop(firstByte);
    int status = answer.statusCode();
    if (status < 200) {
      fail(UpstreamFailure.NONSENSE);
      return;
    }
    List<String> codings = answer.headers().getAll(HttpHeaders.TRANSFER_ENCODING);
    if (codings.size() > 1
        || (codings.size() == 1 && !codings.get(0).equalsIgnoreCase("chunked"))) {
      fail(UpstreamFailure.NONSENSE);
      return;
    }
    boolean events = ResponseHeaders.isEventStream(answer.headers());
    if (events && lane.ceilings.livesLong(exchange) != null) {
      fail(UpstreamFailure.BUSY);
      return;
    }
    long waited = System.nanoTime() - askedNanos;
    if (upstream != null) {
      upstreams.answered(upstream, status, answer.headers());
    }
    exchange.upstreamAnswered(status, waited);
    if (step != null) {
      step.status(status);
    }
    response.setStatusCode(status);
    MultiMap headers = response.headers();
    ResponseHeaders.copy(answer.headers(), headers);
    boolean bodiless = request.method().equals(HttpMethod.HEAD) || status == 204 || status == 304;
    if (!bodiless
        && request.version() != HttpVersion.HTTP_2
        && ResponseHeaders.hasOwnReason(answer)) {
      response.setStatusMessage(answer.statusMessage());
    }
    long announced = -1;
    if (bodiless) {
      announced = 0;
    } else {
      String length = headers.get(HttpHeaders.CONTENT_LENGTH);
      if (length != null) {
        announced = Long.parseLong(length.strip());
      } else if (request.version() == HttpVersion.HTTP_1_0) {
        headers.set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
      } else {
        response.setChunked(true);
      }
    }
    BodyPump pump =
        new BodyPump(answer, response, announced, 0, new DownloadEvents(answer))
            .limited(lane.progress, false, this::downloadStalled);
    download = pump;
    pump.start();
    if (events) {
      watchStream();
    }
    if (announced != 0) {
      // Most bodies begin in the packet of their head and leave with it. When this one does not, as
      // with a stream that has no event yet, the head must not wait for it.
      Vertx.currentContext().runOnContext(later -> sendHeadAlone());
    }
  }

  /** An event stream may outlive the credential it was opened with, and this gateway. */
  private void watchStream() {
    lane.opened(this);
    watch = new CredentialWatch(lane, () -> endStream("credential ended"));
    watch.start(identity, request.headers());
  }

  @Override
  public void end() {
    endStream("gateway restarts");
  }

  /** Ends a stream in good form: its client asks anew, and is told what became of it. */
  private void endStream(String why) {
    if (!over) {
      exchange.trouble(why);
      finish(true);
      if (response.headers().contains(HttpHeaders.CONTENT_LENGTH)) {
        breakOff();
      } else {
        response.end();
      }
    }
  }

  private void sendHeadAlone() {
    if (!over && !response.headWritten() && !response.closed()) {
      response.writeHead();
    }
  }

  private final class DownloadEvents implements BodyPump.Events {
    private final HttpClientResponse answer;

    DownloadEvents(HttpClientResponse answer) {
      this.answer = answer;
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
      finish(hasBody && !uploaded);
      if (delimitedByClose) {
        request.connection().close();
      } else if (hasBody && !uploaded) {
        Problems.discardBody(exchange);
      }
    }

    @Override
    public void tooLarge() {
      throw new IllegalStateException("answers have no limit");
    }

    @Override
    public void sourceFailed(Throwable cause) {
      exchange.trouble("Kaneo broke off its answer");
      failed("truncated");
      finish(true);
      if (response.headWritten()) {
        breakOff();
      } else {
        response.headers().clear().set("X-Request-Id", exchange.id());
        Problems.answer(
            exchange,
            UpstreamFailure.BROKEN.status(),
            UpstreamFailure.BROKEN.code(),
            "Kaneo broke off its answer.");
      }
    }
  }

  /**
   * Ends an answer so that nobody takes it for whole: HTTP/1.1 misses its last chunk or announced
   * length, HTTP/2 its end of stream; HTTP/1.0 knows only the reset of the connection.
   */
  private void breakOff() {
    exchange.truncated();
    if (request.version() == HttpVersion.HTTP_1_0) {
      ConnectionGuard.abort(request.connection());
    } else {
      response.reset();
    }
  }

  private void downloadStalled() {
    exchange.trouble("the client stopped reading");
    exchange.abandoned();
    finish(true);
    if (request.version() == HttpVersion.HTTP_2) {
      response.reset();
    } else {
      ConnectionGuard.cut(request.connection());
    }
  }

  private void clientLeft() {
    // HTTP/2 closes a stream while its last frame is being written.
    if (!over && !response.ended()) {
      exchange.abandoned();
      finish(true);
    }
  }

  private void fail(UpstreamFailure failure) {
    if (over) {
      return;
    }
    failed(failure.label());
    if (upstream != null && upstreamRequest != null) {
      // It took the request, so what went wrong is its own affair.
      upstream.failed();
    }
    if (failure == UpstreamFailure.BUSY || failure == UpstreamFailure.REFUSED) {
      finish(true);
      Problems.answerRetryLater(
          exchange, failure.status(), failure.code(), failure.message(), Duration.ofSeconds(1));
    } else {
      giveUp(failure.status(), failure.code(), failure.message());
    }
  }

  private void failed(String cause) {
    if (last != null) {
      last.meters().failed(cause);
    }
    if (step != null) {
      step.failed(cause);
    }
  }

  private void giveUp(int status, String code, String message) {
    if (over) {
      return;
    }
    finish(true);
    if (response.headWritten()) {
      exchange.trouble(message);
      breakOff();
    } else {
      Problems.answer(exchange, status, code, message);
    }
  }

  private void finish(boolean cutUpstream) {
    over = true;
    lane.closed(this);
    if (watch != null) {
      watch.stop();
    }
    lane.firstByte.stop(firstByte);
    lane.progress.stop(firstFrame);
    if (upload != null) {
      upload.stop();
    }
    if (download != null) {
      download.stop();
    }
    if (cutUpstream && upstreamRequest != null) {
      upstreamRequest.reset();
    }
    release();
  }

  private void release() {
    if (upstream != null) {
      upstream.end();
      upstream = null;
      if (step != null) {
        step.end();
      }
    }
  }
}
