package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** Clients that ask while no Kaneo is there, and a Kaneo that comes back to them. */
final class WaitingCrowd {
  private static final int CLIENTS = 40;

  /** A sixteenth of the connections there may be. */
  private static final int AT_A_TIME = 4;

  /** What {@code GATEWAY_UPSTREAM_CONNECTIONS} must be. */
  static final String CONNECTIONS = "64";

  private WaitingCrowd() {}

  /** All are answered by the Kaneo that begins at this port, which has but a few to do at once. */
  static void comesAFewAtATime(RunningGateway gateway, int port) throws Exception {
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      peers.add(new RawPeer(gateway.port()));
      peers.get(i).send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    gateway.awaitMetric("kaneo_gateway_requests_held " + CLIENTS + ".0");
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CyclicBarrier together = new CyclicBarrier(AT_A_TIME);
    try (ScriptedUpstream back =
        new ScriptedUpstream(
            (head, connection) -> {
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              await(together);
              now.decrementAndGet();
              connection.write(ScriptedUpstream.ok("back"));
              return true;
            },
            port)) {
      for (RawPeer peer : peers) {
        assertTrue(peer.readAll().endsWith("back"));
        peer.close();
      }
      // Two event loops may look at once and both ask what only one more should be asked.
      assertTrue(most.get() <= AT_A_TIME + 1, () -> most + " at a time");
      assertEquals(CLIENTS, back.unseen());
    }
  }

  private static void await(CyclicBarrier barrier) throws IOException {
    try {
      barrier.await(10, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IOException(e);
    }
  }
}
