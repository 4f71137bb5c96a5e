package dev.kaneogateway.db;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Vertx;
import io.vertx.core.net.SelfSignedCertificate;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Pool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A PostgreSQL that speaks TLS, with a certificate that nobody but a file vouches for. */
@ExtendWith(VertxExtension.class)
class DatabaseTlsIT {
  private static final SelfSignedCertificate CERTIFICATE =
      SelfSignedCertificate.create("localhost");

  private static TestDatabase database;

  @BeforeAll
  static void speakTls() throws IOException {
    database = TestDatabase.createEmpty();
    String directory = database.query("SHOW data_directory");
    writeAsServer(CERTIFICATE.certificatePath(), directory + "/tls.crt");
    writeAsServer(CERTIFICATE.privateKeyPath(), directory + "/tls.key");
    for (String setting :
        List.of(
            "ssl_cert_file = 'tls.crt'",
            "ssl_key_file = 'tls.key'",
            "ssl_ca_file = 'tls.crt'",
            "ssl = on")) {
      database.execute("ALTER SYSTEM SET " + setting);
    }
    database.execute("SELECT pg_reload_conf()");
    Await.until("TLS", () -> database.query("SHOW ssl").equals("on"));
  }

  @AfterAll
  static void stop() {
    CERTIFICATE.delete();
    database.execute("ALTER SYSTEM RESET ssl");
    database.execute("SELECT pg_reload_conf()");
  }

  /** Only the server's own user may read its key. */
  private static void writeAsServer(String from, String to) throws IOException {
    database.execute(
        "COPY (SELECT unnest(string_to_array($$%s$$, E'\\n'))) TO PROGRAM 'umask 077; cat > %s'"
            .formatted(Files.readString(Path.of(from)), to));
  }

  @ParameterizedTest
  @CsvSource({
    "'',f",
    "ssl=true,t",
    "ssl=no-verify,t",
    "sslrootcert=FILE,t",
    "sslmode=disable,f",
    "sslmode=prefer,t",
    "sslmode=require,t",
    "sslmode=no-verify,t",
    "sslmode=verify-ca&sslrootcert=FILE,t",
    "sslmode=verify-full&sslrootcert=FILE,t",
    "sslmode=require&channel_binding=require,t"
  })
  void theModeOfTheUrlDecidesWhetherTheConnectionIsEncrypted(
      String parameters, String encrypted, Vertx vertx) {
    assertEquals(encrypted, ssl(vertx, "localhost", parameters));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost?sslmode=verify-ca",
        "localhost?sslmode=verify-full",
        "127.0.0.1?sslrootcert=FILE",
        "localhost?sslcert=FILE",
        "127.0.0.1?sslmode=verify-full&sslrootcert=FILE"
      })
  void whomNobodyVouchesForIsNotTrusted(String place, Vertx vertx) {
    String[] parts = place.split("\\?");
    assertThrows(AssertionError.class, () -> ssl(vertx, parts[0], parts[1]));
  }

  /** As where PostgreSQL lets in only who has one. */
  @Test
  void theCertificateOfTheUrlIsShownToTheServer(Vertx vertx) {
    String shown = "sslmode=require&sslcert=FILE&sslkey=" + CERTIFICATE.privateKeyPath();
    assertEquals("t", ssl(vertx, "localhost", shown, "client_dn IS NOT NULL"));
  }

  private static String ssl(Vertx vertx, String host, String parameters) {
    return ssl(vertx, host, parameters, "ssl");
  }

  private static String ssl(Vertx vertx, String host, String parameters, String asked) {
    String url =
        database.url().replaceFirst("(127\\.0\\.0\\.1|localhost)", host)
            + "?"
            + parameters.replace("FILE", CERTIFICATE.certificatePath());
    Pool pool = Database.pool(vertx, new Settings.Database(url, 1));
    return RunningGateway.await(
        // The first TLS of a JVM on a busy machine may take all of a connection's time.
        Database.repeatable(
                vertx,
                () ->
                    pool.query("SELECT " + asked + " FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                        .execute())
            .map(rows -> rows.iterator().next().getBoolean(0) ? "t" : "f")
            .eventually(pool::close));
  }
}
