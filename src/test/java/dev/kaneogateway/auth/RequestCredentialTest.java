package dev.kaneogateway.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.vertx.core.MultiMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestCredentialTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"Bearer abc", "bearer abc", "BEARER   abc", "Bearer\tabc", " Bearer abc "})
  void aBearerIsReadInAnyCase(String authorization) {
    assertEquals(new RequestCredential.Bearer("abc", ""), of("Authorization", authorization));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Bearer", "Bearer ", "Bearer a b", "Bearer-a b", "Bearer=x", "Bearer:abc"})
  void aBearerThatIsNoneIsMalformedWhateverStandsBesideIt(String authorization) {
    assertEquals(
        new RequestCredential.Malformed(),
        of("Authorization", authorization, "x-api-key", "good", "Cookie", "a=b"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearerx abc", "Bearer1", "Bearer_ a", "Basic YTpi", ""})
  void anotherSchemeIsLeftAside(String authorization) {
    assertEquals(
        new RequestCredential.Cookie(), of("Authorization", authorization, "Cookie", "a=b"));
    assertEquals(new RequestCredential.None(), of("Authorization", authorization));
    assertEquals(
        new RequestCredential.ApiKey("k"), of("Authorization", authorization, "x-api-key", " k "));
  }

  @Test
  void repeatedFieldsCountAsOneWithCommas() {
    assertEquals(
        new RequestCredential.Malformed(),
        of("Authorization", "Bearer a", "Authorization", "Bearer b"));
    assertEquals(new RequestCredential.ApiKey("a, b"), of("x-api-key", "a", "x-api-key", "b"));
  }

  @Test
  void aKeyBesideABearerIsKept() {
    assertEquals(
        new RequestCredential.Bearer("a", "k"), of("Authorization", "Bearer a", "x-api-key", "k"));
  }

  @Property
  void neverFailsAndNeverPrintsACredential(@ForAll String authorization, @ForAll String key) {
    RequestCredential credential = of("Authorization", authorization, "x-api-key", key);
    assertNotNull(credential);
    if (credential instanceof RequestCredential.Bearer bearer && bearer.token().length() > 6) {
      assertFalse(credential.toString().contains(bearer.token()));
    }
  }

  private static RequestCredential of(String... pairs) {
    MultiMap headers = MultiMap.caseInsensitiveMultiMap();
    for (int i = 0; i < pairs.length; i += 2) {
      headers.add(pairs[i], pairs[i + 1]);
    }
    return RequestCredential.of(headers);
  }
}
