package dev.kaneogateway.device;

import java.text.Normalizer;
import java.util.Locale;

/**
 * The code a person types (RFC 8628 §6.1): eight letters and digits of an alphabet without
 * look-alikes, stored bare, shown with a dash, read in any case with any punctuation.
 */
public final class UserCode {
  /** Thirty-two of them, so that five random bits pick one without bias. */
  static final String ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

  static final int LENGTH = 8;

  private UserCode() {}

  /** What a person typed, as it is stored; of another length if it cannot be a code. */
  public static String normalize(String typed) {
    String shortened = typed.length() > 256 ? typed.substring(0, 256) : typed;
    String folded = Normalizer.normalize(shortened, Normalizer.Form.NFKC).toUpperCase(Locale.ROOT);
    StringBuilder code = new StringBuilder(LENGTH);
    for (int i = 0; i < folded.length(); i++) {
      if (ALPHABET.indexOf(folded.charAt(i)) >= 0) {
        code.append(folded.charAt(i));
      }
    }
    return code.toString();
  }

  /** Whether a normalized text has the length of a code. */
  public static boolean isComplete(String normalized) {
    return normalized.length() == LENGTH;
  }

  /** As it is shown: {@code ABCD-EFGH}. */
  public static String display(String code) {
    return code.length() == LENGTH
        ? code.substring(0, LENGTH / 2) + "-" + code.substring(LENGTH / 2)
        : code;
  }
}
