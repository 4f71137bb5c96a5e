package dev.kaneogateway.proxy;

import dev.kaneogateway.upstream.Call;
import dev.kaneogateway.web.Channels;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Taken;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import org.jspecify.annotations.Nullable;

/**
 * The answer of a Kaneo that does not upgrade: passed on as it comes, and read to its end when
 * nobody waits for it any more, since a reset would end Kaneo's process. Confined to its event
 * loop.
 */
final class RefusedUpgrade implements BodyPump.Events {
  private final Lane lane;
  private final Exchange exchange;
  private final Call answer;
  private final Runnable whenOver;
  private @Nullable BodyPump pump;
  private boolean over;

  /**
   * @param whenOver what to do once Kaneo has said all of it, or broken off
   */
  RefusedUpgrade(Lane lane, Exchange exchange, Call answer, Runnable whenOver) {
    this.lane = lane;
    this.exchange = exchange;
    this.answer = answer;
    this.whenOver = whenOver;
  }

  /** Passes it on; false if its head is none that can be, and then nothing was sent. */
  boolean relay() {
    HttpServerResponse response = exchange.response();
    if (!ResponseHeaders.isFramed(answer.headers())
        || !ResponseHeaders.copy(answer.headers(), response.headers())) {
      return false;
    }
    response.setStatusCode(answer.statusCode());
    String length = answer.headers().get(HttpHeaders.CONTENT_LENGTH);
    if (length == null) {
      response.setChunked(true);
    }
    pump =
        new BodyPump(answer, response, length == null ? -1 : Long.parseLong(length), 0, this)
            .limited(lane.progress, () -> Taken.of(exchange.request()), false, this::stalled);
    pump.start();
    return true;
  }

  private void stalled() {
    exchange.trouble("the client stopped reading");
    Channels.cut(exchange.request().connection());
  }

  /** Reads what nobody waits for any more; what does not end in time is no answer of Kaneo's. */
  void readOut() {
    if (over) {
      return;
    }
    if (pump != null) {
      pump.stop();
    }
    answer.handler(dropped -> {});
    answer.endHandler(end -> whenOver.run());
    answer.exceptionHandler(broken -> whenOver.run());
    answer.resume();
    lane.progress.restart(
        lane.progress.entry(
            () -> {
              answer.reset();
              whenOver.run();
            }));
  }

  @Override
  public void completed() {
    // The end of the answer ends the exchange.
    over = true;
    whenOver.run();
  }

  @Override
  public void tooLarge() {
    throw new IllegalStateException("answers have no limit");
  }

  @Override
  public void sourceFailed(Throwable cause) {
    over = true;
    whenOver.run();
    Download.breakOff(exchange);
  }
}
