package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.Http2Peer;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How connections of clients end. */
class ConnectionsIT {
  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws IOException {
    kaneo = ScriptedUpstream.friendly();
    gateway =
        RunningGateway.start(
            TestDatabase.create(),
            kaneo.port(),
            "GATEWAY_PROGRESS_TIMEOUT_MS",
            "300",
            "GATEWAY_HEAD_TIMEOUT_MS",
            "600000");
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    kaneo.close();
  }

  @Test
  void nothingThatWasMadeForOneOutlivesIt() throws Exception {
    long before = channels();
    for (int n = 0; n < 200; n++) {
      try (RawPeer peer = new RawPeer(gateway.port())) {
        peer.send("GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("\r\n\r\n");
      }
    }
    Await.until("their channels are gone", () -> channels() < before + 20);
  }

  /** With each some pieces of the memory that no collector takes back would be lost for good. */
  @Test
  void bodiesThatNobodyHasReadEndWithTheirClients() throws Exception {
    kaneo.script((head, connection) -> connection.in().read() >= 0);
    leaveBodies(100);
    long before = PlatformDependent.usedDirectMemory();
    leaveBodies(300);
    Await.until(
        "their memory is free", () -> PlatformDependent.usedDirectMemory() < before + (4 << 20));
  }

  /** Clients leave while their second request waits for the answer to the first. */
  private static void leaveBodies(int clients) throws IOException {
    for (int n = 0; n < clients; n++) {
      try (RawPeer peer = new RawPeer(gateway.port())) {
        peer.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            .send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
            .send("b".repeat(32 * 1024));
      }
    }
    gateway.awaitMetric("kaneo_gateway_connections_open 0.0");
  }

  /** Who they were nobody can say any more, and so there is no guard. */
  @Test
  void clientsThatAreGoneBeforeTheyAreLetInLeaveNothingBehind() throws Exception {
    comeAndGo(2000);
    long before = PlatformDependent.usedDirectMemory();
    comeAndGo(10_000);
    Await.until(
        "their memory is free", () -> PlatformDependent.usedDirectMemory() < before + (4 << 20));
  }

  private static void comeAndGo(int clients) throws Exception {
    String post = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    ExecutorService together = Executors.newFixedThreadPool(6);
    for (int n = 0; n < clients; n++) {
      together.submit(
          () -> {
            try (RawPeer peer = new RawPeer(gateway.port())) {
              peer.send(post + post).reset();
            }
            return null;
          });
    }
    together.shutdown();
    assertTrue(together.awaitTermination(60, TimeUnit.SECONDS));
    gateway.awaitMetric("kaneo_gateway_connections_open 0.0");
  }

  /** RFC 9112 §9.6: closed at once, the answer might be lost to what the client still sends. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost : a\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
        "POST /api/auth/sign-in/email HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx",
        "POST /api/auth/device/code HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx",
      })
  void aClientThatGoesOnSendingReadsItsRefusal(String request) throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.read(1000);
          return false;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String head = peer.send(request).readUntil("\r\n\r\n");
      assertTrue(head.startsWith("HTTP/1.1 40"), head);
      assertTrue(head.toLowerCase(Locale.ROOT).contains("connection: close"), head);
      for (int n = 0; n < 100; n++) {
        peer.send("x");
      }
      String rest = peer.readAll();
      assertFalse(rest.contains("(reset)") || rest.contains("(still open)"), rest);
    } finally {
      kaneo.startOver();
    }
  }

  /** Answered otherwise than it asked, it sends its body or not (RFC 9110 §10.1.1). */
  @ParameterizedTest
  @ValueSource(strings = {"/api/x", "/x"})
  void aClientThatDoesNotWaitToBeToldToGoOnReadsItsRefusal(String path) throws Exception {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String head =
          peer.send(
                  "POST "
                      + path
                      + " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n")
              .readUntil("\r\n\r\n");
      assertTrue(head.toLowerCase(Locale.ROOT).contains("connection: close"), head);
      for (int n = 0; n < 100; n++) {
        peer.send("x".repeat(20_000));
      }
      String rest = peer.readAll();
      assertFalse(rest.contains("(reset)") || rest.contains("(still open)"), rest);
    }
  }

