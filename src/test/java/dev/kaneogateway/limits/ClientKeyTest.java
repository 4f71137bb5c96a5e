package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.kaneogateway.web.TrustedProxies.Origin;
import org.junit.jupiter.api.Test;

class ClientKeyTest {
  @Test
  void allOfAnIpv6HouseholdIsOne() {
    String key = ClientKey.ofAddress("2001:db8:1:2::1");
    assertEquals(key, ClientKey.ofAddress("2001:DB8:1:2:ffff:ffff:ffff:ffff"));
    assertNotEquals(key, ClientKey.ofAddress("2001:db8:1:3::1"));
  }

  @Test
  void anIpv4AddressIsItselfInWhateverForm() {
    assertEquals("198.51.100.7", ClientKey.ofAddress("198.51.100.7"));
    assertEquals("198.51.100.7", ClientKey.ofAddress("::ffff:198.51.100.7"));
    assertNotEquals(ClientKey.ofAddress("198.51.100.7"), ClientKey.ofAddress("198.51.100.8"));
  }

  @Test
  void aProxyThatNamesNobodyIsNobody() {
    assertEquals(ClientKey.NOBODY, ClientKey.of(new Origin("10.0.0.1", "http", "h", false)));
    assertEquals("10.0.0.1", ClientKey.of(new Origin("10.0.0.1", "http", "h", true)));
  }
}
