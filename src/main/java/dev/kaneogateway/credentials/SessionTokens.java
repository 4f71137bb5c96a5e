package dev.kaneogateway.credentials;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Reads session tokens as Better Auth does: bare, or signed as {@code token.signature} where the
 * signature is the base64 of HMAC-SHA256 under Kaneo's secret, raw or percent-encoded. Safe from
 * any thread.
 */
public final class SessionTokens {
  private final Optional<SecretKeySpec> secret;

  public SessionTokens(Optional<String> secret) {
    this.secret =
        secret.map(s -> new SecretKeySpec(s.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
  }

  /** Whether signatures can be checked here; without the secret that is left to Kaneo. */
  public boolean checksSignatures() {
    return secret.isPresent();
  }

  /**
   * The bare token to look up, or nothing if the signature is wrong. None has a NUL, which
   * PostgreSQL takes in no text: it would refuse every question asked together with that one.
   */
  public Optional<String> bareToken(String presented) {
    return read(presented).filter(token -> token.indexOf('\0') < 0);
  }

  private Optional<String> read(String presented) {
    if (presented.indexOf('.') < 0) {
      return Optional.of(presented);
    }
    String[] parts = percentDecoded(presented).split("\\.", -1);
    if (parts.length < 2 || parts[0].isEmpty()) {
      return Optional.empty();
    }
    boolean holds = secret.isEmpty() || isSignature(secret.get(), parts[0], parts[1]);
    return holds ? Optional.of(parts[0]) : Optional.empty();
  }

  /** A token as Kaneo signs it for its cookie; nothing without the secret. */
  public Optional<String> signed(String token) {
    return secret.map(
        key -> token + "." + Base64.getEncoder().encodeToString(signature(key, token)));
  }

  private static boolean isSignature(SecretKeySpec secret, String token, String signature) {
    byte[] given;
    try {
      given =
          Base64.getUrlDecoder()
              .decode(signature.replace('+', '-').replace('/', '_').replaceAll("=+$", ""));
    } catch (IllegalArgumentException e) {
      return false;
    }
    return MessageDigest.isEqual(signature(secret, token), given);
  }

  private static byte[] signature(SecretKeySpec secret, String token) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(secret);
      return mac.doFinal(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  private static String percentDecoded(String presented) {
    if (presented.indexOf('%') < 0) {
      return presented;
    }
    try {
      // decodeURIComponent leaves a plus sign alone; URLDecoder would not.
      return URLDecoder.decode(presented.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return presented;
    }
  }
}
