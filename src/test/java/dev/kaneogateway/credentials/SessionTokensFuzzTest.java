package dev.kaneogateway.credentials;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** No bytes but a right signature pass for a signed token. */
class SessionTokensFuzzTest {

  private static final SessionTokens TOKENS =
      new SessionTokens(Optional.of("fuzz-secret-of-more-than-32-characters"));

  @FuzzTest(maxDuration = "5m")
  void noBytesPassForASignature(byte[] bytes) {
    String presented = new String(bytes, StandardCharsets.ISO_8859_1);
    Optional<String> bare = TOKENS.bareToken(presented);
    assertTrue(bare.isEmpty() || presented.indexOf('.') < 0);
  }
}
