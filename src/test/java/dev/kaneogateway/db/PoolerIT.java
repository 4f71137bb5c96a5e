package dev.kaneogateway.db;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.TokenDigest;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.PgBouncer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Tuple;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gateways that share a pooler, which has fewer connections than they would make. */
class PoolerIT {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final TestDatabase database = TestDatabase.create();
  private final List<RunningGateway> gateways = new ArrayList<>();
  private ScriptedUpstream kaneo;

  @BeforeEach
  void start() throws Exception {
    kaneo = ScriptedUpstream.friendly();
  }

  @AfterEach
  void stop() throws Exception {
    gateways.forEach(RunningGateway::close);
    kaneo.close();
  }

  private RunningGateway gateway(PgBouncer pooler) {
    RunningGateway started =
        RunningGateway.start(
            database,
            kaneo.port(),
            "DATABASE_URL",
            pooler.url(),
            "GATEWAY_DATABASE_CONNECTIONS",
            "6",
            "GATEWAY_LIMIT_ADDRESS_PER_MINUTE",
            "0",
            "GATEWAY_LIMIT_FAILED_PER_MINUTE",
            "0");
    gateways.add(started);
    Await.until("readiness", started::isReady);
    return started;
  }

  @ParameterizedTest
  @CsvSource({"transaction, 3", "session, 30"})
  void everyTokenGetsItsOwnAnswer(String mode, int connections) throws Exception {
    for (int i = 0; i < 100; i++) {
      database.execute(
          "INSERT INTO apikey (id, name, key, reference_id, created_at, updated_at) VALUES ('k%d', 'k', '%s', '%s', now(), now())"
              .formatted(i, TokenDigest.of("key-" + i).base64Url(), DemoSeed.USER_ID));
    }
    try (PgBouncer pooler = new PgBouncer(database.url(), mode, connections)) {
      List<RunningGateway> both = List.of(gateway(pooler), gateway(pooler));
      for (int i = 0; i < 100; i++) {
        List<CompletableFuture<Integer>> right = new ArrayList<>();
        List<CompletableFuture<Integer>> wrong = new ArrayList<>();
        for (RunningGateway gateway : both) {
          right.add(status(gateway, "key-" + i));
          wrong.add(status(gateway, "false-" + i));
        }
        right.forEach(status -> assertEquals(200, status.join()));
        wrong.forEach(status -> assertEquals(401, status.join()));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"transaction, 3", "session, 30"})
  void aDeviceSignsInByAnyGateway(String mode, int connections) throws Exception {
    try (PgBouncer pooler = new PgBouncer(database.url(), mode, connections)) {
      RunningGateway one = gateway(pooler);
      RunningGateway two = gateway(pooler);
      for (int i = 0; i < 10; i++) {
        JsonObject codes = post(one, "code", "client_id=kaneo-cli");
        String poll =
            "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=kaneo-cli&device_code="
                + codes.getString("device_code");
        assertEquals("authorization_pending", post(two, "token", poll).getString("error"));
        database.execute(
            "UPDATE device_code SET status = 'approved', user_id = '%s' WHERE user_code = '%s'"
                .formatted(DemoSeed.USER_ID, codes.getString("user_code")));
        String token = post(one, "token", poll).getString("access_token");
        assertEquals(200, status(two, token).join());
      }
    }
  }

  @Test
  void statementsAreKeptPreparedOnlyByTheServersOwnConnections() throws Exception {
    RunningGateway gateway = RunningGateway.start(database, kaneo.port());
    gateways.add(gateway);
    assertEquals(1, kept(gateway, database.url()));
    try (PgBouncer pooler = new PgBouncer(database.url(), "transaction", 1)) {
      assertEquals(0, kept(gateway, pooler.url()));
    }
  }

  private static int kept(RunningGateway gateway, String url) {
    Pool pool = Database.pool(gateway.vertx(), new Settings.Database(url, 1));
    try {
      return RunningGateway.await(
          pool.preparedQuery("SELECT $1::int")
              .execute(Tuple.of(1))
              .compose(
                  done -> pool.query("SELECT count(*)::int FROM pg_prepared_statements").execute())
              .map(rows -> rows.iterator().next().getInteger(0)));
    } finally {
      RunningGateway.await(pool.close());
    }
  }

  private static CompletableFuture<Integer> status(RunningGateway gateway, String token) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + "/api/project"))
            .timeout(Duration.ofSeconds(20))
            .header("Authorization", "Bearer " + token)
            .build();
    return HTTP.sendAsync(request, HttpResponse.BodyHandlers.discarding())
        .thenApply(HttpResponse::statusCode);
  }

  private static JsonObject post(RunningGateway gateway, String what, String form) {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + gateway.port() + "/api/auth/device/" + what))
            .timeout(Duration.ofSeconds(20))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
    return new JsonObject(
        HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofString()).join().body());
  }
}
