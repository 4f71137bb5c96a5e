package dev.kaneogateway.pages;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/** A form of any bytes has fields, without NUL. */
class FormFuzzTest {

  @FuzzTest(maxDuration = "5m")
  void hasFieldsWithoutNul(byte[] bytes) {
    assertTrue(Form.of(Buffer.buffer(bytes)).get("a").indexOf('\0') < 0);
    String target = "/" + new String(bytes, StandardCharsets.ISO_8859_1);
    assertTrue(Form.ofQuery(target).get("a").indexOf('\0') < 0);
  }
}