  @Test
  void whoWasToldToGoOnIsListenedToAfterAnEarlyAnswer() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write("HTTP/1.1 100 Continue\r\n\r\n");
          connection.read(1);
          connection.write(ScriptedUpstream.ok("enough"));
          return false;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(
          "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9000\r\n\r\n");
      assertTrue(peer.readUntil("\r\n\r\n").startsWith("HTTP/1.1 100 "));
      assertTrue(peer.send("x".repeat(1000)).readUntil("enough").startsWith("HTTP/1.1 200"));
      kaneo.startOver();
      for (int n = 0; n < 8; n++) {
        peer.send("x".repeat(1000));
      }
      peer.send("GET /y HTTP/1.1\r\nHost: a\r\n\r\n");
      assertTrue(peer.readUntil("\r\n\r\n").startsWith("HTTP/1.1 200"));
    } finally {
      kaneo.startOver();
    }
  }

  /** RFC 9110 §10.1.1; cut off unannounced, a proxy in front would take it for a failure. */
  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 9000000", "Transfer-Encoding: chunked"})
  void whoIsAnsweredEarlyInALongBodyIsToldThatTheConnectionEnds(String framing) throws Exception {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String head =
          peer.send("POST /api/task/x HTTP/1.1\r\nHost: a\r\n" + framing + "\r\n\r\n")
              .readUntil("\r\n\r\n");
      assertTrue(head.startsWith("HTTP/1.1 401 "), head);
      assertTrue(head.toLowerCase(Locale.ROOT).contains("connection: close"), head);
      // One that sends on for a while before it reads loses nothing.
      for (int n = 0; n < 12; n++) {
        peer.send("x".repeat(1000));
        Thread.sleep(200);
      }
      String rest = peer.readAll();
      assertFalse(rest.contains("(reset)") || rest.contains("(still open)"), rest);
    }
  }

  @Test
  void whoIsAnsweredByAKaneoThatDoesNotReadMaySendOnForAWhile() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    kaneo.script(
        (head, connection) -> {
          // Until the upload stands still.
          Thread.sleep(200);
          connection.write("HTTP/1.1 413 No\r\nContent-Length: 3\r\n\r\nbig");
          return read.await(20, TimeUnit.SECONDS) && false;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      // In one piece, or making the second would count as standing still.
      peer.send(
          "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n"
              + "x".repeat(19_000_000));
      String answer = peer.readAll();
      assertTrue(answer.startsWith("HTTP/1.1 413 ") && answer.endsWith("big"), answer);
    } finally {
      read.countDown();
      kaneo.startOver();
    }
  }

  @Test
  void anAnswerThatComesIsNotCutBecauseKaneoReadsNoBody() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
          for (int n = 0; n < 10; n++) {
            connection.write("y");
            Thread.sleep(150);
          }
          return false;
        });
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String most =
          "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 40000000\r\n\r\n"
              + "x".repeat(39_000_000);
      CompletableFuture<RawPeer> upload =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return peer.send(most);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      String answer = peer.readUntil("yyyyyyyyyy");
      assertTrue(answer.endsWith("yyyyyyyyyy"), answer);
      upload.get(20, TimeUnit.SECONDS);
    } finally {
      kaneo.startOver();
    }
  }

  /** RFC 9112 §2.2: it belongs to no request, so nothing is late that has not begun. */
  @Test
  void anEmptyLineBehindARequestBeginsNoHead() throws Exception {
    try (RunningGateway hasty =
            RunningGateway.start(
                TestDatabase.createEmpty(), kaneo.port(), "GATEWAY_HEAD_TIMEOUT_MS", "300");
        RawPeer peer = new RawPeer(hasty.port())) {
      String request = "GET /line HTTP/1.1\r\nHost: a\r\n\r\n";
      peer.send(request).readUntil("hello");
      assertEquals("(still open)", peer.send("\r\n").patience(1000).readAll());
      String answer = peer.patience(10_000).send(request).readUntil("hello");
      assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
      assertEquals("", peer.send("\r\nG").readAll(), "a head that has begun");
    }
  }

  /** RFC 9112 §9.6; the connection would otherwise be reset, and the answer with it. */
  @Test
  void whoIsRefusedReadsWhyAlthoughMuchComesBehind() throws Exception {
    String more = "GET /behind HTTP/1.1\r\nHost: a\r\n\r\n";
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send("GET /a HTTP/1.1\r\nHost: a b\r\n\r\n" + more.repeat(3));
      for (int n = 0; n < 300; n++) {
        peer.send(more.repeat(1000));
      }
      assertTrue(peer.readAll().startsWith("HTTP/1.1 400"));
    }
  }

  /** RFC 9112 §9.3: it was read to its end, so the connection is like any other. */
  @Test
  void whoIsRefusedHasTheTimeOfAHeadForTheRestOfHisBodyAndMayThenBeIdle() throws Exception {
    String head =
        "POST /api/project HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer nobody\r\n"
            + "Content-Length: 9\r\n\r\n";
    try (RunningGateway hasty =
            RunningGateway.start(
                TestDatabase.create(), kaneo.port(), "GATEWAY_HEAD_TIMEOUT_MS", "300");
        RawPeer sends = new RawPeer(hasty.port());
        RawPeer rests = new RawPeer(hasty.port())) {
      assertTrue(sends.send(head).readUntil("\r\n\r\nUnauthorized").startsWith("HTTP/1.1 401"));
      assertEquals("(still open)", sends.send("refused!!").patience(1000).readAll());
      sends.patience(10_000).send("GET /line HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("hello");
      assertTrue(
          rests.send(head + "ref").readUntil("\r\n\r\nUnauthorized").startsWith("HTTP/1.1 401"));
      assertEquals("", rests.readAll(), "hung up on");
    }
  }

  @Test
  void theFirstHeadOfAConnectionMayComeInManyReads() throws Exception {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String field = "Cookie: a=" + "x".repeat(1400);
      peer.send("GET /large HTTP/1.1\r\nHost: a\r\n");
      for (int n = 0; n < 20; n++) {
        peer.send(field + "\r\n");
      }
      String answer = peer.send("\r\n").readUntil("hello");
      assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
    }
  }

  @Test
  void aHeadThatDoesNotBecomeWholeIsLateBehindARequestAndOverHttp2Too() throws Exception {
    try (RunningGateway hasty =
            RunningGateway.start(
                TestDatabase.createEmpty(), kaneo.port(), "GATEWAY_HEAD_TIMEOUT_MS", "300");
        RawPeer peer = new RawPeer(hasty.port());
        RawPeer atOnce = new RawPeer(hasty.port());
        Http2Peer other = new Http2Peer(hasty.port())) {
      peer.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: ");
      String all = peer.readAll();
      assertTrue(all.startsWith("HTTP/1.1 200") && all.endsWith("hello"), all);
      other.frame(Http2Peer.HEADERS, 0, 1, new byte[20]);
      assertTrue(other.await(Http2Peer.Frame::isEnd).isEnd());
      // The preface, empty settings and the head of a HEADERS, all in one read.
      String begun = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\24\1\4\0\0\0\1";
      String end = atOnce.send(begun).readAll();
      assertFalse(end.contains("(still open)"), end);
    }
  }

  /** RFC 9112 §9.6; two fields are one list (RFC 9110 §5.3). */
  @ParameterizedTest
  @ValueSource(strings = {"close, x", "x\r\nConnection: close", "x\r\nConnection: y, close"})
  void behindTheLastRequestNoneIsActedUpon(String options) throws Exception {
    kaneo.startOver();
    try (RawPeer peer = new RawPeer(gateway.port());
        RawPeer other = new RawPeer(gateway.port())) {
      peer.send(
          "GET /last HTTP/1.1\r\nHost: a\r\nConnection: "
              + options
              + "\r\n\r\n"
              + "GET /lost HTTP/1.1\r\nHost: a\r\n\r\n");
      String all = peer.readAll();
      assertTrue(all.endsWith("hello") && all.indexOf("HTTP/1.1", 1) < 0, all);
      assertTrue(kaneo.nextHead().startsWith("GET /last "));
      other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("hello");
      String next = kaneo.nextHead();
      assertTrue(next.startsWith("GET /other "), next);
    }
  }

  /** How many somebody holds. */
  private static long channels() throws Exception {
    String histogram =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram",
                    new Object[] {new String[0]},
                    new String[] {String[].class.getName()});
    return histogram
        .lines()
        .filter(line -> line.matches(".* io\\.netty\\.channel\\.[a-z.]*\\w+SocketChannel( .*)?"))
        .mapToLong(line -> Long.parseLong(line.trim().split("\\s+")[1]))
        .sum();
  }
}
