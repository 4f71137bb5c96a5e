package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.FreePort;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A gateway in a process of its own, and what signals do to it. */
@Timeout(60)
class SignalsIT {
  private static final Pattern PORTS =
      Pattern.compile("listens on http://127.0.0.1:(\\d+), management on http://127.0.0.1:(\\d+)");

  private final HttpClient http = HttpClient.newHttpClient();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch answer = new CountDownLatch(1);
  private ScriptedUpstream kaneo;
  private Path file;
  private Process process;
  private BufferedReader log;
  private int port;
  private int managementPort;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              if (head.startsWith("GET /slow ")) {
                asked.countDown();
                answer.await(30, TimeUnit.SECONDS);
              }
              connection.write(ScriptedUpstream.ok("hello"));
              return true;
            });
    file =
        Files.writeString(
            directory.resolve("gateway.yaml"),
            String.join(
                "\n",
                "DATABASE_URL: " + TestDatabase.create().url(),
                "KANEO_UPSTREAM_URL: http://127.0.0.1:" + kaneo.port(),
                "GATEWAY_HOST: 127.0.0.1",
                "GATEWAY_PORT: 0",
                "GATEWAY_MANAGEMENT_PORT: 0",
                "GATEWAY_DRAIN_DELAY_MS: 3000",
                "GATEWAY_RELOAD_MS: 60000",
                "GATEWAY_LOG_FORMAT: json",
                ""));
    run();
    Matcher ports = PORTS.matcher(logged("listens on"));
    assertTrue(ports.find());
    port = Integer.parseInt(ports.group(1));
    managementPort = Integer.parseInt(ports.group(2));
  }

  private void run() throws IOException {
    run(System.getProperty("java.class.path"));
  }

  private void run(String classPath) throws IOException {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                Main.class.getName(),
                "serve",
                "--config",
                file.toString())
            .redirectErrorStream(true)
            .start();
    log = process.inputReader();
  }

  @AfterEach
  void stop() throws Exception {
    answer.countDown();
    process.destroyForcibly().waitFor();
    kaneo.close();
  }

  /** Logging begins before the settings are read. */
  @Test
  void theLogIsAsTheSettingsSayFromTheStart() throws Exception {
    append("DEVICE_AUTH_CLIENT_IDS: a-new-client");
    signal("HUP");
    assertTrue(logged("taken up").startsWith("{"));
  }

  @Test
  void theFirstSignalLetsRequestsEndAndTheProcessExitsWithZero() throws Exception {
    CompletableFuture<HttpResponse<String>> underWay = slow();
    signal("TERM");
    logged("no longer ready");
    assertEquals(503, get(managementPort, "/health/ready").statusCode());
    assertEquals(200, get(port, "/during-the-delay").statusCode());
    answer.countDown();
    assertEquals("hello", underWay.get().body());
    assertEquals(0, process.waitFor());
  }

  /** Other event loops, and the files to watch, come after the first one lets clients in. */
  @Test
  void whoeverIsLetInDuringTheStartIsAnsweredBeforeASignalEndsIt() throws Exception {
    process.destroyForcibly().waitFor();
    port = FreePort.find();
    Files.writeString(
        file,
        Files.readString(file)
            .replace("GATEWAY_PORT: 0", "GATEWAY_PORT: " + port)
            .replace("GATEWAY_DRAIN_DELAY_MS: 3000", "GATEWAY_DRAIN_DELAY_MS: 0"));
    run();
    Await.until("let in", this::isOpen);
    CompletableFuture<HttpResponse<String>> underWay = slow();
    signal("TERM");
    logged("no longer ready");
    answer.countDown();
    assertEquals("hello", underWay.get().body());
    assertEquals(0, process.waitFor());
  }

  private boolean isOpen() {
    try (Socket peer = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return peer.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void theSecondSignalEndsAtOnce() throws Exception {
    slow();
    signal("TERM");
    logged("no longer ready");
    // INT is ignored where the build runs in the background of a shell, and the JVM lets it be.
    Await.until("a second that is not the first", this::terminated);
    assertEquals(143, process.waitFor());
  }

  private boolean terminated() throws Exception {
    new ProcessBuilder("kill", "-TERM", "" + process.pid()).start().waitFor();
    return !process.isAlive();
  }

  /** As GNU timeout sends them, to the process and to its group. */
  @Test
  void twoSignalsInAMomentAreOne() throws Exception {
    CompletableFuture<HttpResponse<String>> underWay = slow();
    String kill = "kill -TERM " + process.pid();
    String burst = String.join(";", Collections.nCopies(10, kill));
    assertEquals(0, new ProcessBuilder("sh", "-c", burst).start().waitFor());
    logged("no longer ready");
    assertEquals(503, get(managementPort, "/health/ready").statusCode());
    answer.countDown();
    assertEquals("hello", underWay.get().body());
    assertEquals(0, process.waitFor());
  }

  @Test
  void hangupTakesUpChangedSettings() throws Exception {
    append("DEVICE_AUTH_CLIENT_IDS: a-new-client");
    signal("HUP");
    assertTrue(logged("taken up").contains("DEVICE_AUTH_CLIENT_IDS"));
    append("TRUSTED_PROXIES: nowhere");
    signal("HUP");
    assertTrue(logged("are refused").contains("TRUSTED_PROXIES"));
    assertEquals(200, get(port, "/still-there").statusCode());
  }

  @Test
  void hangupDuringTheStartIsAnsweredAfterIt() throws Exception {
    process.destroyForcibly().waitFor();
    try (ServerSocket redis = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      append("REDIS_URL: redis://127.0.0.1:" + redis.getLocalPort());
      run();
      // The start waits for what this Redis will say.
      Socket asked = redis.accept();
      append("DEVICE_AUTH_CLIENT_IDS: a-new-client");
      signal("HUP");
      asked.close();
    }
    logged("listens on");
    assertTrue(logged("taken up").contains("DEVICE_AUTH_CLIENT_IDS"));
  }

  /** As by cp, and not by mv; then what is not loaded yet is lost. */
  @Test
  void aGatewayWhoseJarIsWrittenOverStillEnds(@TempDir Path directory) throws Exception {
    process.destroyForcibly().waitFor();
    append("GATEWAY_DRAIN_TIMEOUT_MS: 1000");
    String classPath = System.getProperty("java.class.path");
    String jar =
        Stream.of(classPath.split(File.pathSeparator))
            .filter(each -> each.matches(".*/vertx-core-[0-9.]*jar"))
            .findFirst()
            .orElseThrow();
    Path copy = Files.copy(Path.of(jar), directory.resolve("copy.jar"));
    run(classPath.replace(jar, copy.toString()));
    logged("listens on");
    Files.write(copy, new byte[(int) Files.size(copy)]);
    signal("TERM");
    assertTrue(process.waitFor(40, TimeUnit.SECONDS));
  }

  private CompletableFuture<HttpResponse<String>> slow() throws InterruptedException {
    CompletableFuture<HttpResponse<String>> underWay =
        http.sendAsync(request(port, "/slow"), HttpResponse.BodyHandlers.ofString());
    assertTrue(asked.await(20, TimeUnit.SECONDS));
    return underWay;
  }

  private void append(String line) throws IOException {
    Files.writeString(file, Files.readString(file) + line + "\n");
  }

  private void signal(String name) throws Exception {
    assertEquals(
        0, new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor(), name);
  }

  /** The next line of the log that says something. */
  private String logged(String what) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String line = log.readLine(); line != null; line = log.readLine()) {
      all.append(line).append('\n');
      if (line.contains(what)) {
        return line;
      }
    }
    throw new AssertionError("the gateway ended without saying '" + what + "':\n" + all);
  }

  private HttpResponse<String> get(int to, String path) throws Exception {
    return http.send(request(to, path), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest request(int to, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + to + path)).build();
  }
}
