package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.metrics.GatewayMetrics;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopDelayTest {
  private static final Pattern LATE_BY_MORE_THAN_HALF_A_SECOND =
      Pattern.compile("kaneo_gateway_event_loop_delay_seconds_bucket\\{le=\"0.5\"} (\\d+)");
  private static final Pattern ALL =
      Pattern.compile("kaneo_gateway_event_loop_delay_seconds_count (\\d+)");

  private final Vertx vertx = Vertx.vertx();
  private final GatewayMetrics metrics = new GatewayMetrics();

  @AfterEach
  void close() {
    RunningGateway.await(vertx.close());
    metrics.close();
  }

  @Test
  void aLoopThatStandsStillIsSeenWhileItDoesAndItsDelayIsCountedAfterwards() throws Exception {
    Context loop = vertx.getOrCreateContext();
    LoopDelay delay =
        RunningGateway.await(
            Future.<LoopDelay>future(
                started ->
                    loop.runOnContext(go -> started.complete(LoopDelay.start(vertx, metrics)))));
    assertFalse(delay.isStalled());
    CountDownLatch released = new CountDownLatch(1);
    loop.runOnContext(
        go -> {
          try {
            released.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    Await.until("it stalls", delay::isStalled);
    released.countDown();
    Await.until("it goes on", () -> !delay.isStalled());
    String exposition = metrics.scrape("text/plain");
    assertTrue(
        number(ALL, exposition) > number(LATE_BY_MORE_THAN_HALF_A_SECOND, exposition), exposition);
  }

  private static long number(Pattern sample, String exposition) {
    var found = sample.matcher(exposition);
    assertTrue(found.find(), exposition);
    return Long.parseLong(found.group(1));
  }
}
