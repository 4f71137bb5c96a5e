package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;

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
