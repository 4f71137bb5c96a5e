package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which of several Kaneo processes a request goes to. */
class SeveralKaneosIT {
  private ScriptedUpstream first;
  private ScriptedUpstream second;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws IOException {
    first = new ScriptedUpstream(saying("HTTP/1.1 200 OK", "", "first"));
    second = new ScriptedUpstream(saying("HTTP/1.1 200 OK", "", "second"));
    gateway =
        RunningGateway.start(
            TestDatabase.createEmpty(),
            first.port(),
            "KANEO_UPSTREAM_URL",
            "http://127.0.0.1:" + first.port() + ",http://127.0.0.1:" + second.port());
  }

  @AfterEach
  void stop() throws IOException {
    gateway.close();
    first.close();
    second.close();
  }

  @Test
  void theLeastBusyOverAllEventLoopsIsChosen() throws Exception {
    ScriptedUpstream.Script silent = (head, connection) -> connection.in().read() >= 0;
    first.script(silent);
    second.script(silent);
    List<RawPeer> waiting = new ArrayList<>();
    try {
      // Connections go to the event loops in turn, so each loop alone would count wrong.
      for (int i = 0; i < 8; i++) {
        waiting.add(new RawPeer(gateway.port()).send("GET /" + i + " HTTP/1.1\r\nHost: a\r\n\r\n"));
        ScriptedUpstream expected = i % 2 == 0 ? first : second;
        assertTrue(expected.nextHead().startsWith("GET /" + i + " "));
      }
    } finally {
      for (RawPeer peer : waiting) {
        peer.close();
      }
    }
  }

  @Test
  void aSickOneIsPassedOverAndTriedAgain() throws Exception {
    first.script(saying("HTTP/1.1 503 Service Unavailable", "", "sick"));
    // While the end of the request before is being noted, the other one may be less busy.
    for (int sick = 0; sick < 5; ) {
      if (get("").startsWith("HTTP/1.1 503 ")) {
        sick++;
      }
    }
    assertTrue(get("").endsWith("second"));
    first.script(saying("HTTP/1.1 200 OK", "", "first again"));
    long deadline = System.nanoTime() + Duration.ofSeconds(15).toNanos();
    // Were it still passed over, single requests in seconds would try it.
    for (int wholesome = 0; wholesome < 20; ) {
      String answer = get("");
      assertTrue(System.nanoTime() < deadline, answer);
      if (answer.endsWith("first again")) {
        wholesome++;
      } else {
        assertTrue(answer.endsWith("second"), answer);
      }
    }
  }

  @Test
  void anMcpSessionStaysWhereItBeganAndIsGoneWithItsKaneo() throws Exception {
    first.close();
    second.script(saying("HTTP/1.1 200 OK", "Mcp-Session-Id: 5e55\r\n", "begun"));
    assertTrue(get("").endsWith("begun"));
    second.script(saying("HTTP/1.1 200 OK", "", "second"));
    first = ScriptedUpstream.friendly(first.port());
    while (!get("").endsWith("hello")) {
      Thread.onSpinWait();
    }
    for (int i = 0; i < 4; i++) {
      assertTrue(get("Mcp-Session-Id: 5e55\r\n").endsWith("second"));
      get("");
    }

    second.close();
    String gone = get("Mcp-Session-Id: 5e55\r\n");
    while (gone.startsWith("HTTP/1.1 502 ")) {
      gone = get("Mcp-Session-Id: 5e55\r\n");
    }
    assertTrue(gone.startsWith("HTTP/1.1 404 "), gone);
    assertTrue(get("Mcp-Session-Id: 5e55\r\n").endsWith("hello"));
  }

  private static ScriptedUpstream.Script saying(String status, String fields, String body) {
    return (head, connection) -> {
      connection.write(answer(status, fields, body));
      return true;
    };
  }

  private static String answer(String status, String fields, String body) {
    return status + "\r\n" + fields + "Content-Length: " + body.length() + "\r\n\r\n" + body;
  }

  private String get(String fields) throws IOException {
    try (RawPeer peer = new RawPeer(gateway.port())) {
      return peer.send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + fields + "\r\n")
          .readAll();
    }
  }
}
