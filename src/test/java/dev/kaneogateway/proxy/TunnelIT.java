package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** WebSockets, and what must never happen to a Kaneo that is asked for one. */
class TunnelIT {
  private static final String UPGRADE =
      " HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
          + "Authorization: Bearer "
          + DemoSeed.API_KEY
          + "\r\n\r\n";
  private static final String SWITCHED =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\n";

  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws Exception {
    kaneo = ScriptedUpstream.friendly();
    gateway = RunningGateway.start(TestDatabase.create(), kaneo.port());
    while (true) {
      try (RawPeer peer = new RawPeer(gateway.port())) {
        if (peer.send(
                "GET /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer no\r\n\r\n")
            .readAll()
            .startsWith("HTTP/1.1 401")) {
          return;
        }
      }
    }
  }

  @org.junit.jupiter.api.BeforeEach
  void startOver() {
    kaneo.startOver();
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    kaneo.close();
  }

  @Test
  void bytesPassBothWaysUntouchedUntilOneSideEnds() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          connection.write(SWITCHED + "first");
          connection.write("echo:" + new String(connection.read(4), StandardCharsets.ISO_8859_1));
          if (connection.in().read() < 0) {
            ended.countDown();
          }
          return false;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String head = peer.send("GET /api/ws/user?windowId=1" + UPGRADE).readUntil("\r\n\r\n");
      assertTrue(
          head.startsWith("HTTP/1.1 101 ") && head.contains("Sec-WebSocket-Protocol: chat"), head);
      assertEquals("first", peer.readUntil("first"));
      assertEquals("echo:ping", peer.send("ping").readUntil("ping"));
    }
    assertTrue(ended.await(5, TimeUnit.SECONDS));
    String asked = kaneo.nextHead();
    assertTrue(asked.startsWith("GET /api/ws/user?windowId=1 HTTP/1.1"), asked);
    assertTrue(asked.contains("Sec-WebSocket-Extensions: permessage-deflate"), asked);
    String lower = asked.toLowerCase(java.util.Locale.ROOT);
    assertTrue(lower.contains("\r\nupgrade: websocket\r\n"), asked);
    assertTrue(lower.contains("\r\nconnection: upgrade\r\n"), asked);
  }

  @Test
  void aSlowReaderSlowsItsWriter() throws Exception {
    AtomicLong written = new AtomicLong();
    kaneo.script(
        (head, connection) -> {
          connection.write(SWITCHED);
          while (written.get() < 1_000_000_000L) {
            connection.write("x".repeat(1 << 16));
            written.addAndGet(1 << 16);
          }
          return false;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send("GET /api/ws/user" + UPGRADE).readUntil("\r\n\r\n");
      long before;
      do {
        before = written.get();
        TimeUnit.MILLISECONDS.sleep(300);
      } while (written.get() != before);
      // What is under way fits into socket buffers; the rest has not been written.
      assertTrue(before < 100_000_000L, () -> "wrote " + written.get());
    }
  }

  @Test
  void clientsThatDoNotReadCostLittleMemory() throws Exception {
    AtomicLong written = new AtomicLong();
    kaneo.script(
        (head, connection) -> {
          if (head.startsWith("GET /api/ws/")) {
            connection.write(SWITCHED);
            while (true) {
              connection.write("x".repeat(1 << 16));
              written.addAndGet(1 << 16);
            }
          }
          connection.write(ScriptedUpstream.ok("well"));
          return true;
        });
    long before = memory();
    List<RawPeer> peers = new ArrayList<>();
    try (RawPeer other = new RawPeer(gateway.port())) {
      for (int i = 0; i < 50; i++) {
        RawPeer peer = new RawPeer(gateway.port());
        peers.add(peer);
        peer.send("GET /api/ws/user" + UPGRADE).readUntil("\r\n\r\n");
      }
      long sofar;
      do {
        sofar = written.get();
        for (int i = 0; i < 200; i++) {
          other.send("GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("well");
        }
      } while (written.get() != sofar);
      long kept = memory() - before;
      assertTrue(kept < 50 * 200_000, () -> "keeps " + kept + " bytes");
    } finally {
      for (RawPeer peer : peers) {
        peer.reset();
      }
    }
  }

  private static long memory() {
    System.gc();
    return PlatformDependent.usedDirectMemory()
        + ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** What is to be written never leaves, and who is to read it is perhaps no longer there. */
  @Test
  void anEndThatDoesNotReadIsCut() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          connection.write(head.startsWith("GET /api/ws/") ? SWITCHED : ScriptedUpstream.ok(""));
          return !over.await(20, TimeUnit.SECONDS);
        });
    try (RunningGateway hasty =
            RunningGateway.start(
                TestDatabase.create(), kaneo.port(), "GATEWAY_PROGRESS_TIMEOUT_MS", "300");
        RawPeer peer = new RawPeer(hasty.port())) {
      Await.until("readiness", hasty::isReady);
      peer.send("GET /api/ws/user" + UPGRADE).readUntil("\r\n\r\n");
      assertThrows(
          IOException.class,
          () -> {
            while (over.getCount() > 0) {
              peer.send("x".repeat(1 << 16));
            }
          });
      hasty.awaitMetric("kaneo_gateway_websockets_open 0.0");
      over.countDown();
    }
  }

  @Test
  void aRefusalIsRelayedWhole() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write(
              "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nnope");
          return true;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String answer = peer.send("GET /api/ws/p1" + UPGRADE).readUntil("nope");
      assertTrue(answer.startsWith("HTTP/1.1 403 Forbidden"), answer);
    }
    kaneo.nextHead();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Transfer-Encoding: gzip, chunked", "Content-Length: 4\r\nX-A: a\u0001b"})
  void aRefusalThatIsNoSoundAnswerIsNoneForTheClient(String fields) throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write("HTTP/1.1 403 Forbidden\r\n" + fields + "\r\n\r\n0\r\n\r\n");
          return false;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String answer = peer.send("GET /api/ws/p1" + UPGRADE).readUntil("}");
      assertTrue(answer.startsWith("HTTP/1.1 502 "), answer);
    }
    kaneo.nextHead();
  }

  /** Whoever got upgrades refused could else hold places and connections for ever. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRefusalWithoutEndIsNotReadForEver(boolean clientStays) throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          if (!head.startsWith("GET /api/ws/")) {
            connection.write(ScriptedUpstream.ok(""));
            return true;
          }
          connection.write("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n");
          try {
            while (true) {
              connection.write("4000\r\n" + "x".repeat(0x4000) + "\r\n");
            }
          } catch (IOException closed) {
            over.countDown();
          }
          return false;
        });
    try (RunningGateway hasty =
            RunningGateway.start(
                TestDatabase.create(), kaneo.port(), "GATEWAY_PROGRESS_TIMEOUT_MS", "300");
        RawPeer peer = new RawPeer(hasty.port())) {
      Await.until("readiness", hasty::isReady);
      peer.send("GET /api/ws/user" + UPGRADE).readUntil("xxxx");
      if (!clientStays) {
        peer.reset();
      }
      assertTrue(over.await(10, TimeUnit.SECONDS), "Kaneo is read on");
      hasty.awaitMetric("kaneo_gateway_streams_open 0.0");
      hasty.awaitMetric("kaneo_gateway_requests_in_flight 0.0");
    }
  }

  /** Its connection is there until Kaneo has answered, which a Kaneo that hangs may never do. */
  @Test
  void anUpgradeThatItsClientLeftKeepsItsPlaceUntilKaneoHasAnswered() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          answer.await(20, TimeUnit.SECONDS);
          connection.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
          return true;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send("GET /api/ws/user" + UPGRADE);
      kaneo.nextHead();
    }
    gateway.awaitMetric("kaneo_gateway_requests_in_flight 0.0");
    assertTrue(gateway.metrics().contains("kaneo_gateway_streams_open 1.0"));
    answer.countDown();
    gateway.awaitMetric("kaneo_gateway_streams_open 0.0");
  }

  /** Who heeded the length would take the first frames for it. */
  @Test
  void anUpgradeWithABodyIsRefused() throws Exception {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String answer =
          peer.send(
                  "GET /api/ws/user"
                      + UPGRADE.replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nhi"))
              .readUntil("\r\n\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
    }
    assertEquals(0, kaneo.unseen());
  }

  @Test
  void withoutACredentialKaneoIsNotEvenAsked() throws Exception {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String answer =
          peer.send("GET /api/ws/user" + UPGRADE.replace(DemoSeed.API_KEY, "wrong"))
              .readUntil("Unauthorized\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 401 "), answer);
    }
    assertEquals(0, kaneo.unseen());
  }

  @Test
  void elsewhereUpgradeIsNotPassedOn() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write(ScriptedUpstream.ok("plain"));
          return true;
        });
    for (String path :
        new String[] {
          "/api/health",
          "/",
          "//",
          "//x/api/ws/user",
          "/api/ws//",
          "/api/x/../ws/user",
          "/api/ws/..%2Fhealth"
        }) {
      try (RawPeer peer = new RawPeer(gateway.port())) {
        peer.send("GET " + path + UPGRADE).readUntil("plain");
      }
      String head = kaneo.nextHead().toLowerCase(java.util.Locale.ROOT);
      assertFalse(head.contains("upgrade:") || head.contains("connection: upgrade"), head);
    }
  }

  @Test
  void aClientsResetNeverResetsKaneoWhileItsAnswerIsOutstanding() throws Exception {
    BlockingQueue<String> fate = new LinkedBlockingQueue<>();
    CountDownLatch clientGone = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          clientGone.await(5, TimeUnit.SECONDS);
          connection.socketTimeout(300);
          try {
            fate.add(connection.in().read() < 0 ? "closed before the answer" : "bytes");
          } catch (java.net.SocketTimeoutException waiting) {
            fate.add("left in peace");
          } catch (IOException reset) {
            fate.add("reset before the answer");
          }
          connection.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
          return true;
        });
    RawPeer peer = new RawPeer(gateway.port());
    peer.send("GET /api/ws/user" + UPGRADE);
    kaneo.nextHead();
    peer.reset();
    clientGone.countDown();
    assertEquals("left in peace", fate.poll(10, TimeUnit.SECONDS));
  }
}
