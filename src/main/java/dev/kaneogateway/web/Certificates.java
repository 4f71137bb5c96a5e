package dev.kaneogateway.web;

import dev.kaneogateway.config.Settings;
import io.vertx.core.Vertx;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.X509KeyManager;

/** Reads certificates in files. Blocks. */
public final class Certificates {
  /** The setting with the certificate's file. */
  public static final String CERTIFICATE = "GATEWAY_TLS_CERT";

  private static final String KEY = "GATEWAY_TLS_KEY";

  private static final Pattern CERTIFICATES =
      Pattern.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Pattern.DOTALL);

  /** The kinds of keys that Vert.x reads. */
  private static final List<String> KEYS = List.of("RSA", "EC");

  private Certificates() {}

  /**
   * When a chain holds: clients refuse it whole before the last beginning in it and after the first
   * end.
   */
  public record Validity(Instant beginning, Instant end) {}

  /** When the chain in a file holds. */
  public static Validity validity(Path chain) throws IOException, CertificateException {
    List<X509Certificate> all = read(chain);
    if (all.isEmpty()) {
      throw new CertificateException("no certificate in " + chain);
    }
    return new Validity(
        Collections.max(all, Comparator.comparing(X509Certificate::getNotBefore))
            .getNotBefore()
            .toInstant(),
        Collections.min(all, Comparator.comparing(X509Certificate::getNotAfter))
            .getNotAfter()
            .toInstant());
  }

  /** As a server reads them: it passes over a key that stands in the same file. */
  private static List<X509Certificate> read(Path chain) throws IOException, CertificateException {
    String certificates =
        CERTIFICATES
            .matcher(Files.readString(chain, StandardCharsets.ISO_8859_1))
            .results()
            .map(MatchResult::group)
            .collect(Collectors.joining("\n"));
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(
            new ByteArrayInputStream(certificates.getBytes(StandardCharsets.ISO_8859_1)))
        .stream()
        .map(X509Certificate.class::cast)
        .toList();
  }

  /** The options of a server with this certificate. */
  public static PemKeyCertOptions options(Settings.Tls tls) {
    return new PemKeyCertOptions()
        .setCertPaths(List.of(tls.certificate().toString()))
        .setKeyPaths(List.of(tls.key().toString()));
  }

  /**
   * Why a server cannot use a setting's file.
   *
   * @param setting the name of the setting
   * @param found the file, and what is wrong with it
   * @param mend what to put there
   */
  public record Fault(String setting, String found, String mend) {
    @Override
    public String toString() {
      return setting + ": " + found + "; " + mend;
    }
  }

  /** What keeps a server from using these files; empty if nothing does. */
  public static Optional<Fault> fault(Vertx vertx, Settings.Tls tls) {
    try {
      // Reads the certificate as a server does, but alone, so that it is known which file it is.
      new PemTrustOptions().addCertPath(tls.certificate().toString()).getTrustManagerFactory(vertx);
      List<X509Certificate> chain = read(tls.certificate());
      String algorithm = chain.get(0).getPublicKey().getAlgorithm();
      if (!KEYS.contains(algorithm)) {
        return Optional.of(
            new Fault(
                CERTIFICATE,
                tls.certificate() + " was made for a key of the kind " + algorithm,
                "give one that was made for an RSA or EC key, and that key"));
      }
      if (!inOrder(chain)) {
        return Optional.of(
            new Fault(
                CERTIFICATE,
                tls.certificate()
                    + " is no chain (a certificate is not followed by its issuer's, or is there twice)",
                "put the server's own certificate first, then the one that signed it, and so on"));
      }
    } catch (Exception e) {
      return Optional.of(
          new Fault(
              CERTIFICATE,
              tls.certificate() + " is no certificate (" + reason(e) + ")",
              "give the chain as PEM, the server's own certificate first"));
    }
    try {
      return belongTogether(vertx, tls)
          ? Optional.empty()
          : Optional.of(
              new Fault(
                  KEY,
                  tls.key() + " is not the key of " + tls.certificate(),
                  "give the key that the certificate was made for"));
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      return Optional.of(
          new Fault(
              KEY,
              tls.key()
                  + " is no key that can be used ("
                  + (isEncrypted(tls.key()) ? "it is encrypted" : reason(e))
                  + ")",
              "give the certificate's key, RSA or EC, as PEM without a password, as \"openssl pkey -in KEY\" prints it"));
    }
  }

  /**
   * As the JDK's stores of keys want it, which say of another no more than that it is not valid.
   */
  private static boolean inOrder(List<X509Certificate> chain) {
    return Set.copyOf(chain).size() == chain.size()
        && IntStream.range(1, chain.size())
            .allMatch(
                at ->
                    chain
                        .get(at - 1)
                        .getIssuerX500Principal()
                        .equals(chain.get(at).getSubjectX500Principal()));
  }

  /** In either of the forms that OpenSSL writes. */
  private static boolean isEncrypted(Path key) {
    try {
      String text = Files.readString(key, StandardCharsets.ISO_8859_1);
      return text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
          || text.contains("Proc-Type: 4,ENCRYPTED");
    } catch (IOException gone) {
      return false;
    }
  }

  private static String reason(Exception failure) {
    String message = failure.getMessage();
    return message == null
        ? failure.getClass().getSimpleName()
        : message.lines().findFirst().orElse("");
  }

  /**
   * Whether the key is the one that the certificate was made for; a server with another fails each
   * handshake.
   */
  private static boolean belongTogether(Vertx vertx, Settings.Tls tls)
      throws IOException, GeneralSecurityException {
    for (KeyManager each : keyManagers(vertx, tls)) {
      if (each instanceof X509KeyManager manager) {
        for (String algorithm : KEYS) {
          String[] aliases = manager.getServerAliases(algorithm, null);
          if (aliases != null && aliases.length > 0) {
            return signs(
                manager.getPrivateKey(aliases[0]),
                manager.getCertificateChain(aliases[0])[0].getPublicKey());
          }
        }
      }
    }
    // Of a kind that cannot be tried here; a handshake will tell.
    return true;
  }

  private static KeyManager[] keyManagers(Vertx vertx, Settings.Tls tls)
      throws IOException, GeneralSecurityException {
    try {
      return options(tls).getKeyManagerFactory(vertx).getKeyManagers();
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new GeneralSecurityException(e);
    }
  }

  private static boolean signs(PrivateKey key, PublicKey certified)
      throws GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    byte[] message = {1, 2, 3};
    Signature signing = Signature.getInstance(algorithm);
    signing.initSign(key);
    signing.update(message);
    byte[] signature = signing.sign();
    Signature verifying = Signature.getInstance(algorithm);
    try {
      verifying.initVerify(certified);
      verifying.update(message);
      return verifying.verify(signature);
    } catch (SignatureException | InvalidKeyException e) {
      return false;
    }
  }
}
