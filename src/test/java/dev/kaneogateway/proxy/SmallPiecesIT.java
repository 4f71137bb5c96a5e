package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bodies in pieces of a byte, of which a client can send thousands while nobody takes them. */
class SmallPiecesIT {
  private static final int PIECES = 1000;

  private final CompletableFuture<String> carried = new CompletableFuture<>();
  private final CountDownLatch reading = new CountDownLatch(1);
  private ScriptedUpstream kaneo;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws Exception {
    kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              StringBuilder body = new StringBuilder();
              reading.await(20, TimeUnit.SECONDS);
              while (body.indexOf("0\r\n\r\n") < 0) {
                body.append((char) connection.in().read());
              }
              carried.complete(body.toString());
              connection.write(ScriptedUpstream.ok("done"));
              return true;
            });
    gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port());
  }

  @AfterEach
  void stop() throws Exception {
    reading.countDown();
    gateway.close();
    kaneo.close();
  }

  private static String unchunked(String body) {
    return body.replaceAll("(?m)^[0-9a-f]+\r\n", "").replace("\r\n", "");
  }

  @Test
  void chunksThatComeAtOnceAreCarriedAsOne() throws Exception {
    reading.countDown();
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(
          "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
              + "1\r\nx\r\n".repeat(PIECES)
              + "0\r\n\r\n");
      assertEquals("HTTP/1.1 200 OK\r\n", peer.readUntil("\r\n"));
    }
    String body = carried.get(10, TimeUnit.SECONDS);
    assertEquals("x".repeat(PIECES), unchunked(body));
    assertTrue(body.length() < PIECES * 3 / 2, body.length() + " bytes");
  }
}
