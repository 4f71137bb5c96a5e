package dev.kaneogateway;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.config.SettingsException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/**
 * A gateway that is started for itself alone, asked a few things and stopped, so that the JVM can
 * keep the classes which that takes for later starts: the build runs it with {@code
 * -XX:ArchiveClassesAtExit} (JEP 350) or {@code -XX:AOTCacheOutput} (JEP 514).
 */
final class Rehearsal {
  private static final Map<String, String> ALONE =
      Map.of(
          "GATEWAY_HOST", "127.0.0.1",
          "GATEWAY_PORT", "0",
          "GATEWAY_MANAGEMENT_PORT", "0",
          "GATEWAY_LOOKUP_TIMEOUT_MS", "1000",
          "GATEWAY_DRAIN_DELAY_MS", "0");

  private static final String COMMON = " HTTP/1.1\r\nHost: kaneo\r\nConnection: close\r\n";
  private static final List<String> REQUESTS =
      List.of(
          "GET /api/config" + COMMON + "\r\n",
          "GET /api/project" + COMMON + "Authorization: Bearer nobody\r\n\r\n",
          "GET /api/project" + COMMON + "\r\n",
          "GET /device" + COMMON + "\r\n",
          "GET /api/ws/none" + COMMON + "\r\n",
          "POST /api/auth/device/code"
              + COMMON
              + "Content-Type: application/x-www-form-urlencoded\r\n"
              + "Content-Length: 19\r\n\r\nclient_id=kaneo-cli");

  private Rehearsal() {}

  public static void main(String[] arguments) {
    int code = Main.OK;
    try {
      rehearse();
    } catch (IOException | CompletionException | SettingsException e) {
      e.printStackTrace();
      code = Main.NOT_WELL;
    }
    // What a slow machine did not close in time would keep the process, and the build with it.
    System.exit(code);
  }

  private static void rehearse() throws IOException, SettingsException {
    Main.prepareNetty();
    try (ServerSocket kaneo = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        RehearsalDatabase database = new RehearsalDatabase()) {
      Thread answering = new Thread(() -> answer(kaneo), "rehearsal");
      answering.setDaemon(true);
      answering.start();
      Map<String, String> environment = new HashMap<>(ALONE);
      environment.put("DATABASE_URL", database.url());
      environment.put("KANEO_UPSTREAM_URL", "http://127.0.0.1:" + kaneo.getLocalPort());
      Settings settings = Settings.load(environment, Optional.empty(), Optional.empty());
      Gateway gateway =
          Main.await(Gateway.start(Gateway.vertx(settings), settings, Clock.systemUTC()));
      for (String request : REQUESTS) {
        ask(gateway.port(), request);
      }
      for (String path : List.of("/", "/metrics", "/health/ready")) {
        ask(gateway.managementPort(), "GET " + path + COMMON + "\r\n");
      }
      Main.await(gateway.stop());
    }
  }

  /** The same for everybody. */
  private static void answer(ServerSocket kaneo) {
    while (!kaneo.isClosed()) {
      try (Socket socket = kaneo.accept()) {
        byte[] request = new byte[8192];
        if (socket.getInputStream().read(request) > 0) {
          socket
              .getOutputStream()
              .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(US_ASCII));
        }
      } catch (IOException gone) {
        // The next one, or the end.
      }
    }
  }

  private static void ask(int port, String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(request.getBytes(US_ASCII));
      if (socket.getInputStream().readAllBytes().length == 0) {
        throw new IOException("no answer to " + request.lines().findFirst().orElse(""));
      }
    }
  }
}
