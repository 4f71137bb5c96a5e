package dev.kaneogateway.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.db.RevocationTriggers;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.FreePort;
import dev.kaneogateway.fixtures.PgBouncer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Vertx;
import io.vertx.core.net.SelfSignedCertificate;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Pool;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each finding of {@code check} with the fault really there. */
@ExtendWith(VertxExtension.class)
class DoctorIT {
  private static final String CLIENT_URL = "http://kaneo.test";

  private final Map<String, String> environment = new HashMap<>();
  private TestDatabase database;
  private ScriptedUpstream kaneo;
  private Vertx vertx;
  private Clock clock = Clock.systemUTC();
  private String allowedOrigin = CLIENT_URL;
  private String issuer = CLIENT_URL + "/api";
  private String session = "{\"session\":{}}";
  private int deviceStatus = 200;

  @BeforeEach
  void start(Vertx own) throws Exception {
    vertx = own;
    database = TestDatabase.create();
    kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              if (head.startsWith("POST")) {
                int length = Integer.parseInt(head.split("content-length: ")[1].split("\r\n")[0]);
                connection.read(length);
                database.execute(
                    "INSERT INTO device_code (id, device_code, user_code, expires_at, status) VALUES"
                        + " ('d' || random(), 'made' || random(), 'U' || random(), now(), 'pending')");
                connection.write(
                    answer(
                        deviceStatus,
                        "{\"device_code\":\""
                            + database.query(
                                "SELECT device_code FROM device_code ORDER BY created_at DESC LIMIT 1")
                            + "\"}"));
              } else if (head.contains("oauth-authorization-server")) {
                connection.write(answer(200, "{\"issuer\":\"" + issuer + "\"}"));
              } else if (head.contains("get-session")) {
                connection.write(answer(200, session));
              } else {
                connection.write(answer(200, "{}"));
              }
              return true;
            });
    environment.put("DATABASE_URL", database.url());
    environment.put("AUTH_SECRET", DemoSeed.AUTH_SECRET);
    environment.put("KANEO_UPSTREAM_URL", "http://127.0.0.1:" + kaneo.port());
    environment.put("KANEO_CLIENT_URL", CLIENT_URL);
    environment.put("GATEWAY_PUBLIC_URL", "http://127.0.0.1:1");
    environment.put("DEVICE_AUTH_CLIENT_IDS", "kaneo-cli");
  }

  private String answer(int status, String body) {
    return "HTTP/1.1 "
        + status
        + " X\r\nAccess-Control-Allow-Origin: "
        + allowedOrigin
        + "\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  @AfterEach
  void stop() throws Exception {
    kaneo.close();
  }

  @Test
  void aWellInstallationHasNoProblemAndIsLeftAsItWas() throws Exception {
    List<Finding> findings = examine();
    assertTrue(
        findings.stream().noneMatch(f -> f.state() == Finding.State.PROBLEM), findings::toString);
    for (String part :
        List.of(
            "database",
            "database.rights",
            "database.indexes",
            "database.clock",
            "database.server",
            "database.schema",
            "triggers",
            "kaneo",
            "kaneo.client_url",
            "kaneo.api_url",
            "kaneo.device_clients",
            "secret")) {
      assertEquals(Finding.State.OK, find(findings, part).state(), part);
    }
    assertEquals("0", database.query("SELECT count(*) FROM device_code"));
    assertEquals("AUTH_SECRET is Kaneo's", find(findings, "secret").found());
  }

  @Test
  void aDatabaseThatIsNotThereOrNotKaneos() throws Exception {
    environment.put("DATABASE_URL", "postgresql://a:hidden-pw@127.0.0.1:1/x");
    Finding away = problem("database");
    assertTrue(away.found().startsWith("cannot be used"), away::toString);
    assertTrue(!away.toString().contains("hidden-pw"));
    environment.put("DATABASE_URL", TestDatabase.createEmpty().url());
    assertTrue(problem("database").found().contains("apikey.key"));
    environment.put("DATABASE_URL", database.url() + "?sslmode=verify-full");
    Finding clear = problem("database");
    assertTrue(clear.mend().startsWith("check sslmode in DATABASE_URL"), clear::toString);
    // Who is told so has come that far, as with "no pg_hba.conf entry for host ..., SSL
    // encryption".
    environment.put("DATABASE_URL", database.url().replaceFirst("/[^/]*$", "/SSL"));
    Finding answered = problem("database");
    assertTrue(answered.mend().startsWith("check host"), answered::toString);
  }

  @Test
  void aRoleWithoutRights() throws Exception {
    asRole("GRANT SELECT ON \"user\", apikey");
    List<Finding> findings = examine();
    assertEquals(
        "the role may not SELECT on session (for looking sessions up),"
            + " INSERT, DELETE on session (for sign-in and sign-out of devices),"
            + " UPDATE on apikey (for counting their use, which GATEWAY_KEY_USAGE=false ends),"
            + " SELECT, INSERT, UPDATE, DELETE on device_code (for sign-in of devices)",
        find(findings, "database.rights").found());
    assertEquals(Finding.State.PROBLEM, find(findings, "database.rights").state());
    assertEquals(Finding.State.OK, find(findings, "database").state());
    assertEquals(Finding.State.OK, find(findings, "database.devices").state());
    assertEquals(Finding.State.WARNING, find(findings, "database.schema").state());
  }

  @Test
  void aGatewayThatCountsNoUseOfKeysNeedsNoRightToIt() throws Exception {
    asRole(
        "GRANT SELECT ON \"user\", apikey",
        "GRANT SELECT, INSERT, DELETE ON session",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON device_code");
    assertEquals(
        "the role may not UPDATE on apikey (for counting their use, which GATEWAY_KEY_USAGE=false ends)",
        problem("database.rights").found());
    environment.put("GATEWAY_KEY_USAGE", "false");
    assertEquals(Finding.State.OK, find(examine(), "database.rights").state());
  }

  @Test
  void aRoleThatMayNotUseTheSchemaOfKaneosTables() throws Exception {
    asRole("GRANT SELECT ON \"user\", session, apikey");
    database.execute("REVOKE USAGE ON SCHEMA public FROM public");
    assertTrue(
        problem("database.rights").found().startsWith("the role may not USAGE on the schema"));
  }

  @Test
  void aRoleWithNoMoreRightsThanTheGatewayNeeds() throws Exception {
    asRole(
        "GRANT SELECT ON \"user\"",
        "GRANT SELECT, INSERT, DELETE ON session",
        "GRANT SELECT, UPDATE ON apikey",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON device_code");
    database.execute(
        "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (created_at bigint);"
            + " CREATE SCHEMA kaneo_gateway; GRANT USAGE ON SCHEMA kaneo_gateway TO public;"
            + " CREATE TABLE kaneo_gateway.device_request (id text);"
            + " CREATE TABLE kaneo_gateway.redemption (id text);"
            + " GRANT SELECT ON ALL TABLES IN SCHEMA kaneo_gateway TO public");
    List<Finding> findings = examine();
    for (String part : List.of("", ".rights", ".devices", ".indexes", ".clock", ".server")) {
      assertEquals(Finding.State.OK, find(findings, "database" + part).state(), part);
    }
    assertEquals(Finding.State.OK, find(findings, "triggers").state());
    assertEquals(Finding.State.WARNING, find(findings, "database.schema").state());
  }

  /** As if no key and no session were there: everybody would be told 401. */
  @Test
  void rowLevelSecurityThatHidesEveryRow() throws Exception {
    asRole(
        "GRANT SELECT ON \"user\"",
        "GRANT SELECT, INSERT, DELETE ON session",
        "GRANT SELECT, UPDATE ON apikey",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON device_code");
    database.execute("ALTER TABLE apikey ENABLE ROW LEVEL SECURITY");
    assertTrue(
        problem("database.rights")
            .found()
            .startsWith("the role may not SELECT on apikey (for looking API keys up), UPDATE"));
    database.execute("CREATE POLICY everything ON apikey TO public USING (true)");
    assertEquals(Finding.State.OK, find(examine(), "database.rights").state());
  }

  @Test
  void aRoleThatOnlyReads() throws Exception {
    environment.compute(
        "DATABASE_URL", (name, url) -> url + "?options=-c+default_transaction_read_only%3Don");
    assertEquals("default_transaction_read_only is on", problem("database.server").found());
  }

  @Test
  void aQuestionThatTheRoleMayNotAskHidesNoOther() throws Exception {
    asRole("GRANT SELECT ON \"user\"");
    database.execute("REVOKE SELECT ON pg_index, pg_trigger FROM public");
    List<Finding> findings = examine();
    assertEquals(Finding.State.WARNING, find(findings, "database.indexes").state());
    assertEquals(Finding.State.WARNING, find(findings, "triggers").state());
    assertEquals(Finding.State.OK, find(findings, "database.clock").state());
  }

  /** Has {@code check} come as a role with these rights alone. */
  private void asRole(String... grants) {
    String role = "weak_" + database.name();
    database.execute("CREATE ROLE " + role + " LOGIN PASSWORD 'pw'");
    for (String grant : grants) {
      database.execute(grant + " TO " + role);
    }
    environment.put("DATABASE_URL", database.url().replaceAll("//[^@]*@", "//" + role + ":pw@"));
  }

  @Test
  void aKaneoWhereNoDeviceCanSignIn() throws Exception {
    database.execute("ALTER TABLE device_code DROP COLUMN scope, DROP COLUMN last_polled_at");
    assertEquals(
        "lacks device_code.last_polled_at, device_code.scope", problem("database.devices").found());
    database.execute("DROP TABLE device_code");
    // Only the database is looked at: of this Kaneo a code would be asked.
    Pool pool = Database.pool(vertx, new Settings.Database(database.url(), 1));
    Finding finding =
        find(
            RunningGateway.await(new DatabaseCheckup(vertx, pool, settings(), clock).findings()),
            "database.devices");
    assertEquals(Finding.State.PROBLEM, finding.state());
    assertEquals("lacks device_code", finding.found());
  }

  @Test
  void aMissingIndex() throws Exception {
    database.execute("DROP INDEX apikey_key_idx");
    Finding finding = find(examine(), "database.indexes");
    assertEquals(Finding.State.WARNING, finding.state());
    assertEquals("there is none on apikey (key)", finding.found());
  }

  @Test
  void aClockThatIsWrong() throws Exception {
    clock = Clock.offset(Clock.systemUTC(), Duration.ofSeconds(10));
    assertEquals(Finding.State.WARNING, find(examine(), "database.clock").state());
    clock = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(-5));
    problem("database.clock");
  }

  @Test
  void triggersInPart() throws Exception {
    Pool pool = Database.pool(vertx, new Settings.Database(database.url(), 2));
    RunningGateway.await(RevocationTriggers.install(pool));
    assertEquals(Finding.State.OK, find(examine(), "triggers").state());
    database.execute("DROP TRIGGER kaneo_gateway_credential ON session");
    assertEquals(Finding.State.WARNING, find(examine(), "triggers").state());
  }

  @ParameterizedTest
  @CsvSource({
    "session, installed: a revocation is seen at once",
    "transaction, 'installed, but a pooler in transaction mode (or a standby) keeps back what they tell:"
        + " a revocation is seen within GATEWAY_CACHE_TTL_MS (1000 ms)'"
  })
  void triggersBehindAPooler(String mode, String found) throws Exception {
    RunningGateway.await(
        RevocationTriggers.install(Database.pool(vertx, new Settings.Database(database.url(), 1))));
    try (PgBouncer pooler = new PgBouncer(database.url(), mode, 30)) {
      environment.put("DATABASE_URL", pooler.url());
      assertEquals(found, find(examine(), "triggers").found());
    }
  }

  @Test
  void aKaneoThatIsNotThere() throws Exception {
    environment.put("KANEO_UPSTREAM_URL", "http://127.0.0.1:" + FreePort.find());
    assertTrue(problem("kaneo").found().contains("does not answer"));
  }

  @Test
  void aKaneoWhoseNameDoesNotResolve() throws Exception {
    environment.put("KANEO_UPSTREAM_URL", "http://kaneo.invalid:1337");
    assertTrue(problem("kaneo").found().contains("has a name that does not resolve"));
  }

  @Test
  void anApiUrlAsKaneosOwnImageMakesIt() throws Exception {
    environment.put("KANEO_API_URL", "https://kaneo.example.org/api");
    issuer = "https://kaneo.example.org/api";
    assertEquals(Finding.State.OK, find(examine(), "kaneo.api_url").state());
  }

  @Test
  void aKaneoWithOtherSettings() throws Exception {
    allowedOrigin = "http://another.test";
    issuer = "https://kaneo.example.org/api";
    session = "null";
    deviceStatus = 400;
    problem("kaneo.client_url");
    assertEquals(
        "is http://kaneo.test/api here and https://kaneo.example.org at Kaneo",
        problem("kaneo.api_url").found());
    problem("secret");
    assertEquals(Finding.State.WARNING, find(examine(), "kaneo.device_clients").state());
  }

  @Test
  void noSecret() throws Exception {
    environment.remove("AUTH_SECRET");
    assertEquals(Finding.State.WARNING, find(examine(), "secret").state());
  }

  @Test
  void aCertificateNearItsEndAndAKeyOfAnother() throws Exception {
    SelfSignedCertificate one = SelfSignedCertificate.create("localhost");
    SelfSignedCertificate two = SelfSignedCertificate.create("localhost");
    environment.put("GATEWAY_TLS_CERT", one.certificatePath());
    environment.put("GATEWAY_TLS_KEY", one.privateKeyPath());
    assertEquals(Finding.State.OK, find(examine(), "certificate.key").state());
    environment.put("GATEWAY_TLS_KEY", two.privateKeyPath());
    problem("certificate.key");
    environment.put("GATEWAY_TLS_KEY", two.certificatePath());
    assertTrue(problem("certificate.key").mend().contains("GATEWAY_TLS_KEY"));
    environment.put("GATEWAY_TLS_CERT", two.privateKeyPath());
    assertTrue(problem("certificate").mend().contains("GATEWAY_TLS_CERT"));
    environment.put("GATEWAY_TLS_CERT", one.certificatePath());
    // So far from now only the certificate is looked at: a database would have much to say.
    List<Finding> late =
        RunningGateway.await(
            new CertificateCheckup(vertx, vertx.createHttpClient(), settings(), endOf(one, -1))
                .findings());
    assertEquals(Finding.State.WARNING, find(late, "certificate").state());
    late =
        RunningGateway.await(
            new CertificateCheckup(vertx, vertx.createHttpClient(), settings(), endOf(one, 1))
                .findings());
    assertEquals(Finding.State.PROBLEM, find(late, "certificate").state());
  }

  @Test
  void aCertificateThatDoesNotHoldYet() throws Exception {
    SelfSignedCertificate one = SelfSignedCertificate.create("localhost");
    environment.put("GATEWAY_TLS_CERT", one.certificatePath());
    environment.put("GATEWAY_TLS_KEY", one.privateKeyPath());
    Clock early = Clock.fixed(java.time.Instant.EPOCH, java.time.ZoneOffset.UTC);
    List<Finding> findings =
        RunningGateway.await(
            new CertificateCheckup(vertx, vertx.createHttpClient(), settings(), early).findings());
    assertEquals(Finding.State.PROBLEM, find(findings, "certificate").state());
  }

  private static Clock endOf(SelfSignedCertificate certificate, int daysLater) throws Exception {
    try (InputStream in =
        java.nio.file.Files.newInputStream(java.nio.file.Path.of(certificate.certificatePath()))) {
      java.security.cert.X509Certificate read =
          (java.security.cert.X509Certificate)
              java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(in);
      return Clock.fixed(
          read.getNotAfter().toInstant().plus(Duration.ofDays(daysLater)),
          java.time.ZoneOffset.UTC);
    }
  }

  @Test
  void noGatewayAtThePublicUrlIsAWarning() throws Exception {
    assertEquals(Finding.State.WARNING, find(examine(), "front").state());
  }

  @Test
  void whatStandsInFrontIsTriedThroughTheGateway() throws Exception {
    int port = FreePort.find();
    environment.put("GATEWAY_PUBLIC_URL", "http://127.0.0.1:" + port);
    try (RunningGateway gateway = gatewayAt(port)) {
      List<Finding> findings = examine();
      for (String part : List.of("front.origin", "front.events", "front.websocket")) {
        assertEquals(Finding.State.OK, find(findings, part).state(), findings::toString);
      }
      assertTrue(find(findings, "front.origin").found().contains("for 127.0.0.1 and"));
      // Nobody else is answered.
      for (String query : List.of("until=99999999999&proof=x", "until=%zz", "proof=%")) {
        try (dev.kaneogateway.fixtures.RawPeer peer =
            new dev.kaneogateway.fixtures.RawPeer(gateway.port())) {
          String answer =
              peer.send(
                      "GET /.well-known/kaneo-gateway/origin?"
                          + query
                          + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                  .readAll();
          assertTrue(answer.startsWith("HTTP/1.1 404"), answer);
        }
      }
    }
  }

  @Test
  void aProxyThatBuffersAndDropsUpgradesAndChangesTheHost() throws Exception {
    int behind = FreePort.find();
    try (RunningGateway gateway = gatewayAt(behind);
        ScriptedUpstream proxy =
            new ScriptedUpstream(
                (head, connection) -> {
                  String target = head.split(" ")[1];
                  HttpResponse<String> whole =
                      HttpClient.newHttpClient()
                          .send(
                              HttpRequest.newBuilder(
                                      URI.create("http://127.0.0.1:" + behind + target))
                                  .build(),
                              HttpResponse.BodyHandlers.ofString());
                  connection.write(answer(whole.statusCode(), whole.body()));
                  return true;
                })) {
      environment.put("GATEWAY_PUBLIC_URL", "http://127.0.0.1:" + proxy.port());
      assertTrue(gateway.port() > 0);
      problem("front.origin");
      problem("front.events");
      problem("front.websocket");
    }
  }

  /** Caddy's encode, for one: what waits in its compressor comes when the stream ends. */
  @Test
  void aProxyThatHoldsBackWhatItCompresses() throws Exception {
    int behind = FreePort.find();
    try (RunningGateway gateway = gatewayAt(behind);
        ScriptedUpstream proxy =
            new ScriptedUpstream(
                (head, connection) -> {
                  InputStream body =
                      HttpClient.newHttpClient()
                          .send(
                              HttpRequest.newBuilder(
                                      URI.create("http://127.0.0.1:" + behind + head.split(" ")[1]))
                                  .build(),
                              HttpResponse.BodyHandlers.ofInputStream())
                          .body();
                  connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
                  if (head.toLowerCase(Locale.ROOT).contains("accept-encoding: gzip")) {
                    connection.write(new String(body.readAllBytes(), StandardCharsets.UTF_8));
                  } else {
                    for (int next = body.read(); next >= 0; next = body.read()) {
                      connection.write(String.valueOf((char) next));
                    }
                  }
                  return false;
                })) {
      environment.put("GATEWAY_PUBLIC_URL", "http://127.0.0.1:" + proxy.port());
      assertTrue(gateway.port() > 0);
      problem("front.events");
    }
  }

  private RunningGateway gatewayAt(int port) {
    return RunningGateway.start(
        database,
        kaneo.port(),
        "GATEWAY_PORT",
        String.valueOf(port),
        "KANEO_CLIENT_URL",
        CLIENT_URL);
  }

  private Settings settings() throws Exception {
    return Settings.load(environment, Optional.empty(), Optional.empty());
  }

  private List<Finding> examine() throws Exception {
    return RunningGateway.await(new Doctor(vertx, settings(), clock).examine());
  }

  private Finding problem(String part) throws Exception {
    Finding finding = find(examine(), part);
    assertEquals(Finding.State.PROBLEM, finding.state(), finding::toString);
    assertTrue(!finding.why().isEmpty() && !finding.mend().isEmpty());
    return finding;
  }

  private static Finding find(List<Finding> findings, String part) {
    return findings.stream()
        .filter(finding -> finding.part().equals(part))
        .findFirst()
        .orElseThrow(() -> new AssertionError("nothing of " + part + " in " + findings));
  }
}
