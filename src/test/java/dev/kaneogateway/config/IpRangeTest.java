package dev.kaneogateway.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpRangeTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.1.2, true",
    "10.0.0.0/8, 11.0.0.1, false",
    "172.16.0.0/12, 172.31.255.255, true",
    "172.16.0.0/12, 172.32.0.0, false",
    "0.0.0.0/0, 8.8.8.8, true",
    "192.0.2.7, 192.0.2.7, true",
    "192.0.2.7, 192.0.2.8, false",
    "fc00::/7, fd12::1, true",
    "fc00::/7, fe80::1, false",
    "127.0.0.0/8, ::ffff:127.0.0.1, true",
    "::1, ::1, true",
    "10.0.0.0/8, not-an-address, false"
  })
  void containsWhatSharesItsPrefix(String range, String address, boolean contained) {
    assertEquals(contained, IpRange.parse(range).contains(IpRange.address(address)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "::/129", "kaneo", "10.0.0"})
  void refusesWhatIsNoRange(String text) {
    assertThrows(IllegalArgumentException.class, () -> IpRange.parse(text));
  }
}
