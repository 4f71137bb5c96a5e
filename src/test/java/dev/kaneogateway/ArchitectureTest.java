package dev.kaneogateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Arrows between rooms point down only. */
class ArchitectureTest {
  private static final Map<String, List<String>> MAY_USE =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("config", List.of()),
              Map.entry("metrics", List.of()),
              Map.entry("bus", List.of()),
              Map.entry("tracing", List.of("config")),
              Map.entry("web", List.of("config", "metrics", "tracing")),
              Map.entry("upstream", List.of("web", "metrics", "config")),
              Map.entry("limits", List.of("web", "metrics", "config")),
              Map.entry("db", List.of("config", "metrics")),
              Map.entry("credentials", List.of("db", "bus", "metrics", "config")),
              Map.entry("auth", List.of("credentials", "limits", "web", "metrics", "config")),
              Map.entry(
                  "proxy",
                  List.of(
                      "auth",
                      "credentials",
                      "limits",
                      "upstream",
                      "web",
                      "tracing",
                      "metrics",
                      "config")),
              Map.entry("device", List.of("db", "bus", "metrics", "config")),
              Map.entry(
                  "oauth",
                  List.of(
                      "device",
                      "auth",
                      "credentials",
                      "limits",
                      "web",
                      "bus",
                      "metrics",
                      "config")),
              Map.entry(
                  "pages", List.of("device", "auth", "limits", "web", "bus", "metrics", "config")),
              Map.entry("doctor", List.of("auth", "credentials", "web", "metrics", "db", "config")),
              Map.entry("management", List.of("web", "metrics", "db", "config"))));

  /** Read once for all tests: it takes seconds. */
  private static final JavaClasses GATEWAY =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.kaneogateway");

  @Test
  void roomsUseOnlyTheRoomsBelowThem() {
    MAY_USE.forEach(
        (room, below) -> {
          String[] forbidden =
              MAY_USE.keySet().stream()
                  .filter(other -> !other.equals(room) && !below.contains(other))
                  .map(other -> "dev.kaneogateway." + other + "..")
                  .toArray(String[]::new);
          noClasses()
              .that()
              .resideInAPackage("dev.kaneogateway." + room + "..")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(forbidden)
              .check(GATEWAY);
        });
  }

  @Test
  void nothingButTheRootKnowsTheRootOrTheDemo() {
    noClasses()
        .that()
        .resideInAnyPackage(
            MAY_USE.keySet().stream()
                .map(r -> "dev.kaneogateway." + r + "..")
                .toArray(String[]::new))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.kaneogateway", "dev.kaneogateway.demo..")
        .check(GATEWAY);
    noClasses()
        .that()
        .resideInAPackage("dev.kaneogateway")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.kaneogateway.demo..")
        .check(GATEWAY);
  }

  @Test
  void onlyTheBusSaysEventBus() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.kaneogateway.bus..", "dev.kaneogateway.demo..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.vertx.core.eventbus..")
        .check(GATEWAY);
  }

  @Test
  void everyRoomIsKnownHere() {
    classes()
        .that()
        .resideInAPackage("dev.kaneogateway..")
        .should()
        .resideInAnyPackage(
            java.util.stream.Stream.concat(
                    Arrays.stream(new String[] {"dev.kaneogateway", "dev.kaneogateway.demo.."}),
                    MAY_USE.keySet().stream().map(r -> "dev.kaneogateway." + r + ".."))
                .toArray(String[]::new))
        .check(GATEWAY);
  }
}
