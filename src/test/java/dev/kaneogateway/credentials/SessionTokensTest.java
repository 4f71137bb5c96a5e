package dev.kaneogateway.credentials;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class SessionTokensTest {
  private static final String SECRET = "a-secret-of-at-least-thirty-two-characters";
  private final SessionTokens tokens = new SessionTokens(Optional.of(SECRET));

  @Test
  void aBareTokenIsItself() {
    assertEquals(Optional.of("abc"), tokens.bareToken("abc"));
  }

  @Test
  void aSignedTokenIsReadRawAndPercentEncoded() throws Exception {
    for (int i = 0; i < 50; i++) {
      String token = "token" + i;
      String signed = token + "." + sign(token);
      assertEquals(Optional.of(token), tokens.bareToken(signed));
      assertEquals(
          Optional.of(token), tokens.bareToken(URLEncoder.encode(signed, StandardCharsets.UTF_8)));
    }
  }

  @Test
  void aWrongSignatureMakesItNoToken() throws Exception {
    assertEquals(Optional.empty(), tokens.bareToken("other." + sign("token")));
    assertEquals(Optional.empty(), tokens.bareToken("token."));
    assertEquals(Optional.empty(), tokens.bareToken("." + sign("")));
  }

  @Test
  void withoutTheSecretTheSignatureIsLeftToKaneo() {
    assertEquals(
        Optional.of("token"), new SessionTokens(Optional.empty()).bareToken("token.whatever"));
  }

  @Test
  void whatPostgresqlCannotHoldIsNoToken() {
    SessionTokens unchecked = new SessionTokens(Optional.empty());
    assertEquals(Optional.empty(), unchecked.bareToken("to%00ken.whatever"));
    assertEquals(Optional.empty(), unchecked.bareToken("to\0ken"));
  }

  @Property
  void neverFails(@ForAll String presented) {
    assertNotNull(tokens.bareToken(presented));
  }

  private static String sign(String token) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    return Base64.getEncoder().encodeToString(mac.doFinal(token.getBytes(StandardCharsets.UTF_8)));
  }
}
