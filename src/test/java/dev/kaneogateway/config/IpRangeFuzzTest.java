package dev.kaneogateway.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** Any text is a range with exactly the addresses that share its prefix, or a told mistake. */
class IpRangeFuzzTest {

  @FuzzTest(maxDuration = "5m")
  void hasWhatSharesItsPrefixOrIsNone(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    IpRange range;
    try {
      range = IpRange.parse(text);
    } catch (IllegalArgumentException told) {
      assertTrue(told.getMessage().contains(text));
      return;
    }
    int slash = text.indexOf('/');
    byte[] address = IpRange.address(slash < 0 ? text : text.substring(0, slash));
    String digits = slash < 0 ? Integer.toString(address.length * 8) : text.substring(slash + 1);
    assertTrue(digits.matches("[0-9]{1,3}"), "RFC 4632 knows no prefix like " + digits);
    int prefix = Integer.parseInt(digits);
    assertTrue(range.contains(address));
    assertTrue(!range.contains(new byte[address.length == 4 ? 16 : 4]));
    for (int bit = 0; bit < address.length * 8; bit++) {
      byte[] other = address.clone();
      other[bit / 8] ^= (byte) (0x80 >> (bit % 8));
      assertEquals(bit >= prefix, range.contains(other), "bit " + bit);
    }
  }
}
