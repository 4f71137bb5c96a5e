package dev.kaneogateway.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The alerts and the dashboard ask only for what the gateway measures, and fire when they should.
 */
class MonitoringTest {
  private static final Path MONITORING = Path.of("monitoring");

  private static final Pattern METRIC =
      Pattern.compile("\\b(?:kaneo_gateway|jvm|process|system)_[a-z0-9_]+");

  private static String exposition;
  private static Set<String> measured;

  @BeforeAll
  static void aRunningGatewayTellsWhatItMeasures() throws Exception {
    try (ScriptedUpstream upstream = ScriptedUpstream.friendly();
        RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.create(),
                upstream.port(),
                // Away, which is measured too.
                "REDIS_URL",
                "redis://127.0.0.1:1")) {
      // Requests are the one thing counted only once it happens: their labels are too many.
      get(gateway.port(), "/api/config");
      exposition = exposition(gateway.managementPort());
      measured =
          exposition
              .lines()
              .filter(line -> !line.startsWith("#"))
              .map(line -> line.split("[ {]", 2)[0])
              .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"alerts.yml", "dashboard.json"})
  void usesOnlyMetricsThatExist(String file) throws IOException {
    Set<String> used = new TreeSet<>();
    METRIC.matcher(read(file)).results().forEach(found -> used.add(found.group()));
    assertFalse(used.isEmpty(), "no metric found in " + file);
    used.removeAll(measured);
    assertEquals(Set.of(), used, file + " uses metrics that the gateway does not have");
  }

  @Test
  void everyMeterOfTheGatewayIsOnTheDashboard() throws IOException {
    String dashboard = read("dashboard.json");
    Set<String> unseen =
        meters().stream()
            .filter(name -> !dashboard.contains(name))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(Set.of(), unseen);
  }

  @Test
  void theReadmesTableIsMadeFromTheMeters() throws IOException {
    Map<String, String> meanings = new TreeMap<>();
    Map<String, String> types = new TreeMap<>();
    Map<String, Set<String>> labels = new TreeMap<>();
    for (String line : exposition.lines().toList()) {
      String[] words = line.split(" ", 4);
      if (line.startsWith("# HELP kaneo_gateway_")) {
        meanings.put(words[2], words[3]);
      } else if (line.startsWith("# TYPE kaneo_gateway_")) {
        types.put(words[2], words[3]);
      } else if (line.startsWith("kaneo_gateway_")) {
        String meter = line.split("[ {]", 2)[0];
        String family = meanings.containsKey(meter) ? meter : meter.replaceFirst("_[a-z]+$", "");
        Set<String> known = labels.computeIfAbsent(family, first -> new LinkedHashSet<>());
        Pattern.compile("([a-z]+)=\"")
            .matcher(line)
            .results()
            .map(found -> found.group(1))
            .filter(label -> !label.equals("le"))
            .forEach(label -> known.add("`" + label + "`"));
      }
    }
    StringBuilder table = new StringBuilder();
    types.forEach(
        (name, type) -> {
          // The largest of late is of no use to Prometheus, which has the histogram.
          if (!name.endsWith("_max")) {
            table.append("| `" + name + "` | " + type + " | ");
            table.append(String.join(", ", labels.get(name)) + " | " + meanings.get(name) + " |\n");
          }
        });
    String readme = Files.readString(Path.of("README.md"));
    assertTrue(
        readme.contains("| --- | --- | --- | --- |\n" + table + "\n"),
        () -> "the README's table should be:\n" + table);
  }

  @Test
  void everyAlertSaysWhatToDoAndIsTested() throws IOException {
    String tests = read("alerts.test.yml");
    String durations = read("durations.test.yml");
    List<String> alerts = Arrays.asList(read("alerts.yml").split("- alert: "));
    assertTrue(alerts.size() > 1, "no alerts");
    for (String alert : alerts.subList(1, alerts.size())) {
      String name = alert.lines().findFirst().orElseThrow();
      for (String needed : List.of("severity:", "summary:", "description:", "action:")) {
        assertTrue(alert.contains(needed), name + " lacks " + needed);
      }
      String fires = "alertname=\"" + name + "\"";
      assertTrue(tests.contains(fires), name + " is never seen to fire");
      assertTrue(
          !alert.contains("for: ") || durations.contains(fires), name + " may last as it likes");
    }
  }

  /** Of a counter that begins with its first event {@code increase()} does not see that event. */
  @Test
  void whatAlertsAddUpIsExposedBeforeItHappens() {
    List<String> counters = new ArrayList<>(List.of("log_lines_dropped_total"));
    for (String step : List.of("look", "approve", "deny")) {
      counters.add("device_steps_total{outcome=\"unknown\",step=\"" + step + "\"}");
    }
    for (Limit limit : Limit.values()) {
      counters.add("limited_requests_total{limit=\"" + limit.label() + "\"}");
    }
    for (Ceiling ceiling : Ceiling.values()) {
      counters.add("shed_requests_total{ceiling=\"" + ceiling.label() + "\"}");
    }
    for (String share : List.of("heads", "pieces", "halves")) {
      counters.add("memory_share_refused_total{share=\"" + share + "\"}");
    }
    for (String counter : counters) {
      assertTrue(exposition.contains("\nkaneo_gateway_" + counter + " 0.0\n"), counter);
    }
  }

  @Test
  void theFirstRowOfTheDashboardAnswersWhetherAllIsWell() throws IOException {
    JsonObject dashboard = new JsonObject(read("dashboard.json"));
    JsonArray panels = dashboard.getJsonArray("panels");
    Set<Integer> ids = new TreeSet<>();
    List<String> firstRow = new ArrayList<>();
    int rows = 0;
    for (int i = 0; i < panels.size(); i++) {
      JsonObject panel = panels.getJsonObject(i);
      assertTrue(ids.add(panel.getInteger("id")), "two panels share an id");
      if (panel.getString("type").equals("row")) {
        rows++;
      } else if (rows == 1) {
        firstRow.add(panel.getString("type"));
      }
    }
    assertEquals(List.of("stat", "stat", "stat", "stat"), firstRow);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "check rules alerts.yml",
        "check config prometheus.yml",
        "test rules alerts.test.yml",
        "test rules durations.test.yml"
      })
  void promtoolAgrees(String command) throws IOException, InterruptedException {
    if (!isOnPath("promtool")) {
      String reason = "promtool is not on the PATH (Debian: apt install prometheus)";
      if ("true".equals(System.getenv("CI"))) {
        fail(reason);
      }
      abort(reason);
    }
    List<String> line = new ArrayList<>(List.of("promtool"));
    line.addAll(List.of(command.split(" ")));
    Path output = Files.createTempFile("promtool", ".txt");
    try {
      Process promtool =
          new ProcessBuilder(line)
              .directory(MONITORING.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!promtool.waitFor(60, TimeUnit.SECONDS)) {
        promtool.destroyForcibly();
        fail("promtool " + command + " does not end");
      }
      assertEquals(0, promtool.exitValue(), () -> "promtool " + command + ":\n" + text(output));
    } finally {
      Files.delete(output);
    }
  }

  /** The gateway's own meters, a histogram or summary as one. */
  private static Set<String> meters() {
    return measured.stream()
        .filter(name -> name.startsWith("kaneo_gateway_"))
        .map(name -> name.replaceFirst("_(bucket|count|sum|max)$", ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String exposition(int managementPort) throws Exception {
    // The pause of a collection is measured once there was one, and that is told by another
    // thread.
    long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    String text;
    do {
      System.gc();
      text = get(managementPort, "/metrics");
    } while (!(text.contains("jvm_gc_pause_seconds_sum")
            && text.contains("kaneo_gateway_http_requests_total"))
        && System.nanoTime() < patience);
    return text;
  }

  private static String get(int port, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port + path);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private static boolean isOnPath(String program) {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static String read(String file) throws IOException {
    return Files.readString(MONITORING.resolve(file));
  }

  private static String text(Path output) {
    try {
      return new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
