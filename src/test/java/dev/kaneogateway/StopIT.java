package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.ClearTextHttp2;
import dev.kaneogateway.fixtures.Detour;
import dev.kaneogateway.fixtures.Http2Peer;
import dev.kaneogateway.fixtures.OnEventLoop;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.GoAway;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What clients see of a gateway that stops. */
@ExtendWith(VertxExtension.class)
class StopIT {
  @Test
  void anAnswerOfARequestThatCameBeforeTellsToGoElsewhere() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    try (ScriptedUpstream kaneo = answeringLater(asked, answer)) {
      RunningGateway gateway = patient(kaneo);
      try (RawPeer peer = new RawPeer(gateway.port())) {
        peer.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        assertTrue(asked.await(20, TimeUnit.SECONDS));
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(gateway::close);
        Await.until("stopping", gateway::isStopping);
        answer.countDown();
        String whole = peer.readAll();
        assertTrue(whole.toLowerCase(Locale.ROOT).contains("\r\nconnection: close\r\n"), whole);
        assertTrue(whole.endsWith("in full"), whole);
        stopped.get(20, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void whoWasLetInLastIsAnswered() throws Exception {
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly()) {
      RunningGateway gateway = patient(kaneo);
      int port = gateway.port();
      try (RawPeer peer = new RawPeer(port)) {
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(gateway::close);
        Await.until("nobody is let in", () -> isRefused(port));
        String answer = peer.send("GET /last HTTP/1.1\r\nHost: a\r\n\r\n").readAll();
        assertTrue(answer.endsWith("hello"), answer);
        stopped.get(20, TimeUnit.SECONDS);
      }
    }
  }

  /** Kaneo answers each call of MCP by a stream of events that ends with the answer. */
  @Test
  void aCallOfMcpIsAnsweredAndOneThatListensEnds() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    try (ScriptedUpstream kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              connection.write(
                  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                      + "c\r\ndata: begun\n\r\n");
              answer.await(20, TimeUnit.SECONDS);
              connection.write("b\r\ndata: done\n\r\n0\r\n\r\n");
              return true;
            })) {
      RunningGateway gateway =
          RunningGateway.start(
              TestDatabase.createEmpty(),
              kaneo.port(),
              "GATEWAY_DRAIN_TIMEOUT_MS",
              "20000",
              "GATEWAY_DRAIN_SPREAD_MS",
              "1");
      try (RawPeer calling = new RawPeer(gateway.port());
          RawPeer listening = new RawPeer(gateway.port())) {
        calling.send(mcp("tools/call")).readUntil("begun\n");
        listening.send(mcp("subscriptions/listen")).readUntil("begun\n");
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(gateway::close);
        assertEquals("\r\n0\r\n\r\n", listening.readAll());
        answer.countDown();
        String rest = calling.readAll();
        assertTrue(rest.contains("done") && rest.endsWith("0\r\n\r\n"), rest);
        stopped.get(20, TimeUnit.SECONDS);
      }
    }
  }

  private static String mcp(String method) {
    return "POST /api/mcp HTTP/1.1\r\nHost: a\r\nMcp-Method: "
        + method
        + "\r\nContent-Length: 2\r\n\r\n{}";
  }

  private static boolean isRefused(int port) {
    try {
      new RawPeer(port).close();
      return false;
    } catch (IOException refused) {
      return true;
    }
  }

  @Test
  void aPipelinedRequestThatHasBegunIsAnswered() throws Exception {
    CountDownLatch stopping = new CountDownLatch(1);
    try (ScriptedUpstream kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              if (head.startsWith("GET /first ")) {
                connection.write(
                    "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" + "x".repeat(39_995));
                stopping.await(20, TimeUnit.SECONDS);
                connection.write("first");
              } else {
                connection.write(ScriptedUpstream.ok("second"));
              }
              return true;
            })) {
      RunningGateway gateway = patient(kaneo);
      try (RawPeer peer = new RawPeer(gateway.port())) {
        peer.send(
            "GET /first HTTP/1.1\r\nHost: a\r\n\r\nPOST /second HTTP/1.1\r\nHost: a\r\n"
                + "Content-Length: 0\r\n\r\n");
        peer.readUntil("xxx");
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(gateway::close);
        Await.until("stopping", gateway::isStopping);
        stopping.countDown();
        peer.readUntil("first");
        String second = peer.readAll();
        assertTrue(second.toLowerCase(Locale.ROOT).contains("\r\nconnection: close\r\n"), second);
        assertTrue(second.endsWith("second"), second);
        stopped.get(20, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void aRefusedClientThatGoesOnSendingReadsWhyAlsoWhenTheGatewayStops() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    try (ScriptedUpstream kaneo = answeringLater(asked, answer)) {
      RunningGateway gateway = patient(kaneo);
      try (RawPeer peer = new RawPeer(gateway.port())) {
        peer.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx");
        assertTrue(asked.await(20, TimeUnit.SECONDS));
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(gateway::close);
        Await.until("stopping", gateway::isStopping);
        answer.countDown();
        peer.readUntil("in full");
        for (int n = 0; n < 90; n++) {
          peer.send("x".repeat(1000));
        }
        assertEquals("", peer.readAll());
        stopped.get(20, TimeUnit.SECONDS);
      }
    }
  }

  /** Such as a browser opens beforehand. */
  @ParameterizedTest
  @ValueSource(strings = {"", "P", "GET /x HTTP/1.1\r\nHos", "\r\n"})
  void aConnectionWithoutARequestHoldsNobody(String begun) throws Exception {
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly()) {
      RunningGateway gateway = patient(kaneo);
      try (RawPeer peer = new RawPeer(gateway.port());
          RawPeer other = new RawPeer(gateway.port())) {
        peer.send(begun);
        other.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("hello");
        long began = System.nanoTime();
        gateway.close();
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
        assertTrue(millis < 10_000, "stopped after " + millis + " ms");
        assertEquals("", peer.readAll());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GET /first HTTP/1.1\r\nHost: a\r\n\r\n"})
  void aHeadUnderWayMayBecomeWholeAndIsAnswered(String before) throws Exception {
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly()) {
      RunningGateway gateway = patient(kaneo);
      try (RawPeer peer = new RawPeer(gateway.port());
          RawPeer other = new RawPeer(gateway.port())) {
        if (!before.isEmpty()) {
          peer.send(before).readUntil("hello");
        }
        peer.send("GET /x HTTP/1.1\r\nHos");
        other.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("hello");
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(gateway::close);
        assertEquals("", other.readAll());
        String answer = peer.send("t: a\r\n\r\n").readAll();
        assertTrue(answer.toLowerCase(Locale.ROOT).contains("\r\nconnection: close\r\n"), answer);
        assertTrue(answer.endsWith("hello"), answer);
        stopped.get(20, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  @Tag("long")
  void aDatabaseThatAnswersNothingKeepsNobody() throws Exception {
    TestDatabase database = TestDatabase.create();
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        Detour detour = new Detour(database.url())) {
      RunningGateway gateway =
          RunningGateway.start(database, kaneo.port(), "DATABASE_URL", detour.url());
      Await.until("the database is known", () -> status(gateway) == 200);
      detour.block();
      gateway.close();
    }
  }

  /** A gateway that waits long for what is under way. */
  private static RunningGateway patient(ScriptedUpstream kaneo) throws Exception {
    return RunningGateway.start(
        TestDatabase.createEmpty(), kaneo.port(), "GATEWAY_DRAIN_TIMEOUT_MS", "20000");
  }

  private static ScriptedUpstream answeringLater(CountDownLatch asked, CountDownLatch answer)
      throws IOException {
    return new ScriptedUpstream(
        (head, connection) -> {
          asked.countDown();
          answer.await(20, TimeUnit.SECONDS);
          connection.write(ScriptedUpstream.ok("in full"));
          return true;
        });
  }

  private static int status(RunningGateway gateway) {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      String answer =
          peer.send(
                  "GET /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer "
                      + DemoSeed.SESSION_TOKEN
                      + "\r\n\r\n")
              .readAll();
      return Integer.parseInt(answer.split(" ", 3)[1]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its window updates would be unread when the connection closes, which resets it. */
  @Test
  void aLongAnswerOverHttp2ComesWhole(Vertx vertx) throws Exception {
    int length = 4 << 20;
    try (ScriptedUpstream kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              connection.write(ScriptedUpstream.ok("x".repeat(length)));
              return true;
            })) {
      RunningGateway gateway = patient(kaneo);
      HttpClient client = ClearTextHttp2.client(vertx);
      Promise<HttpClientResponse> begun = Promise.promise();
      Future<Buffer> body =
          OnEventLoop.run(
              vertx,
              () ->
                  client
                      .request(HttpMethod.GET, gateway.port(), "127.0.0.1", "/long")
                      .compose(HttpClientRequest::send)
                      .compose(
                          answer -> {
                            answer.pause();
                            begun.complete(answer);
                            return answer.body();
                          }));
      HttpClientResponse answer = RunningGateway.await(begun.future());
      CompletableFuture<Void> stopped = CompletableFuture.runAsync(gateway::close);
      Await.until("stopping", gateway::isStopping);
      answer.resume();
      assertEquals(length, RunningGateway.await(body).length());
      stopped.get(20, TimeUnit.SECONDS);
      client.close();
    }
  }

  /** A client that has not heard yet that it is to go must not lose what it waits for. */
  @Test
  void aRequestThatCrossesTheFarewellIsAnsweredAsThoseBeforeIt() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    try (ScriptedUpstream kaneo = answeringLater(asked, answer)) {
      RunningGateway gateway = patient(kaneo);
      try (Http2Peer peer = new Http2Peer(gateway.port())) {
        peer.get(1, "/slow");
        assertTrue(asked.await(20, TimeUnit.SECONDS));
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(gateway::close);
        Http2Peer.Frame farewell = peer.await(frame -> frame.type() == Http2Peer.GOAWAY);
        peer.frame(
                Http2Peer.HEADERS, Http2Peer.END_HEADERS, 3, Http2Peer.request("POST", "/crossing"))
            .frame(Http2Peer.DATA, Http2Peer.END_STREAM, 3, 'x');
        // Which it answers in turn, so it has read those before.
        peer.frame(Http2Peer.PING, 0, 0, new byte[8])
            .await(frame -> frame.type() == Http2Peer.PING && frame.flags() == Http2Peer.ACK);
        answer.countDown();
        Http2Peer.Frame first = peer.await(StopIT::isEndOfAnswer);
        Http2Peer.Frame second = peer.await(StopIT::isEndOfAnswer);
        assertEquals(Set.of(1, 3), new HashSet<>(List.of(first.stream(), second.stream())));
        assertEquals(Integer.MAX_VALUE, ByteBuffer.wrap(farewell.payload()).getInt());
        stopped.get(20, TimeUnit.SECONDS);
      }
    }
  }

  private static boolean isEndOfAnswer(Http2Peer.Frame frame) {
    return frame.type() == Http2Peer.DATA && (frame.flags() & Http2Peer.END_STREAM) != 0;
  }

  @Test
  void http2ClientsAreToldToGoAwayAndGetTheAnswersTheyWaitFor(Vertx vertx) throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    try (ScriptedUpstream kaneo = answeringLater(asked, answer)) {
      RunningGateway gateway = patient(kaneo);
      HttpClient client = ClearTextHttp2.client(vertx);
      HttpClientRequest request =
          RunningGateway.await(
              client.request(HttpMethod.GET, gateway.port(), "127.0.0.1", "/slow"));
      Promise<GoAway> goAway = Promise.promise();
      request.connection().goAwayHandler(goAway::tryComplete);
      Future<Buffer> body = request.send().compose(HttpClientResponse::body);
      assertTrue(asked.await(20, TimeUnit.SECONDS));
      CompletableFuture<Void> stopped = CompletableFuture.runAsync(gateway::close);
      assertEquals(0, RunningGateway.await(goAway.future()).getErrorCode());
      answer.countDown();
      assertEquals("in full", RunningGateway.await(body).toString());
      stopped.get(20, TimeUnit.SECONDS);
      client.close();
    }
  }

  /** That the ways to it are closed by then is no fault of the database's. */
  @Test
  @Tag("long")
  void nobodyComplainsOfADatabaseThatIsAskedNoLonger() throws Exception {
    Logger log = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    ListAppender<ILoggingEvent> told = new ListAppender<>();
    TestDatabase database = TestDatabase.create();
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        Detour detour = new Detour(database.url())) {
      detour.block();
      RunningGateway gateway =
          RunningGateway.start(
              database,
              kaneo.port(),
              "DATABASE_URL",
              detour.url(),
              "GATEWAY_LOOKUP_TIMEOUT_MS",
              "100");
      told.start();
      log.addAppender(told);
      gateway.close();
    } finally {
      log.detachAppender(told);
    }
    assertEquals(
        List.of(),
        told.list.stream()
            .filter(event -> event.getLevel().isGreaterOrEqual(Level.ERROR))
            .map(ILoggingEvent::getFormattedMessage)
            .toList());
  }
}
