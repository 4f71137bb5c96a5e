package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where the requests of an MCP session go when there are several Kaneo processes. */
class McpSessionsIT {
  private static final String SESSION = "Mcp-Session-Id: 5e55\r\n";

  /** What a Kaneo says of a session that another one has. */
  private static final String NOT_FOUND = answer("404 Not Found", "", "Session not found");

  private final AtomicInteger asked = new AtomicInteger();
  private ScriptedUpstream first;
  private ScriptedUpstream second;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws IOException {
    first = new ScriptedUpstream(saying(answer("200 OK", "", "first")));
    second = new ScriptedUpstream(saying(answer("200 OK", "", "second")));
    gateway = RunningGateway.before(first, second);
  }

  @AfterEach
  void stop() throws IOException {
    gateway.close();
    first.close();
    second.close();
  }

  @Test
  void aSessionStaysWhereItBeganAndIsGoneWithItsKaneo() throws Exception {
    first.close();
    second.script(saying(answer("200 OK", SESSION, "begun")));
    assertTrue(get("").endsWith("begun"));
    second.script(saying(answer("200 OK", "", "second")));
    first = ScriptedUpstream.friendly(first.port());
    Await.until("an answer of the first", () -> get("").endsWith("hello"));
    for (int i = 0; i < 4; i++) {
      assertTrue(get(SESSION).endsWith("second"));
      get("");
    }

    second.close();
    String gone = get(SESSION);
    while (gone.startsWith("HTTP/1.1 502 ")) {
      gone = get(SESSION);
    }
    assertTrue(gone.startsWith("HTTP/1.1 404 "), gone);
    assertTrue(get(SESSION).endsWith("hello"));
  }

  @Test
  void aSessionBegunThroughAnotherGatewayIsFound() throws Exception {
    first.script(
        (head, connection) -> {
          asked.incrementAndGet();
          connection.read(length(head));
          connection.write(NOT_FOUND);
          return true;
        });
    second.script(
        (head, connection) -> {
          byte[] body = connection.read(length(head));
          connection.write(answer("200 OK", "", new String(body, StandardCharsets.UTF_8)));
          return true;
        });
    assertTrue(post("one").endsWith("one"));
    int search = asked.get();
    assertTrue(search <= 1);
    for (int i = 0; i < 4; i++) {
      assertTrue(post("again").endsWith("again"));
      assertTrue(get(SESSION).startsWith("HTTP/1.1 200 "));
    }
    assertEquals(search, asked.get(), "it is known by now");
  }

  @Test
  void aRefusalOfTheCredentialFindsNothing() throws Exception {
    first.script(saying(answer("401 Unauthorized", "", "first")));
    second.script(saying(answer("401 Unauthorized", "", "second")));
    String refused = post("one");
    first.script(saying(refused.endsWith("first") ? NOT_FOUND : answer("200 OK", "", "found")));
    second.script(saying(refused.endsWith("second") ? NOT_FOUND : answer("200 OK", "", "found")));
    assertTrue(post("one").endsWith("found"));
  }

  @Test
  void itIsFoundWhileTheOtherKaneoIsAway() throws Exception {
    first.close();
    for (int i = 0; i < 4; i++) {
      assertTrue(post("one").endsWith("second"));
    }
  }

  @Test
  void ofASessionThatNoKaneoHasEachIsAskedOnce() throws Exception {
    ScriptedUpstream.Script missing =
        (head, connection) -> {
          asked.incrementAndGet();
          connection.read(length(head));
          connection.write(NOT_FOUND);
          return true;
        };
    first.script(missing);
    second.script(missing);
    assertTrue(post("one").endsWith("Session not found"));
    assertEquals(2, asked.get());
    assertTrue(get(SESSION).endsWith("Session not found"));
    assertEquals(4, asked.get());
  }

  @Test
  void aSessionThatMayHaveGoneWithAKaneoThatIsAwayIsGone() throws Exception {
    first.script(saying(NOT_FOUND));
    second.close();
    String gone = get(SESSION);
    assertTrue(gone.startsWith("HTTP/1.1 404 "), gone);
  }

  private static int length(String head) {
    int at = head.toLowerCase(Locale.ROOT).indexOf("content-length: ");
    return at < 0 ? 0 : Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)));
  }

  private static ScriptedUpstream.Script saying(String answer) {
    return (head, connection) -> {
      connection.read(length(head));
      connection.write(answer);
      return true;
    };
  }

  private static String answer(String status, String fields, String body) {
    return "HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s"
        .formatted(status, fields, body.length(), body);
  }

  private String get(String fields) throws IOException {
    return ask("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + fields + "\r\n");
  }

  private String post(String body) throws IOException {
    return ask(
        "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s"
            .formatted(SESSION, body.length(), body));
  }

  private String ask(String request) throws IOException {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      return peer.send(request).readAll();
    }
  }
}
