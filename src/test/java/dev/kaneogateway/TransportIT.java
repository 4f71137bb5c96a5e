package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.transport.Transport;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
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
      gateway.awaitMetric("transport=\"" + Transports.choose(transport, false).name() + "\"");
      if (isAllowed(transport)) {
        assertEquals(transport, Transports.choose(transport, false).name());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "io_uring", "nio"})
  void aDatabaseBehindAUnixSocketIsReached(String transport) throws Exception {
    TestDatabase database = TestDatabase.create();
    URI tcp = URI.create(database.url());
    String directory = database.query("SELECT current_setting('unix_socket_directories')");
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway gateway =
            RunningGateway.start(
                database,
                kaneo.port(),
                "GATEWAY_TRANSPORT",
                transport,
                "DATABASE_URL",
                "postgresql://"
                    + tcp.getRawUserInfo()
                    + "@"
                    + URLEncoder.encode(directory.split(",")[0], StandardCharsets.UTF_8)
                    + ":"
                    + tcp.getPort()
                    + tcp.getPath())) {
      gateway.awaitMetric("kaneo_gateway_database_up 1.0");
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
