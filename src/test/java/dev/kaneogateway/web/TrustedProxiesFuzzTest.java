package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.kaneogateway.config.IpRange;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Whatever stands in forwarding headers, strangers are themselves, and of a proxy's clients only
 * what the proxies added is believed.
 */
class TrustedProxiesFuzzTest {
  private static final String PROXY = "10.0.0.1";
  private static final TrustedProxies TRUSTED =
      new TrustedProxies(List.of(IpRange.parse("10.0.0.0/8"), IpRange.parse("fd00::/8")));

  @FuzzTest(maxDuration = "5m")
  void believesWhatProxiesAdded(byte[] bytes) {
    String[] parts = new String(bytes, StandardCharsets.ISO_8859_1).split("\n", 5);
    String[] names = {
      "X-Forwarded-For", "Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-For"
    };
    MultiMap headers = MultiMap.caseInsensitiveMultiMap();
    for (int i = 0; i < parts.length; i++) {
      headers.add(names[i], parts[i]);
    }

    assertEquals(
        new TrustedProxies.Origin("198.51.100.1", "http", "own", true),
        TRUSTED.originOf("198.51.100.1", "http", "own", headers));

    TrustedProxies.Origin origin = TRUSTED.originOf(PROXY, "http", "own", headers);
    assertTrue(IpRange.address(origin.address()).length > 0, origin.address());
    assertEquals(origin.named(), !TRUSTED.isTrusted(origin.address()), origin.address());
    assertTrue(List.of("http", "https").contains(origin.scheme()));
    assertTrue(
        !origin.host().isEmpty()
            && origin.host().chars().noneMatch(c -> " ,;\"/@\r\n".indexOf(c) >= 0),
        origin.host());

    // The proxies in front add the client they see, each in its own way.
    headers.add("X-Forwarded-For", "203.0.113.7");
    assertEquals("203.0.113.7", TRUSTED.originOf(PROXY, "http", "own", headers).address());
    headers
        .remove("X-Forwarded-For")
        .add("Forwarded", "for=\"[2001:DB8:0::0007]:4711\";proto=http");
    assertEquals("2001:db8::7", TRUSTED.originOf(PROXY, "http", "own", headers).address());
  }
}
