package dev.kaneogateway;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.Certificates;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate the gateway serves: taken up anew when its files change, and its end told to
 * operators. Safe from any thread.
 */
final class CertificateWatch {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateWatch.class);

  private final Vertx vertx;
  private final Clock clock;
  private final Supplier<Future<?>> serveAnew;
  private boolean underWay;
  private boolean onceMore;
  private volatile double end = Double.NaN;

  /**
   * @param serveAnew has what is in the files now served, and fails if it cannot be used
   */
  CertificateWatch(
      Vertx vertx, GatewayMetrics metrics, Clock clock, Supplier<Future<?>> serveAnew) {
    this.vertx = vertx;
    this.clock = clock;
    this.serveAnew = serveAnew;
    metrics.gauge(
        "tls_certificate_expiry_timestamp_seconds",
        "When the certificate in use ends; not a number without TLS.",
        () -> end);
  }

  /** Begins to watch; does nothing without TLS. */
  void watch(Settings.Server server) {
    server
        .tls()
        .ifPresent(
            tls -> {
              note(tls.certificate());
              new FileWatch(List.of(tls.certificate(), tls.key()))
                  .start(vertx, server.reload(), () -> takeUp(tls));
            });
  }

  /**
   * Has what is in the files now served, if it can be used. Asked for while that is under way it
   * happens once more, however often: signals come faster than certificates are read, and what
   * piled up would hold a stop.
   */
  void takeUp(Settings.Tls tls) {
    synchronized (this) {
      onceMore = underWay;
      if (underWay) {
        return;
      }
      underWay = true;
    }
    serveAnew
        .get()
        .onSuccess(taken -> LOG.info("the changed certificate is in use"))
        .onSuccess(taken -> note(tls.certificate()))
        .onFailure(
            e ->
                LOG.error(
                    "the changed certificate cannot be used, the old one stays: {}",
                    e.getMessage()))
        .onComplete(done -> ended(tls));
  }

  private void ended(Settings.Tls tls) {
    boolean again;
    synchronized (this) {
      underWay = false;
      again = onceMore;
    }
    if (again) {
      takeUp(tls);
    }
  }

  private void note(Path certificate) {
    vertx
        .executeBlocking(
            () -> {
              Certificates.Validity validity = Certificates.validity(certificate);
              end = validity.end().getEpochSecond();
              tellUnlessItHolds(validity);
              return null;
            })
        // It may be gone again, which the next look finds.
        .onFailure(e -> LOG.warn("the end of the certificate cannot be read: {}", e.toString()));
  }

  private void tellUnlessItHolds(Certificates.Validity validity) {
    Instant now = clock.instant();
    if (now.isBefore(validity.beginning())) {
      LOG.error(
          "clients refuse the certificate in use, which does not hold before {}:"
              + " set this machine's clock, or give one that holds by now",
          validity.beginning());
    } else if (now.isAfter(validity.end())) {
      LOG.error(
          "clients refuse the certificate in use, which ended at {}:"
              + " renew it; a changed file is taken up by itself",
          validity.end());
    }
  }
}
