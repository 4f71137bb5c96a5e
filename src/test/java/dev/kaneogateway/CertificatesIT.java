package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.Certificates;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.SelfSignedCertificate;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The end of the served certificate, from real files. */
@ExtendWith(VertxExtension.class)
class CertificatesIT {
  private static final String METRIC = "kaneo_gateway_tls_certificate_expiry_timestamp_seconds ";

  @Test
  void theChainEndsWithTheFirstOfItsCertificates(@TempDir Path directory) throws Exception {
    String week = made(directory, "week", 7);
    String year = made(directory, "year", 365);
    Path chain = Files.writeString(directory.resolve("chain.pem"), year + week);
    Instant expected = Instant.now().plus(7, ChronoUnit.DAYS);
    Duration off = Duration.between(Certificates.validity(chain).end(), expected).abs();
    assertTrue(off.toMinutes() < 5, () -> "off by " + off);
  }

  /** As HAProxy wants them. */
  @Test
  void theEndIsFoundBehindAKeyInTheSameFile(@TempDir Path directory) throws Exception {
    SelfSignedCertificate sound = SelfSignedCertificate.create("localhost");
    Path certificate = Path.of(sound.certificatePath());
    Path both =
        Files.writeString(
            directory.resolve("both.pem"),
            Files.readString(Path.of(sound.privateKeyPath())) + Files.readString(certificate));
    assertEquals(Certificates.validity(certificate).end(), Certificates.validity(both).end());
  }

  @Test
  void aFileWithoutACertificateIsSaidToBeOne(@TempDir Path directory) throws Exception {
    Path empty = Files.createFile(directory.resolve("empty.pem"));
    String message =
        assertThrows(CertificateException.class, () -> Certificates.validity(empty).end())
            .getMessage();
    assertEquals("no certificate in " + empty, message);
  }

