package dev.kaneogateway.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

  /** A gauge another room registers, by the literal it does that with. */
  private static final Pattern GAUGE = Pattern.compile("metrics\\.gauge\\(\\s*\"([a-z_]+)\"");

  /** The gauges of other rooms; the two {@code _up} are registered under a name put together. */
  private static final Set<String> GAUGES_OF_OTHER_ROOMS =
      Set.of(
          "credential_cache_size",
          "credential_refused_cache_size",
          "credential_lookups_waiting",
          "limit_keys",
          "redis_up",
          "requests_counted",
          "revocation_line_up",
          "streams_open",
          "database_up",
          "kaneo_up");

  @ParameterizedTest
  @ValueSource(strings = {"alerts.yml", "dashboard.json"})
  void usesOnlyMetricsThatExist(String file) throws IOException {
    Set<String> used = new TreeSet<>();
    METRIC.matcher(read(file)).results().forEach(found -> used.add(found.group()));
    assertFalse(used.isEmpty(), "no metric found in " + file);
    used.removeAll(measured());
    assertEquals(Set.of(), used, file + " uses metrics that the gateway does not have");
  }

  @Test
  void everyMeterOfTheGatewayIsOnTheDashboard() throws IOException {
    String dashboard = read("dashboard.json");
    Set<String> unseen =
        measured().stream()
            .filter(name -> name.startsWith("kaneo_gateway_"))
            .map(name -> name.replaceFirst("_(bucket|count|sum|max)$", ""))
            .filter(name -> !dashboard.contains(name))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(Set.of(), unseen);
  }

  @Test
  void theGaugesOfOtherRoomsAreTheOnesListedHere() throws IOException {
    Set<String> registered = new TreeSet<>();
    try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
      for (Path source : sources.filter(path -> path.toString().endsWith(".java")).toList()) {
        GAUGE
            .matcher(Files.readString(source))
            .results()
            .forEach(found -> registered.add(found.group(1)));
      }
    }
    registered.addAll(Set.of("database_up", "kaneo_up"));
    assertEquals(new TreeSet<>(GAUGES_OF_OTHER_ROOMS), registered);
  }

  @Test
  void everyAlertSaysWhatToDoAndIsTested() throws IOException {
    String tests = read("alerts.test.yml");
    List<String> alerts = Arrays.asList(read("alerts.yml").split("- alert: "));
    assertTrue(alerts.size() > 1, "no alerts");
    for (String alert : alerts.subList(1, alerts.size())) {
      String name = alert.lines().findFirst().orElseThrow();
      for (String needed : List.of("severity:", "summary:", "description:", "action:")) {
        assertTrue(alert.contains(needed), name + " lacks " + needed);
      }
      assertTrue(tests.contains("alertname=\"" + name + "\""), name + " is never seen to fire");
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
        "test rules alerts.test.yml"
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

  /** The name of every series of a gateway in which everything has happened once. */
  private static Set<String> measured() {
    try (GatewayMetrics metrics = new GatewayMetrics()) {
      GAUGES_OF_OTHER_ROOMS.forEach(name -> metrics.gauge(name, "", () -> 1));
      metrics.requestStarted();
      metrics.requestEnded(Route.API, 200, 1);
      metrics.authenticated(AuthResult.SESSION, true);
      metrics.upstreamAnswered(1);
      metrics.upstreamFailed("refused");
      metrics.lookedUp(1, 1);
      metrics.lookupFailed();
      metrics.malformedRequest();
      metrics.deviceStep("look", "unknown");
      metrics.limited(Limit.DEVICE_USER_CODES);
      metrics.shed(Ceiling.REQUESTS);
      metrics.requestHeld();
      metrics.requestReleased();
      metrics.tunnelOpened();
      metrics.tunnelClosed();
      Set<String> names = new TreeSet<>();
      // The pause of a collection is measured once there was one, and that is told by another
      // thread.
      long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      do {
        System.gc();
        metrics
            .scrape("text/plain; version=0.0.4; charset=utf-8")
            .lines()
            .filter(line -> !line.startsWith("#"))
            .forEach(line -> names.add(line.split("[ {]", 2)[0]));
      } while (!names.contains("jvm_gc_pause_seconds_sum") && System.nanoTime() < patience);
      return names;
    }
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
