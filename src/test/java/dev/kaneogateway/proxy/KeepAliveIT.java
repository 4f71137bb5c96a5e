package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That the other ends of quiet connections are asked whether they are still there. */
class KeepAliveIT {
  /** All sockets there are: address and port of both ends in hexadecimal. */
  private static final List<Path> SOCKETS =
      List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));

  private static final String ESTABLISHED = "01";
  private static final String KEEP_ALIVE = "02";
  private static final int TICKS_A_SECOND = 100;

  @Test
  void clientAndKaneoAreAskedWithinAMinute() throws Exception {
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port());
        RawPeer peer = new RawPeer(gateway.port())) {
      peer.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("hello");
      assertAsked(1, gateway.port());
      assertAsked(2, kaneo.port());
    }
  }

  /**
   * @param end which of the two ends has the port
   */
  private static void assertAsked(int end, int port) throws IOException {
    String suffix = ":%04X".formatted(port);
    List<String> lines = new ArrayList<>();
    for (Path file : SOCKETS) {
      lines.addAll(Files.readAllLines(file));
    }
    List<String[]> sockets =
        lines.stream()
            .map(line -> line.strip().split("\\s+"))
            .filter(socket -> socket[end].endsWith(suffix) && socket[3].equals(ESTABLISHED))
            .toList();
    assertTrue(!sockets.isEmpty(), "no connection");
    // The gateway's own look at Kaneo's health is soon over, and does without.
    assertTrue(
        sockets.stream().anyMatch(KeepAliveIT::isAskedSoon),
        () -> sockets.stream().map(socket -> String.join(" ", socket)).toList().toString());
  }

  private static boolean isAskedSoon(String[] socket) {
    String[] timer = socket[5].split(":");
    return timer[0].equals(KEEP_ALIVE) && Integer.parseInt(timer[1], 16) <= 60 * TICKS_A_SECOND;
  }
}