  @Test
  void aKeyBelongsToTheCertificateItWasMadeFor(Vertx vertx) throws Exception {
    SelfSignedCertificate one = SelfSignedCertificate.create("localhost");
    SelfSignedCertificate other = SelfSignedCertificate.create("localhost");
    assertEquals(Optional.empty(), Certificates.fault(vertx, tls(one, one)));
    assertTrue(Certificates.fault(vertx, tls(one, other)).isPresent());
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly()) {
      AssertionError refused =
          assertThrows(
              AssertionError.class,
              () ->
                  RunningGateway.start(
                      TestDatabase.createEmpty(),
                      kaneo.port(),
                      "GATEWAY_TLS_CERT",
                      one.certificatePath(),
                      "GATEWAY_TLS_KEY",
                      other.privateKeyPath()));
      assertTrue(refused.getMessage().contains("is not the key of"), refused.getMessage());
    }
  }

  @Test
  void aFileThatCannotBeUsedIsNamedWithItsSettingAndARemedy(Vertx vertx, @TempDir Path directory)
      throws Exception {
    SelfSignedCertificate sound = SelfSignedCertificate.create("localhost");
    Path certificate = Path.of(sound.certificatePath());
    Path key = Path.of(sound.privateKeyPath());
    Path empty = Files.createFile(directory.resolve("empty.pem"));
    Path junk = Files.writeString(directory.resolve("junk.pem"), "junk");
    Path encrypted =
        Files.writeString(
            directory.resolve("encrypted.pem"),
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIFLTBX\n-----END ENCRYPTED PRIVATE KEY-----\n");
    Path broken =
        Files.writeString(
            directory.resolve("broken.pem"),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    for (Path bad : List.of(empty, junk, encrypted, broken, certificate)) {
      String line =
          Certificates.fault(vertx, new Settings.Tls(certificate, bad)).orElseThrow().toString();
      assertTrue(line.startsWith("GATEWAY_TLS_KEY: " + bad + " is no key"), line);
      assertTrue(line.contains("without a password") && line.lines().count() == 1, line);
    }
    for (Path bad : List.of(empty, junk, key)) {
      String line = Certificates.fault(vertx, new Settings.Tls(bad, key)).orElseThrow().toString();
      assertTrue(line.startsWith("GATEWAY_TLS_CERT: " + bad + " is no certificate"), line);
    }
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly()) {
      AssertionError refused =
          assertThrows(
              AssertionError.class,
              () ->
                  RunningGateway.start(
                      TestDatabase.createEmpty(),
                      kaneo.port(),
                      "GATEWAY_TLS_CERT",
                      certificate.toString(),
                      "GATEWAY_TLS_KEY",
                      encrypted.toString()));
      assertTrue(
          refused.getMessage().contains("GATEWAY_TLS_KEY: " + encrypted), refused.getMessage());
    }
  }

  @Test
  void anEncryptedKeyIsSaidToBeOne(Vertx vertx, @TempDir Path directory) throws Exception {
    Path certificate = Path.of(SelfSignedCertificate.create("localhost").certificatePath());
    for (String text :
        List.of(
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,F6\n\n"
                + "MIIF\n-----END RSA PRIVATE KEY-----\n")) {
      Path key = Files.writeString(directory.resolve("key.pem"), text);
      String line =
          Certificates.fault(vertx, new Settings.Tls(certificate, key)).orElseThrow().toString();
      assertTrue(line.contains("(it is encrypted)"), line);
    }
  }

  @Test
  void aCertificateForAKeyOfAnotherKindIsToldWithTheKindsThatServe(
      Vertx vertx, @TempDir Path directory) throws Exception {
    made(directory, "ed", 7, "Ed25519");
    Path certificate = directory.resolve("ed.pem");
    String line =
        Certificates.fault(vertx, new Settings.Tls(certificate, certificate))
            .orElseThrow()
            .toString();
    assertTrue(line.startsWith("GATEWAY_TLS_CERT: " + certificate + " was made for"), line);
    assertTrue(line.contains("RSA or EC"), line);
  }

  @Test
  void aChainOutOfOrderIsNotBlamedOnTheKey(Vertx vertx, @TempDir Path directory) throws Exception {
    SelfSignedCertificate sound = SelfSignedCertificate.create("localhost");
    SelfSignedCertificate other = SelfSignedCertificate.create("authority.test");
    Path chain =
        Files.writeString(
            directory.resolve("chain.pem"),
            Files.readString(Path.of(other.certificatePath()))
                + Files.readString(Path.of(sound.certificatePath())));
    String line =
        Certificates.fault(vertx, new Settings.Tls(chain, Path.of(sound.privateKeyPath())))
            .orElseThrow()
            .toString();
    assertTrue(line.startsWith("GATEWAY_TLS_CERT: " + chain + " is no chain"), line);
  }

  /** As when an authority's root is put behind a chain that has it already. */
  @Test
  void aChainWithACertificateTwiceIsNotBlamedOnTheKey(Vertx vertx, @TempDir Path directory)
      throws Exception {
    SelfSignedCertificate sound = SelfSignedCertificate.create("localhost");
    String root = Files.readString(Path.of(sound.certificatePath()));
    Path chain = Files.writeString(directory.resolve("chain.pem"), root + root);
    String line =
        Certificates.fault(vertx, new Settings.Tls(chain, Path.of(sound.privateKeyPath())))
            .orElseThrow()
            .toString();
    assertTrue(line.startsWith("GATEWAY_TLS_CERT: " + chain + " is no chain"), line);
  }

  private static Settings.Tls tls(SelfSignedCertificate of, SelfSignedCertificate key) {
    return new Settings.Tls(Path.of(of.certificatePath()), Path.of(key.privateKeyPath()));
  }

  @Test
  void theEndIsMeasuredAndFollowsARenewedFile(@TempDir Path directory) throws Exception {
    SelfSignedCertificate served = SelfSignedCertificate.create("localhost");
    Path key = Files.copy(Path.of(served.privateKeyPath()), directory.resolve("key.pem"));
    Path cert = Files.copy(Path.of(served.certificatePath()), directory.resolve("cert.pem"));
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.createEmpty(),
                kaneo.port(),
                "GATEWAY_TLS_CERT",
                cert.toString(),
                "GATEWAY_TLS_KEY",
                key.toString(),
                "GATEWAY_RELOAD_MS",
                "100")) {
      awaitEnd(gateway, Certificates.validity(cert).end());
      SelfSignedCertificate renewed = SelfSignedCertificate.create("localhost");
      String shorter = made(directory, "short", 3);
      Files.copy(
          Path.of(renewed.privateKeyPath()),
          key,
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      Files.writeString(cert, Files.readString(Path.of(renewed.certificatePath())) + shorter);
      awaitEnd(gateway, Certificates.validity(cert).end());
    }
  }

  @Test
  void whatIsAskedForWhileACertificateIsTakenUpHappensOnceMore(Vertx vertx) {
    SelfSignedCertificate one = SelfSignedCertificate.create("localhost");
    Settings.Tls tls =
        new Settings.Tls(Path.of(one.certificatePath()), Path.of(one.privateKeyPath()));
    List<Promise<Object>> begun = new ArrayList<>();
    CertificateWatch watch =
        new CertificateWatch(
            vertx,
            new GatewayMetrics(),
            Clock.systemUTC(),
            () -> {
              begun.add(Promise.promise());
              return begun.get(begun.size() - 1).future();
            });
    for (int signal = 0; signal < 100; signal++) {
      watch.takeUp(tls);
    }
    assertEquals(1, begun.size());
    begun.get(0).fail("half written");
    assertEquals(2, begun.size());
    begun.get(1).complete(null);
    assertEquals(2, begun.size());
    watch.takeUp(tls);
    assertEquals(3, begun.size());
  }

  @Test
  void aCertificateInUseThatClientsRefuseIsToldOf(Vertx vertx, @TempDir Path directory)
      throws Exception {
    made(directory, "week", 7);
    Path certificate = directory.resolve("week.pem");
    assertTrue(toldOf(vertx, certificate, Instant.EPOCH).contains("does not hold before"));
    String late = toldOf(vertx, certificate, Instant.now().plus(8, ChronoUnit.DAYS));
    assertTrue(late.contains("ended at " + Certificates.validity(certificate).end()), late);
  }

  @Test
  void aCertificateThatIsGoneOnceItWasTakenUpIsToldOfInALine(Vertx vertx, @TempDir Path directory)
      throws Exception {
    Path gone = directory.resolve("gone.pem");
    String line = toldOf(vertx, gone, Instant.now());
    assertTrue(line.startsWith("the end of the certificate cannot be read: "), line);
    assertTrue(line.contains("NoSuchFileException: " + gone), line);
  }

  /** The doubt about a certificate that is taken up at a time. */
  private static String toldOf(Vertx vertx, Path certificate, Instant now) {
    Logger log = (Logger) LoggerFactory.getLogger(CertificateWatch.class);
    List<String> told = new CopyOnWriteArrayList<>();
    AppenderBase<ILoggingEvent> doubts =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
              assertNull(event.getThrowableProxy());
              told.add(event.getFormattedMessage());
            }
          }
        };
    doubts.start();
    log.addAppender(doubts);
    try {
      new CertificateWatch(
              vertx,
              new GatewayMetrics(),
              Clock.fixed(now, ZoneOffset.UTC),
              Future::succeededFuture)
          .takeUp(new Settings.Tls(certificate, certificate));
      Await.until("told", () -> !told.isEmpty());
    } finally {
      log.detachAppender(doubts);
    }
    return told.get(0);
  }

  @Test
  void withoutTlsThereIsNoCertificateToTellOf() throws Exception {
    try (ScriptedUpstream kaneo = ScriptedUpstream.friendly();
        RunningGateway gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port())) {
      assertEquals(OptionalDouble.of(Double.NaN), measured(gateway));
    }
  }

  private static void awaitEnd(RunningGateway gateway, Instant end) throws IOException {
    long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    OptionalDouble measured;
    do {
      measured = measured(gateway);
    } while (measured.orElse(0) != end.getEpochSecond() && System.nanoTime() < patience);
    assertEquals(OptionalDouble.of(end.getEpochSecond()), measured);
  }

  private static OptionalDouble measured(RunningGateway gateway) {
    return gateway
        .metrics()
        .lines()
        .filter(line -> line.startsWith(METRIC))
        .mapToDouble(line -> Double.parseDouble(line.substring(METRIC.length())))
        .findFirst();
  }

  /** A certificate of so many days, made by the JDK's own tool, as PEM. */
  private static String made(Path directory, String name, int days) throws Exception {
    return made(directory, name, days, "EC");
  }

  private static String made(Path directory, String name, int days, String algorithm)
      throws Exception {
    Path store = directory.resolve(name + ".p12");
    keytool(
        "-genkeypair",
        "-keystore",
        store.toString(),
        "-storepass",
        "changeit",
        "-alias",
        name,
        "-keyalg",
        algorithm,
        "-dname",
        "CN=localhost",
        "-validity",
        Integer.toString(days));
    Path pem = directory.resolve(name + ".pem");
    keytool(
        "-exportcert",
        "-rfc",
        "-keystore",
        store.toString(),
        "-storepass",
        "changeit",
        "-alias",
        name,
        "-file",
        pem.toString());
    return Files.readString(pem);
  }

  private static void keytool(String... arguments) throws Exception {
    java.util.List<String> line = new java.util.ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    line.addAll(java.util.List.of(arguments));
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), output);
  }
}
