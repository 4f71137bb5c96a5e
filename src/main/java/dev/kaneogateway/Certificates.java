package dev.kaneogateway;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;

/** Reads what operators want to know of a certificate. Blocks. */
final class Certificates {
  private Certificates() {}

  /** When the first certificate of a chain, the server's own, ends. */
  static Instant end(Path chain) throws IOException, CertificateException {
    try (InputStream in = Files.newInputStream(chain)) {
      X509Certificate own =
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
      return own.getNotAfter().toInstant();
    }
  }
}
