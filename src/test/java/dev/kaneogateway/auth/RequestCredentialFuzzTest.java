package dev.kaneogateway.auth;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;

/**
 * Whatever a client puts into its credential fields is some credential, and no token has a space.
 */
class RequestCredentialFuzzTest {

  @FuzzTest(maxDuration = "5m")
  void isAlwaysSomeCredential(byte[] bytes) {
    String[] parts = new String(bytes, StandardCharsets.ISO_8859_1).split("\n", 4);
    String[] names = {"authorization", "x-api-key", "cookie", "authorization"};
    MultiMap headers = MultiMap.caseInsensitiveMultiMap();
    for (int i = 0; i < parts.length; i++) {
      headers.add(names[i], parts[i]);
    }
    RequestCredential credential = RequestCredential.of(headers);
    if (credential instanceof RequestCredential.Bearer bearer) {
      assertTrue(!bearer.token().isEmpty() && bearer.token().indexOf(' ') < 0);
    }
  }
}
