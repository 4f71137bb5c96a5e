package dev.kaneogateway.oauth;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vertx.core.buffer.Buffer;

/** A body of any bytes is parameters or an error that can be told. */
class ParametersFuzzTest {

  @FuzzTest(maxDuration = "5m")
  void isParametersOrAnError(byte[] bytes) {
    Buffer body = Buffer.buffer(bytes);
    for (String type :
        new String[] {"application/json", "application/x-www-form-urlencoded; charset=UTF-8"}) {
      try {
        Parameters read = Parameters.read(type, body);
        assertTrue(read.optional("client_id").map(value -> !value.isEmpty()).orElse(true));
      } catch (OAuthException told) {
        assertTrue(told.getMessage() != null);
      }
    }
  }
}
