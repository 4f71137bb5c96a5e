package dev.kaneogateway.web;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a form must bring back to prove that this gateway (or its sibling) showed it to this very
 * session, for this very purpose. HMAC-SHA256; nothing is stored, and a new session makes all old
 * seals void.
 */
public final class Seals {
  private final SecretKeySpec key;

  public Seals(String secret) {
    this.key = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
  }

  /** A seal on a purpose and its details, bound to a session. */
  public String seal(String sessionId, String... purpose) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      // Lengths keep ("ab", "c") apart from ("a", "bc").
      mac.update((sessionId.length() + ":" + sessionId).getBytes(StandardCharsets.UTF_8));
      for (String part : purpose) {
        mac.update((part.length() + ":" + part).getBytes(StandardCharsets.UTF_8));
      }
      return Base64.getUrlEncoder().withoutPadding().encodeToString(mac.doFinal());
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  /** Whether a seal is the one on this purpose and session. */
  public boolean holds(String seal, String sessionId, String... purpose) {
    return MessageDigest.isEqual(
        seal.getBytes(StandardCharsets.UTF_8),
        seal(sessionId, purpose).getBytes(StandardCharsets.UTF_8));
  }
}
