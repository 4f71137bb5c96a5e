package dev.kaneogateway.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** Any text of any setting is a value or a mistake with its remedy, never another failure. */
class ParseFuzzTest {

  @FuzzTest(maxDuration = "5m")
  void isAValueOrAToldMistake(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8).strip();
    for (Setting<?> setting : Keys.ALL) {
      try {
        Object value = setting.parser().apply(text);
        assertTrue(value != null, setting.name());
        assertEquals(value, setting.parser().apply(text), setting.name());
      } catch (IllegalArgumentException told) {
        assertTrue(told.getMessage() != null && !told.getMessage().isBlank(), setting.name());
      }
    }
  }
}
