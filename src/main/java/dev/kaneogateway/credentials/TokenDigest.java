package dev.kaneogateway.credentials;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;

/**
 * The SHA-256 of a token, which stands for it wherever the token itself has no business: in the
 * cache, and in Kaneo's {@code apikey.key}.
 */
public record TokenDigest(long a, long b, long c, long d) {
  private static final ThreadLocal<MessageDigest> SHA_256 =
      ThreadLocal.withInitial(
          () -> {
            try {
              return MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
              throw new IllegalStateException("every Java platform has SHA-256", e);
            }
          });

  public static TokenDigest of(String token) {
    ByteBuffer digest =
        ByteBuffer.wrap(SHA_256.get().digest(token.getBytes(StandardCharsets.UTF_8)));
    return new TokenDigest(digest.getLong(), digest.getLong(), digest.getLong(), digest.getLong());
  }

  /** Reads the form in which Kaneo stores it; nothing if it is no such digest. */
  static Optional<TokenDigest> ofBase64Url(String text) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
      return bytes.remaining() == 32
          ? Optional.of(
              new TokenDigest(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong()))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The form in which Kaneo stores it: base64url without padding. */
  public String base64Url() {
    byte[] bytes = ByteBuffer.allocate(32).putLong(a).putLong(b).putLong(c).putLong(d).array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** A digest is as good as random: any part of it is a hash. */
  @Override
  public int hashCode() {
    return (int) a;
  }

  /** Not even a digest is printed. */
  @Override
  public String toString() {
    return "TokenDigest";
  }
}
