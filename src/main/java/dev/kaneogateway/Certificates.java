package dev.kaneogateway;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;

/** Reads what operators want to know of a certificate. Blocks. */
final class Certificates {
  private Certificates() {}

  /** The first end in a chain: clients refuse it whole from then on. */
  static Instant end(Path chain) throws IOException, CertificateException {
    try (InputStream in = Files.newInputStream(chain)) {
      Instant first = Instant.MAX;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        Instant ends = ((X509Certificate) each).getNotAfter().toInstant();
        first = ends.isBefore(first) ? ends : first;
      }
      if (first.equals(Instant.MAX)) {
        throw new CertificateException("no certificate in " + chain);
      }
      return first;
    }
  }
}
