package dev.kaneogateway.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UserCodeTest {
  @ParameterizedTest
  @CsvSource({
    "QKVW-R8HE, QKVWR8HE",
    "qkvwr8he, QKVWR8HE",
    "' q k v w – r 8 h e ', QKVWR8HE",
    "ＱＫＶＷ－Ｒ８ＨＥ, QKVWR8HE",
    "QKVW.R8HE!, QKVWR8HE"
  })
  void isReadHoweverItIsTyped(String typed, String code) {
    assertEquals(code, UserCode.normalize(typed));
  }

  @Test
  void hasNoLookAlikes() {
    for (char confusing : "IO01".toCharArray()) {
      assertEquals(-1, UserCode.ALPHABET.indexOf(confusing));
    }
    assertEquals(32, UserCode.ALPHABET.length());
  }

  /** RFC 8628 §5.1: 2^-32 for the guesses one live code can see, with room for 200 addresses. */
  @Test
  void holdsOutAgainstAllGuessesTheLimitsLet() {
    double chance = 20.0 * 12 / Math.pow(UserCode.ALPHABET.length(), UserCode.LENGTH);
    assertTrue(chance <= Math.pow(2, -32), () -> "chance " + chance);
  }

  @Test
  void codesAreNotRepeatedAndUseTheirWholeAlphabet() {
    RandomCodes random = new RandomCodes();
    Set<String> codes = new HashSet<>();
    Set<Character> used = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      String code = random.userCode();
      assertEquals(code, UserCode.normalize(code));
      code.chars().forEach(c -> used.add((char) c));
      codes.add(random.deviceCode());
    }
    assertEquals(10_000, codes.size());
    assertEquals(32, used.size());
    assertTrue(codes.stream().allMatch(code -> code.matches("[A-Za-z0-9]{40}")));
  }

  @Property
  void normalizingNeverFailsAndIsStable(@ForAll String typed) {
    String once = UserCode.normalize(typed);
    assertEquals(once, UserCode.normalize(once));
  }
}
