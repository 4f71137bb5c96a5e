package dev.kaneogateway.device;

import java.security.SecureRandom;

/** Makes codes, ids and tokens nobody can guess (RFC 8628 §5.2): unbiased picks of a CSPRNG. */
final class RandomCodes {
  private static final String ALPHANUMERIC =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  private final SecureRandom random = new SecureRandom();

  /** 40 characters, 238 bits, as long as Kaneo's. */
  String deviceCode() {
    return pick(ALPHANUMERIC, 40);
  }

  String userCode() {
    return pick(UserCode.ALPHABET, UserCode.LENGTH);
  }

  /** 32 characters, as Kaneo's ids and session tokens have. */
  String id() {
    return pick(ALPHANUMERIC, 32);
  }

  private String pick(String alphabet, int length) {
    StringBuilder picked = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      picked.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return picked.toString();
  }
}
