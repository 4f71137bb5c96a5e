package dev.kaneogateway.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** What a person types becomes letters of the alphabet, and the same when typed again. */
class UserCodeFuzzTest {

  @FuzzTest(maxDuration = "5m")
  void becomesLettersOfTheAlphabet(byte[] bytes) {
    String code = UserCode.normalize(new String(bytes, StandardCharsets.UTF_8));
    assertTrue(code.chars().allMatch(letter -> UserCode.ALPHABET.indexOf(letter) >= 0));
    if (UserCode.isComplete(code)) {
      assertEquals(code, UserCode.normalize(UserCode.display(code)));
    }
  }
}
