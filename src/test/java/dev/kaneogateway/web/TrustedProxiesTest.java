package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.config.IpRange;
import io.vertx.core.MultiMap;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who a trusted proxy says it speaks for; more in TrustedProxiesFuzzTest. */
class TrustedProxiesTest {
  private static final TrustedProxies TRUSTED =
      new TrustedProxies(List.of(IpRange.parse("10.0.0.0/8")));

  /** A proxy quotes the Host that a client wrote, and puts its own behind what the client sent. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "host=\"x,for=6.6.6.6\";for=203.0.113.7",
        "host=\"x;for=6.6.6.6\";for=203.0.113.7",
        "host=\"x\\\",for=6.6.6.6;y=\\\"\";for=203.0.113.7",
        "for=203.0.113.7;host=\"x,for=6.6.6.6\"",
        "for=\"203.0.113.7:4711\";host=\"x,for=6.6.6.6;\", for=10.0.0.2;host=\"x,for=6.6.6.6\"",
        "for=6.6.6.6;x=\", for=203.0.113.7;host=\"x\"",
        "for=6.6.6.6;x=\"\\, for=203.0.113.7",
      })
  void whatAClientWroteIntoAQuotedStringNamesNobody(String forwarded) {
    MultiMap headers = MultiMap.caseInsensitiveMultiMap().add("Forwarded", forwarded);
    assertEquals("203.0.113.7", TRUSTED.originOf("10.0.0.1", "http", "own", headers).address());
  }
}
