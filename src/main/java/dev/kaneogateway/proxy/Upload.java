package dev.kaneogateway.proxy;

import dev.kaneogateway.upstream.Call;
import dev.kaneogateway.upstream.UpstreamFailure;
import dev.kaneogateway.web.Bodies;
import dev.kaneogateway.web.Deadlines;
import dev.kaneogateway.web.Exchange;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request on its way to Kaneo: finds out whether there is one, then streams it, or
 * has it kept whole where it may have to be sent to several. Confined to its event loop.
 */
final class Upload implements BodyPump.Events {
  private final Lane lane;
  private final Exchange exchange;
  private final HttpServerRequest request;
  private final Forward forward;
  private Deadlines.@Nullable Entry firstFrame;
  private boolean hasBody;
  private @Nullable Buffer firstChunk;
  private @Nullable Buffer kept;
  private @Nullable BodyPump pump;
  private boolean complete;

  Upload(Lane lane, Exchange exchange, Forward forward) {
    this.lane = lane;
    this.exchange = exchange;
    this.request = exchange.request();
    this.forward = forward;
  }

  /**
   * Calls {@link Forward#ready} once it is known whether there is a body, perhaps at once.
   *
   * @param keeping whether a small one is read whole first
   */
  void prepare(boolean keeping) {
    if (request.version() == HttpVersion.HTTP_2 && exchange.head().contentLength() < 0) {
      awaitFirstFrame();
      return;
    }
    hasBody = exchange.announcesBody();
    if (keeping && Bodies.isSmall(exchange.head().contentLength())) {
      keep();
    } else {
      forward.ready();
    }
  }

  private void keep() {
    Bodies.read(exchange, lane.bodyPatience)
        .onComplete(
            (body, failure) -> {
              if (failure instanceof Bodies.TooSlow) {
                stalledAtClient();
              } else if (failure != null) {
                forward.clientLeft();
              } else {
                kept = body;
                complete = true;
                forward.ready();
              }
            });
  }

  /** HTTP/2 tells of a body only by its first frame. */
  private void awaitFirstFrame() {
    request.exceptionHandler(broken -> forward.clientLeft());
    request.handler(
        chunk -> {
          if (chunk.length() == 0) {
            // HTTP/2 may end a request by a frame of nothing, which is no body.
            request.fetch(1);
          } else if (!hasBody) {
            hasBody = true;
            firstChunk = chunk;
            begun();
          }
        });
    request.endHandler(
        end -> {
          if (!hasBody) {
            begun();
          }
        });
    Deadlines.Entry limit =
        lane.progress.entry(
            () -> forward.giveUp(408, "request_timeout", "The body did not begin to come."));
    firstFrame = limit;
    lane.progress.restart(limit);
    request.fetch(1);
  }

  private void begun() {
    stopWaiting();
    forward.ready();
  }

  /** Whether it is not kept, so that the request can be sent only once. */
  boolean isSentOnce() {
    return hasBody && kept == null;
  }

  /** Whether some of it is still to come, or to be read. */
  boolean isUnread() {
    return hasBody && !complete;
  }

  /**
   * Sends the request whose head is written but for what frames the body; {@link Forward#uploaded}
   * is called when all of it went.
   */
  void send(Call to) {
    if (!hasBody) {
      forward.uploaded();
      to.sendWhole();
      return;
    }
    long length = exchange.head().contentLength();
    to.sendHead(length < 0);
    if (forward.isOver()) {
      // The connection was dead, and the body is read by who answered that.
      return;
    }
    if (kept != null) {
      to.end(kept);
      forward.uploaded();
      return;
    }
    BodyPump body =
        new BodyPump(exchange.body(), to, length, lane.maxBodyBytes, this)
            .limited(lane.progress, () -> 0, true, this::stalled);
    pump = body;
    Buffer first = firstChunk;
    if (first != null) {
      firstChunk = null;
      body.start(first);
    } else {
      body.start();
    }
  }

  @Override
  public void completed() {
    complete = true;
    forward.uploaded();
  }

  @Override
  public void tooLarge() {
    forward.giveUp(413, "content_too_large", "The body is larger than this server takes.");
  }

  @Override
  public void sourceFailed(Throwable cause) {
    forward.clientLeft();
  }

  private void stalled() {
    if (pump != null && pump.waitsForSink()) {
      forward.kaneoStalled();
    } else if (exchange.awaitsGoAhead() && request.bytesRead() == 0) {
      forward.notAnswered(UpstreamFailure.SILENT);
    } else {
      stalledAtClient();
    }
  }

  private void stalledAtClient() {
    forward.giveUp(408, "request_timeout", "The body stopped coming.");
  }

  /** Whether it is being sent. */
  boolean isUnderWay() {
    return pump != null && !complete;
  }

  /**
   * Bytes a second at which its client sends it; more than any if it is Kaneo that is waited for.
   */
  long clientPace() {
    return pump == null || pump.waitsForSink() ? Long.MAX_VALUE : pump.pace();
  }

  /** Moves nothing any more. */
  void stop() {
    stopWaiting();
    if (pump != null) {
      pump.stop();
    }
  }

  private void stopWaiting() {
    if (firstFrame != null) {
      lane.progress.stop(firstFrame);
    }
  }
}
