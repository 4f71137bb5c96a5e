package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.kaneogateway.fixtures.FreePort;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus, as Debian has it, reads what the gateway exposes. */
class PrometheusIT {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @Test
  void takesTheExpositionWithItsExemplars(@TempDir Path directory) throws Exception {
    needPrometheus();
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port())) {
      String trace = "4bf92f3577b34da6a3ce929d0e0e4736";
      awaitExemplar(gateway, trace);
      int port = FreePort.find();
      Process prometheus = start(directory, port, gateway.managementPort());
      try {
        JsonObject target = awaitScrape(prometheus, port);
        assertEquals("up", target.getString("health"), target.getString("lastError"));
      } finally {
        prometheus.destroyForcibly().onExit().join();
      }
    }
  }

  /** Requests with a trace until one of them stands in the exposition. */
  private static void awaitExemplar(RunningGateway gateway, String trace) throws Exception {
    long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    String exposition;
    do {
      assertTrue(System.nanoTime() < patience, "no exemplar");
      get(gateway.port(), "/api/config", "traceparent", "00-" + trace + "-00f067aa0ba902b7-01");
      exposition =
          get(gateway.managementPort(), "/metrics", "Accept", "application/openmetrics-text");
    } while (!exposition.contains("trace_id=\"" + trace));
  }

  private static Process start(Path directory, int port, int target) throws Exception {
    Path configuration = directory.resolve("prometheus.yml");
    Files.writeString(
        configuration,
        """
        scrape_configs:
          - job_name: kaneo-gateway
            scrape_interval: 1s
            static_configs:
              - targets: ["127.0.0.1:%d"]
        """
            .formatted(target));
    return new ProcessBuilder(
            "prometheus",
            "--config.file=" + configuration,
            "--storage.tsdb.path=" + directory.resolve("data"),
            "--web.listen-address=127.0.0.1:" + port)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** The target, once Prometheus has asked it. */
  private static JsonObject awaitScrape(Process prometheus, int port) throws Exception {
    long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (prometheus.isAlive() && System.nanoTime() < patience) {
      try {
        String answer = get(port, "/api/v1/targets", "Accept", "*/*");
        if (answer.startsWith("{")) {
          JsonObject target =
              new JsonObject(answer)
                  .getJsonObject("data")
                  .getJsonArray("activeTargets")
                  .getJsonObject(0);
          if (!target.getString("health").equals("unknown")) {
            return target;
          }
        }
      } catch (ConnectException | IndexOutOfBoundsException notYet) {
        Thread.onSpinWait();
      }
    }
    return fail("Prometheus asks nobody");
  }

  private static void needPrometheus() {
    boolean installed =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "prometheus")));
    if (!installed) {
      String reason = "prometheus is not on the PATH (Debian: apt install prometheus)";
      if ("true".equals(System.getenv("CI"))) {
        fail(reason);
      }
      abort(reason);
    }
  }

  private static String get(int port, String path, String field, String value) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header(field, value)
            .build();
    return CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }
}
