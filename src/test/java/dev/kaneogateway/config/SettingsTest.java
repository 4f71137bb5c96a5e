package dev.kaneogateway.config;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
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

  /** What a browser says in Origin, however a person wrote it. */
  @ParameterizedTest
  @CsvSource({
    "https://Kaneo.Example:443/, https://kaneo.example",
    "HTTP://kaneo.example:80, http://kaneo.example",
    "https://kaneo.example:8443/Path, https://kaneo.example:8443/Path",
    "http://[2001:DB8::1]:80, http://[2001:db8::1]"
  })
  void anAddressIsWhatABrowserMakesOfIt(String written, String meant) throws Exception {
    Settings.Kaneo kaneo =
        load(Map.of("DATABASE_URL", URL, "KANEO_CLIENT_URL", written, "KANEO_API_URL", written))
            .kaneo();
    assertEquals(meant, kaneo.clientUrl().toString());
    assertEquals(meant, kaneo.apiUrl().toString());
  }

  @Test
  void thePublicAddressHasNoPath() throws Exception {
    Map<String, String> names =
        Map.of("DATABASE_URL", URL, "KANEO_CLIENT_URL", "https://kaneo.example:8443/app");
    assertEquals("https://kaneo.example:8443", load(names).kaneo().publicUrl().toString());
    Map<String, String> withPath = new HashMap<>(names);
    withPath.put("GATEWAY_PUBLIC_URL", "https://kaneo.example/app");
    assertTrue(problems(withPath).toString().contains("leave out the path /app"));
  }

  /** As Java reads "pä" where the locale is POSIX, on any version. */
  @Test
  void lettersThatTheLocaleLostAreToldWithARemedy() {
    List<String> problems =
        problems(Map.of("DATABASE_URL", "postgresql://kaneo:p\uFFFD\uFFFD@127.0.0.1/kaneo"));
    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.get(0).startsWith("DATABASE_URL has letters"), problems::toString);
    assertTrue(problems.get(0).contains("LC_ALL=C.UTF-8"), problems::toString);
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

  /** The parser would show the line itself, and a secret in it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          CORS_ORIGINS: *        | is not YAML at line 2: does a value need quotes?
          AUTH_SECRET: "s3cret-pw | is not YAML at line 3: does a value need quotes?
          AUTH_SECRET: *s3cret-pw | is not YAML at line 2: does a value need quotes?
          GATEWAY_PORT: 2        | has a name for the second time at line 2: take away one of them
          """)
  void whatIsNoYamlIsToldWithItsLine(String second, String told) throws Exception {
    Path file = Files.writeString(directory.resolve("g.yaml"), "GATEWAY_PORT: 1\n" + second + "\n");
    SettingsException e =
        assertThrows(
            SettingsException.class,
            () -> Settings.load(Map.of("DATABASE_URL", URL), Optional.empty(), Optional.of(file)));
    assertEquals(List.of(file + " " + told), e.problems());
  }

  @Test
  void aNameInTheEnvironmentThatMayBeMisspeltIsToldOf() throws Exception {
    Path kaneos =
        Files.writeString(
            directory.resolve(".env"),
            "DATABASE_URL=" + URL + "\nGATEWAY_PROT=9000\nGATEWAY_OTHER=1\nKANEO_OTHER=1\n");
    Map<String, String> environment =
        Map.of("GATEWAY_HSOT", "127.0.0.1", "GATEWAY_PORT_8080_TCP_PROTO", "tcp", "HSOT", "a");
    SettingsFiles files = new SettingsFiles(environment, Optional.of(kaneos), Optional.empty());
    assertEquals(8080, files.read().server().port());
    assertEquals(
        List.of(
            kaneos + ": GATEWAY_PROT is not a setting; did you mean GATEWAY_PORT?",
            kaneos + ": GATEWAY_OTHER is not a setting; see conf/gateway.yaml for all of them",
            "GATEWAY_HSOT is not a setting; did you mean GATEWAY_HOST?"),
        files.doubts());
  }

  /** Windows' editors write one, and Docker takes it off. */
  @Test
  void aByteOrderMarkBelongsToNoName() throws Exception {
    Path kaneos = Files.writeString(directory.resolve(".env"), "\uFEFFDATABASE_URL=" + URL + "\n");
    assertEquals(
        URL, Settings.load(Map.of(), Optional.of(kaneos), Optional.empty()).database().url());
  }

  @Test
  void aFileInAnotherEncodingIsNotSaidToBeUnreadable() throws Exception {
    byte[] latin = "# K\u00f6ln\n".getBytes(StandardCharsets.ISO_8859_1);
    Path kaneos = Files.write(directory.resolve(".env"), latin);
    Path ours = Files.write(directory.resolve("g.yaml"), latin);
    SettingsException e =
        assertThrows(
            SettingsException.class,
            () ->
                Settings.load(Map.of("DATABASE_URL", URL), Optional.of(kaneos), Optional.of(ours)));
    String remedy = " is not in UTF-8: save it in that encoding";
    assertEquals(List.of(ours + remedy, kaneos + remedy), e.problems());
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

  /** As a shell makes of {@code --env-file <(decrypt .env)}. */
  @Test
  void whatAPipeGaveOnceHoldsWhenSettingsAreReadAgain() throws Exception {
    Path pipe = directory.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    CompletableFuture<?> written =
        CompletableFuture.supplyAsync(
            () ->
                assertDoesNotThrow(
                    () -> Files.writeString(pipe, "DEVICE_AUTH_CLIENT_IDS=our-cli\n")));
    Path ours = Files.writeString(directory.resolve("g.yaml"), "DATABASE_URL: " + URL + "\n");
    SettingsFiles files = new SettingsFiles(Map.of(), Optional.of(pipe), Optional.of(ours));
    written.get(10, TimeUnit.SECONDS);
    Files.writeString(ours, "GATEWAY_IN_FLIGHT: 7\n", StandardOpenOption.APPEND);
    SettingsFiles.Change change =
        assertTimeoutPreemptively(Duration.ofSeconds(10), files::readAgain);
    assertEquals(List.of("GATEWAY_IN_FLIGHT"), change.changed());
    assertEquals(List.of("our-cli"), change.settings().device().clientIds());
  }

  /** As Kaneo's documents have the key of its GitHub App. */
  @Test
  void aQuotedValueMayGoOverSeveralLines() throws Exception {
    Path kaneos =
        Files.writeString(
            directory.resolve(".env"),
            "GITHUB_PRIVATE_KEY=\"-----BEGIN KEY-----\r\nGATEWAY_PORT=9\r\nGATEWAY_Zz==\r\n\"\r\n"
                + "DATABASE_URL = '"
                + URL
                + "' # it's here\nGATEWAY_HOST=it's\nGATEWAY_CACHE_SIZE=\"7");
    SettingsFiles files = new SettingsFiles(Map.of(), Optional.of(kaneos), Optional.empty());
    SettingsException e = assertThrows(SettingsException.class, files::read);
    assertEquals(1, e.problems().size(), e::getMessage);
    assertTrue(e.getMessage().contains("GATEWAY_CACHE_SIZE has the value '\"7'"), e::getMessage);
    assertEquals(List.of(), files.doubts());
    Files.writeString(kaneos, Files.readString(kaneos) + "\"");
    Settings settings = Settings.load(Map.of(), Optional.of(kaneos), Optional.empty());
    assertEquals(8080, settings.server().port());
    assertEquals("it's", settings.server().host());
    assertEquals(7, settings.credentials().cacheSize());
    assertEquals(URL, settings.database().url());
  }

  /** As Compose reads them for Kaneo, and Kaneo itself where it runs without. */
  @Test
  void aVariableInKaneosFileStandsForItsValue() throws Exception {
    Path kaneos =
        Files.writeString(
            directory.resolve(".env"),
            """
            HOST=db # ours
            PASSWORD='a$HOST'
            DATABASE_URL=postgresql://$OWNER:${PASSWORD}@${HOST}:${PORT:-5433}/kaneo
            GATEWAY_HOST="$${HOST}\\$HOST$1$"
            GITHUB_PRIVATE_KEY=$UNSET
            AUTH_SECRET=a$ecret-of-32-letters-or-even-more-than-that
            """);
    SettingsFiles files =
        new SettingsFiles(
            Map.of("OWNER", "kaneo", "HOST", "db2"), Optional.of(kaneos), Optional.empty());
    Settings settings = files.read();
    assertEquals("postgresql://kaneo:a$HOST@db2:5433/kaneo", settings.database().url());
    assertEquals("${HOST}$HOST$1$", settings.server().host());
    assertEquals(
        "a$ecret-of-32-letters-or-even-more-than-that",
        settings.credentials().authSecret().orElseThrow());
    assertEquals(
        List.of(
            kaneos
                + ": AUTH_SECRET has a $ before what is no variable set anywhere, so it is taken as"
                + " it stands; Compose would drop it unless the value is between ' and '"),
        files.doubts());
  }

  @Test
  void whatKaneosImageMakesOfItsEnvironmentFileIsMadeOfItHereToo() throws Exception {
    Path kaneos =
        Files.writeString(
            directory.resolve(".env"),
            "KANEO_CLIENT_URL=https://kaneo.example.org/\n# DATABASE_URL=\nPOSTGRES_DB=tasks\n"
                + "POSTGRES_USER=kan@eo\nPOSTGRES_PASSWORD='a/b@c d+%?#e'\nAUTH_SECRET=\n");
    Settings settings = Settings.load(Map.of(), Optional.of(kaneos), Optional.empty());
    assertEquals(
        "postgresql://kan%40eo:a%2Fb%40c%20d%2B%25%3F%23e@postgres:5432/tasks",
        settings.database().url());
    assertEquals("https://kaneo.example.org/api", settings.kaneo().apiUrl().toString());
    DatabaseUrl read = DatabaseUrl.parse(settings.database().url());
    assertEquals("kan@eo", read.user());
    assertEquals("a/b@c d+%?#e", read.password());

    Map<String, String> host = Map.of("POSTGRES_HOST", "localhost", "POSTGRES_PORT", "6543");
    assertTrue(
        Settings.load(host, Optional.of(kaneos), Optional.empty())
            .database()
            .url()
            .endsWith("@localhost:6543/tasks"));
  }

  @Test
  void whatIsSetWinsOverWhatKaneosImageWouldMake() throws Exception {
    Path ours =
        Files.writeString(
            directory.resolve("g.yaml"),
            "DATABASE_URL: " + URL + "\nKANEO_API_URL: https://api.example.org\n");
    Settings settings =
        Settings.load(
            Map.of("POSTGRES_PASSWORD", "other", "KANEO_CLIENT_URL", "https://kaneo.example.org"),
            Optional.empty(),
            Optional.of(ours));
    assertEquals(URL, settings.database().url());
    assertEquals("https://api.example.org", settings.kaneo().apiUrl().toString());
    assertEquals(
        "http://localhost:1337", load(Map.of("DATABASE_URL", URL)).kaneo().apiUrl().toString());
  }

  @Test
  void aMistakeInWhatOthersAreMadeOfIsToldOnceAndByItsName() {
    List<String> problems =
        problems(
            Map.of(
                "POSTGRES_PASSWORD", "s3cret-pw",
                "POSTGRES_PORT", "x",
                "KANEO_CLIENT_URL", "kaneo"));
    assertEquals(2, problems.size(), problems::toString);
    assertTrue(problems.get(0).startsWith("DATABASE_URL"), problems::toString);
    assertTrue(problems.get(0).contains("POSTGRES_"), problems::toString);
    assertTrue(problems.get(1).startsWith("KANEO_CLIENT_URL"), problems::toString);
    assertEquals(1, problems(Map.of("POSTGRES_USER", "kaneo")).size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "KANEO_UPSTREAM_URL",
        "KANEO_WEB_UPSTREAM_URL",
        "KANEO_API_URL",
        "KANEO_CLIENT_URL",
        "GATEWAY_PUBLIC_URL",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "CORS_ORIGINS",
        "TRUSTED_PROXIES",
        "REDIS_URL"
      })
  void noMistakeTellsAPassword(String name) {
    for (String value :
        List.of(
            "http://u:s3cretpw@host:1",
            "http://one,http://u:1/s3cretpw@host",
            "http://u:x,s3cretpw@host",
            "redis://u:my@s3cretpw/x@host",
            "u:s3cretpw@host")) {
      List<String> problems = problems(Map.of("DATABASE_URL", URL, name, value));
      assertEquals(1, problems.size(), problems::toString);
      assertTrue(problems.get(0).startsWith(name), problems::toString);
      assertFalse(problems.get(0).contains("s3cret"), problems::toString);
      assertEquals(
          !List.of("TRUSTED_PROXIES", "REDIS_URL").contains(name),
          problems.get(0).contains("user"),
          problems::toString);
    }
  }

  @Test
  void noMistakeTellsATokenInAQuery() {
    String url = "https://traces.example.org/v1?token=s3cret";
    assertEquals(
        List.of(
            "OTEL_EXPORTER_OTLP_ENDPOINT has the value 'https://traces.example.org/v1?(hidden)':"
                + " give an address like https://kaneo.example.org"),
        problems(Map.of("DATABASE_URL", URL, "OTEL_EXPORTER_OTLP_ENDPOINT", url)));
  }

  @ParameterizedTest
  @CsvSource({
    "GATEWAY_PUBLIC_PATHS, api/health",
    "GATEWAY_WEBSOCKET_PATHS, '/api/ws/*,*'",
    "GATEWAY_METRIC_PATHS, /api/a /api/b",
    "GATEWAY_SIGN_IN_PATHS, https://kaneo.example.org/sign-in",
    "GATEWAY_SIGN_UP_PATHS, sign-up",
    "DEVICE_AUTH_CLIENT_IDS, ' , ,'",
    "OTEL_EXPORTER_OTLP_HEADERS, token",
    "GATEWAY_PORT, 8081"
  })
  void whatCanNeverWorkIsRefused(String name, String value) {
    List<String> problems = problems(Map.of("DATABASE_URL", URL, name, value));
    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.get(0).startsWith(name), problems::toString);
    assertTrue(problems.get(0).contains(": give") || problems.get(0).contains("; give"));
    assertFalse(name.startsWith("OTEL") && problems.get(0).contains("kaneo-cli"));
  }

  @ParameterizedTest
  @CsvSource({
    "CORS_ORIGINS, 'http://localhost:5173, https://kaneo.example.org,null,tauri://localhost'",
    "CORS_ORIGINS, 'http://[::1]:5173,chrome-extension://abc,file://,https://kaneo.example.org/,*'",
    "GATEWAY_PUBLIC_PATHS, '/api/:id/x, /*'",
    "GATEWAY_MANAGEMENT_PORT, 0"
  })
  void whatKaneoTakesIsTaken(String name, String value) throws Exception {
    load(Map.of("DATABASE_URL", URL, name, value));
  }

  @Test
  void onePortMayServeTwoAddressesButNotOne() throws Exception {
    Map<String, String> environment = new HashMap<>();
    environment.put("DATABASE_URL", URL);
    environment.put("GATEWAY_PORT", "8081");
    environment.put("GATEWAY_HOST", "192.0.2.1");
    assertEquals(8081, load(environment).server().port());
    environment.put("GATEWAY_HOST", "127.0.0.1");
    assertEquals(1, problems(environment).size());
    environment.put("GATEWAY_PORT", "0");
    environment.put("GATEWAY_MANAGEMENT_PORT", "0");
    assertEquals(0, load(environment).server().port());
  }

  @Test
  void anAddressMayStandInBrackets() throws Exception {
    Settings settings =
        load(
            Map.of(
                "DATABASE_URL", URL, "GATEWAY_HOST", "[::1]", "GATEWAY_MANAGEMENT_HOST", "[::]"));
    assertEquals("::1", settings.server().host());
    assertEquals("::", settings.management().host());
  }

  @Test
  void aCertificateWithoutItsKeyIsAProblem() throws Exception {
    Path cert = Files.writeString(directory.resolve("c.pem"), "");
    assertEquals(
        List.of("GATEWAY_TLS_CERT and GATEWAY_TLS_KEY belong together: set both or neither"),
        problems(Map.of("DATABASE_URL", URL, "GATEWAY_TLS_CERT", cert.toString())));
  }

  @Test
  void theSampleFileNamesEverySettingWithItsMeaningAndDefault() throws Exception {
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
      assertTrue(
          sample.contains("\n# " + setting.help() + "\n#: " + setting.name() + ":"),
          () -> "conf/gateway.yaml should say of " + setting.name() + ": " + setting.help());
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
