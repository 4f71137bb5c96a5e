package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.config.Settings;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class MainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void helpAndVersionAreAnswered() {
    assertEquals(0, run("--help"));
    assertTrue(text(out).contains("serve") && text(out).contains("check"));
    assertEquals(0, run("--version"));
    assertTrue(text(out).contains("kaneo-gateway"));
  }

  @Test
  void helpIsGivenWhereverItIsAskedForAndNothingIsDone() {
    assertEquals(0, run("triggers", "--help"));
    assertEquals(0, run("triggers", "remove", "-h"));
    assertEquals(0, run("--help", "serve", "--config", "missing.yaml"));
    assertEquals("", text(err));
  }

  @Test
  void anUnknownArgumentIsToldWithTheUsage() {
    assertEquals(2, run("serv"));
    assertTrue(text(err).startsWith("unknown argument: serv") && text(err).contains("Usage:"));
    assertEquals(2, run());
    assertEquals(2, run("serve", "--config"));
  }

  @Test
  void badSettingsAreToldAllTogetherAndEndWithTwo(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("g.yaml"), "GATEWAY_PORT: x\nNONSENSE: 1\n");
    assertEquals(2, run("serve", "--config", file.toString()));
    assertTrue(text(err).lines().count() >= 2, text(err));
  }

  @Test
  void checkSaysWhatIsWrongAndEndsWithOne(@TempDir Path directory) throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("g.yaml"),
            "DATABASE_URL: postgresql://a:hidden-pw@127.0.0.1:1/x\nKANEO_UPSTREAM_URL: http://127.0.0.1:1\n");
    assertEquals(1, run("check", "--config", file.toString()));
    assertTrue(text(out).contains("FAIL  database: cannot be used"), text(out));
    assertTrue(text(out).contains("FAIL  kaneo: http://127.0.0.1:1 does not answer"), text(out));
    assertTrue(!text(out).contains("hidden-pw"));
  }

  /** So it looks as well where the machine has too much to do to connect in time. */
  @ParameterizedTest
  @ValueSource(strings = {"check", "triggers install", "triggers status"})
  @Timeout(value = 40, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aDatabaseThatSaysNothingIsToldAndEndsWithOne(String command, @TempDir Path directory)
      throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Path file =
          Files.writeString(
              directory.resolve("g.yaml"),
              "DATABASE_URL: postgresql://a:b@127.0.0.1:"
                  + silent.getLocalPort()
                  + "/x\nKANEO_UPSTREAM_URL: http://127.0.0.1:1\n");
      assertEquals(1, run((command + " --config " + file).split(" ")));
      assertTrue(text(out).contains("(Timeout"), text(out));
    }
  }

  @Test
  void programsAreToldOfUnreadableSettingsToo(@TempDir Path directory) {
    Path missing = directory.resolve("missing.env");
    assertEquals(2, run("check", "--json", "--env-file", missing.toString()));
    JsonObject told = new JsonObject(text(out));
    assertFalse(told.getBoolean("well"));
    assertEquals(1, told.getJsonArray("findings").size(), text(out));
    String found = told.getJsonArray("findings").getJsonObject(0).getString("found");
    assertTrue(found.startsWith(missing + " cannot be read"), found);
  }

  /** As Vert.x warns of a WebSocket that the proxy in front refuses. */
  @Test
  void whatIsLoggedDoesNotMixWithWhatProgramsRead(@TempDir Path directory) throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("g.yaml"),
            "DATABASE_URL: postgresql://a:b@127.0.0.1:1/x\nKANEO_UPSTREAM_URL: http://127.0.0.1:1\n");
    PrintStream realOut = System.out;
    PrintStream realErr = System.err;
    try {
      System.setOut(new PrintStream(out, true) {});
      System.setErr(new PrintStream(err, true) {});
      assertEquals(1, run("check", "--json", "--config", file.toString()));
      LoggerFactory.getLogger(MainTest.class).warn("a warning");
    } finally {
      System.setOut(realOut);
      System.setErr(realErr);
      LogConfiguration.take(new Settings.Logs(true, false, "info"), true); // Ends what came before.
    }
    assertFalse(new JsonObject(text(out)).getBoolean("well"));
    assertTrue(text(err).contains("a warning"), text(err));
  }

  /** What is in such a file cannot be known, so it is not said to be missing. */
  @Test
  void onlyTheFileIsBlamedThatCannotBeRead(@TempDir Path directory) {
    assertEquals(2, run("serve", "--env-file", directory.resolve("missing.env").toString()));
    assertEquals(1, text(err).lines().count(), text(err));
  }

  @ParameterizedTest
  @CsvSource({
    "auto, 203.0.113.1, is no address of this machine",
    "nio, 203.0.113.1, is no address of this machine",
    "auto, gateway.invalid, no name that resolves"
  })
  void anAddressThatCannotBeListenedOnIsToldWithItsSetting(
      String transport, String host, String told, @TempDir Path directory) throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("g.yaml"),
            "DATABASE_URL: postgresql://a:b@127.0.0.1:1/x\nGATEWAY_PORT: 0\nGATEWAY_MANAGEMENT_PORT: 0\n"
                + "GATEWAY_TRANSPORT: "
                + transport
                + "\nGATEWAY_HOST: "
                + host
                + "\n");
    assertEquals(1, run("serve", "--config", file.toString()));
    assertTrue(text(err).contains(host + " (GATEWAY_HOST)"), text(err));
    assertTrue(text(err).contains(told), text(err));
    assertTrue(!text(err).contains("in use"), text(err));
  }

  @Test
  @Timeout(60)
  void nothingHasToBeWrittenForTheGatewayToServe(@TempDir Path directory) throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("g.yaml"),
            "DATABASE_URL: postgresql://a:b@127.0.0.1:1/x\nGATEWAY_PORT: 0\nGATEWAY_MANAGEMENT_PORT: 0\n");
    Process process =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                // Nobody can make it, not even who may do all.
                "-Djava.io.tmpdir=/proc/nothing",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--config",
                file.toString())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader told = process.inputReader(StandardCharsets.UTF_8)) {
      String line = told.readLine();
      while (line != null && !line.contains(" listens on ")) {
        assertFalse(line.contains("cannot start"), line);
        line = told.readLine();
      }
      assertNotNull(line);
    } finally {
      process.destroyForcibly();
    }
  }

  private int run(String... arguments) {
    return Main.run(
        arguments,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
