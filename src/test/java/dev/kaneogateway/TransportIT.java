package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.transport.Transport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ways to serve sockets; {@code -Dgateway.transport=io_uring} has every test use another. */
class TransportIT {
  @ParameterizedTest
  @ValueSource(strings = {"auto", "io_uring", "epoll", "nio"})
  void servesByWhatTheSettingsNameOrByTheNextBest(String transport) throws Exception {
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.create(), kaneo.port(), "GATEWAY_TRANSPORT", transport);
        RawPeer client = new RawPeer(gateway.port())) {
      String answer =
          client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").readAll();
      assertTrue(answer.endsWith("\r\n\r\nhello"), answer);
      gateway.awaitMetric("transport=\"" + Transports.choose(transport).name() + "\"");
      if (isAllowed(transport)) {
        assertEquals(transport, Transports.choose(transport).name());
      }
    }
  }

  @Test
  void theUsualOneIsThereOnTheMachinesWeTestOn() {
    assertTrue(Transport.EPOLL.available(), String.valueOf(Transport.EPOLL.unavailabilityCause()));
  }

  private static boolean isAllowed(String transport) {
    return switch (transport) {
      case "epoll" -> Transport.EPOLL.available();
      case "io_uring" -> Transport.IO_URING.available();
      default -> !transport.equals("auto");
    };
  }
}
