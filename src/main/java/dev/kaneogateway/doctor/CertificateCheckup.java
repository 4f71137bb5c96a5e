package dev.kaneogateway.doctor;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.web.Certificates;
import dev.kaneogateway.web.OwnRequests;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The certificates people meet: the gateway's own files, and what is served at the public URL. */
final class CertificateCheckup implements Doctor.Checkup {
  /** Renewal is due a month before the end; two weeks before, somebody has to look. */
  private static final Duration SOON = Duration.ofDays(14);

  private static final String WHY =
      "browsers and clients refuse to talk to a server without a valid one.";

  private final Vertx vertx;
  private final HttpClient client;
  private final Settings settings;
  private final Clock clock;

  CertificateCheckup(Vertx vertx, HttpClient client, Settings settings, Clock clock) {
    this.vertx = vertx;
    this.client = client;
    this.settings = settings;
    this.clock = clock;
  }

  @Override
  public Future<List<Finding>> findings() {
    List<Finding> findings = new ArrayList<>();
    settings.server().tls().ifPresent(tls -> findings.addAll(ofFiles(tls)));
    URI url = settings.kaneo().publicUrl();
    if (!"https".equals(url.getScheme())) {
      return Future.succeededFuture(findings);
    }
    return client
        .request(OwnRequests.to(url, HttpMethod.GET, "/", Doctor.PATIENCE))
        .map(
            request -> {
              try {
                List<Certificate> chain = request.connection().peerCertificates();
                X509Certificate served = (X509Certificate) chain.get(0);
                return life(
                    "certificate.served",
                    new Certificates.Validity(
                        served.getNotBefore().toInstant(), served.getNotAfter().toInstant()));
              } catch (javax.net.ssl.SSLPeerUnverifiedException e) {
                return Finding.problem("certificate.served", "none", WHY, "serve one at " + url);
              } finally {
                request.reset();
              }
            })
        .otherwise(
            failure ->
                Finding.warning(
                    "certificate.served",
                    url + " cannot be reached from here (" + Doctor.reason(failure) + ")",
                    "so the certificate that people meet cannot be looked at.",
                    "run check where that address can be reached."))
        .map(
            served -> {
              findings.add(served);
              return findings;
            });
  }

  private List<Finding> ofFiles(Settings.Tls tls) {
    Optional<Certificates.Fault> fault = Certificates.fault(vertx, tls);
    if (fault.isPresent() && fault.get().setting().equals(Certificates.CERTIFICATE)) {
      return List.of(problem("certificate", fault.get()));
    }
    return List.of(
        lifeOf(tls.certificate()),
        fault
            .map(of -> problem("certificate.key", of))
            .orElse(Finding.ok("certificate.key", "belongs to the certificate")));
  }

  private static Finding problem(String part, Certificates.Fault fault) {
    return Finding.problem(
        part, fault.found(), WHY, "in " + fault.setting() + ", " + fault.mend() + ".");
  }

  private Finding lifeOf(Path file) {
    try {
      return life("certificate", Certificates.validity(file));
    } catch (IOException | GeneralSecurityException e) {
      return Finding.warning(
          "certificate",
          "the end of " + file + " cannot be read (" + Doctor.reason(e) + ")",
          "nobody is told in time that it ends.",
          "keep nothing but certificates in the file of GATEWAY_TLS_CERT.");
    }
  }

  private Finding life(String part, Certificates.Validity validity) {
    Instant end = validity.end();
    Instant now = clock.instant();
    if (now.isBefore(validity.beginning())) {
      return Finding.problem(
          part,
          "does not hold before " + validity.beginning(),
          WHY,
          "set this machine's clock, or give one that holds by now.");
    }
    Duration left = Duration.between(now, end);
    if (left.isNegative()) {
      return Finding.problem(
          part,
          "ended " + -left.toDays() + " days ago",
          WHY,
          "renew it; a changed file is taken up by itself.");
    }
    String found = "holds for " + left.toDays() + " days more";
    return left.compareTo(SOON) < 0
        ? Finding.warning(part, found, WHY, "see why it was not renewed yet.")
        : Finding.ok(part, found);
  }
}
