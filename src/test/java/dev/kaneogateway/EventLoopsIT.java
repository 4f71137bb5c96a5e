package dev.kaneogateway;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.junit5.VertxExtension;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class EventLoopsIT {
  private static final int LOOPS = 3;

  /** Vert.x deals loops out in turn, and whoever takes one meanwhile takes it from the servers. */
  @RepeatedTest(10)
  void eachServesClients() throws Exception {
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.createEmpty(), kaneo.port(), "GATEWAY_EVENT_LOOPS", "" + LOOPS)) {
      Set<Context> servers = contextsOfServers(gateway.vertx());
      assertEquals(LOOPS, servers.size());
      assertEquals(
          LOOPS,
          servers.stream()
              .map(each -> ((ContextInternal) each).nettyEventLoop())
              .distinct()
              .count());
    }
  }

  @Test
  void theDeathOfOneIsTold(Vertx vertx) throws Exception {
    CountDownLatch told = new CountDownLatch(1);
    Serving.whenALoopDies(vertx, told::countDown);
    ((VertxInternal) vertx).nettyEventLoopGroup().next().shutdownGracefully(0, 0, SECONDS);
    assertTrue(told.await(10, SECONDS));
  }

  private static Set<Context> contextsOfServers(Vertx vertx) {
    return ((VertxInternal) vertx)
        .deploymentManager().deployments().stream()
            .map(each -> each.deployment())
            .filter(each -> each.instances().stream().allMatch(EdgeVerticle.class::isInstance))
            .findFirst()
            .orElseThrow()
            .contexts();
  }
}
