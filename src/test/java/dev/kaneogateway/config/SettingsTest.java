package dev.kaneogateway.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class SettingsTest {
  private static final String URL = "postgresql://kaneo:s3cret-pw@127.0.0.1:5432/kaneo";

  @TempDir Path directory;

  @Test
  void aDatabaseIsAllThatMustBeSet() throws Exception {
    Settings settings = load(Map.of("DATABASE_URL", URL));
    assertEquals(8080, settings.server().port());
    assertEquals("http://localhost:5173", settings.kaneo().publicUrl().toString());
  }

  @Test
  void everyProblemIsToldAtOnceWithNameValueAndRemedy() {
    List<String> problems =
        problems(
            Map.of(
                "GATEWAY_PORT", "eighty",
                "KANEO_UPSTREAM_URL", "ftp://kaneo",
                "AUTH_SECRET", "too-short-a-secret",
                "TRUSTED_PROXIES", "10.0.0.0/99"));
    assertEquals(5, problems.size(), problems::toString);
    assertTrue(
        problems.contains(
            "GATEWAY_PORT has the value 'eighty': give a whole number from 0 to 65535"));
    assertTrue(problems.stream().anyMatch(p -> p.startsWith("DATABASE_URL is not set")));
    assertTrue(
        problems.stream().noneMatch(p -> p.contains("too-short-a-secret")), problems::toString);
  }

  @Test
  void aSecretIsNeverPrinted() throws Exception {
    Settings settings = load(Map.of("DATABASE_URL", URL, "AUTH_SECRET", "x".repeat(40)));
    assertFalse(settings.toString().contains("s3cret-pw"));
    assertFalse(settings.toString().contains("xxxx"));
  }

  @Test
  void anUnknownKeyInTheFileIsRefusedWithASuggestion() throws Exception {
    Path file = Files.writeString(directory.resolve("g.yaml"), "GATEWAY_PROT: 9000\n");
    SettingsException e =
        assertThrows(
            SettingsException.class,
            () -> Settings.load(Map.of("DATABASE_URL", URL), Optional.empty(), Optional.of(file)));
    assertTrue(
        e.problems().get(0).endsWith("GATEWAY_PROT is not a setting; did you mean GATEWAY_PORT?"),
        e::getMessage);
  }

  @Test
  void theEnvironmentWinsOverKaneosFileWhichWinsOverOurs() throws Exception {
    Path ours =
        Files.writeString(
            directory.resolve("g.yaml"),
            "GATEWAY_PORT: 1\nGATEWAY_HOST: file\nGATEWAY_CACHE_SIZE: 7\n");
    Path kaneos =
        Files.writeString(
            directory.resolve(".env"),
            "# Kaneo\nexport DATABASE_URL=\""
                + URL
                + "\"\nGATEWAY_PORT=2 # two\nGATEWAY_HOST='env file'\nOTHER=1\n");
    Settings settings =
        Settings.load(Map.of("GATEWAY_PORT", "3"), Optional.of(kaneos), Optional.of(ours));
    assertEquals(3, settings.server().port());
    assertEquals("env file", settings.server().host());
    assertEquals(7, settings.credentials().cacheSize());
    assertEquals(URL, settings.database().url());
  }

  @Test
  void aCertificateWithoutItsKeyIsAProblem() throws Exception {
    Path cert = Files.writeString(directory.resolve("c.pem"), "");
    assertEquals(
        List.of("GATEWAY_TLS_CERT and GATEWAY_TLS_KEY belong together: set both or neither"),
        problems(Map.of("DATABASE_URL", URL, "GATEWAY_TLS_CERT", cert.toString())));
  }

  @Test
  void theSampleFileNamesEverySettingWithItsDefault() throws Exception {
    String sample = Files.readString(Path.of("conf", "gateway.yaml"));
    String uncommented =
        sample
            .lines()
            .map(line -> line.startsWith("#: ") ? line.substring(3) : line)
            .collect(Collectors.joining("\n"));
    Map<?, ?> values =
        (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(uncommented);
    assertEquals(
        Keys.ALL.stream().map(Setting::name).toList(),
        values.keySet().stream().map(String::valueOf).toList());
    for (Setting<?> setting : Keys.ALL) {
      Object value = values.get(setting.name());
      assertEquals(
          setting.defaultText(), value == null ? "" : String.valueOf(value), setting.name());
    }
  }

  @Test
  void theReadmesTableIsMadeFromTheSettings() throws Exception {
    String readme = Files.readString(Path.of("README.md"));
    String table =
        Keys.ALL.stream()
            .map(s -> "| `" + s.name() + "` | " + shown(s.defaultText()) + " | " + s.help() + " |")
            .collect(Collectors.joining("\n"));
    assertTrue(readme.contains(table), () -> "the README's table should be:\n" + table);
  }

  @Test
  void theReadmeNamesTheLiveSettings() throws Exception {
    String live =
        Keys.ALL.stream()
            .filter(Setting::live)
            .map(setting -> "`" + setting.name() + "`")
            .collect(Collectors.joining(", ", "Live: ", "."));
    String readme = Files.readString(Path.of("README.md")).replaceAll("\\s+", " ");
    assertTrue(readme.contains(live), () -> "the README should say: " + live);
  }

  private static String shown(String text) {
    return text.isEmpty() ? "" : "`" + text.replace(",", ", ") + "`";
  }

  private static Settings load(Map<String, String> environment) throws SettingsException {
    return Settings.load(environment, Optional.empty(), Optional.empty());
  }

  private static List<String> problems(Map<String, String> environment) {
    return assertThrows(SettingsException.class, () -> load(environment)).problems();
  }
}
