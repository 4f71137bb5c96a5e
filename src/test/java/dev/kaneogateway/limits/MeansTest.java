package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.config.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeansTest {
  @ParameterizedTest
  @CsvSource({
    // descriptors, MB of heap, wished for; connections, streams, requests
    "1048576, 4096, 20000, 20000, 20000, 20000",
    "1048576,  256, 20000, 20000, 16969,  4242",
    "1048576,   64, 20000,  4096,  2925,   731",
    "  20000, 4096, 20000, 13290,  6645, 20000",
    "     64,  256, 20000,     1,     1,  4242",
    "   4096,  256,   100,   100,   100,   100",
    "1048576,   64,     0,  4096,  2925,   731"
  })
  void noMoreAreLetInThanCanBeCarried(
      long descriptors, int megabytes, int wished, int connections, int streams, int requests) {
    Means means = new Means(descriptors, (long) megabytes << 20, 64);
    assertEquals(connections, means.connections(wished));
    assertEquals(streams, means.streams(wished));
    assertEquals(requests, means.requests(wished));
  }

  @ParameterizedTest
  @CsvSource({"128, 1, 65535", "256, 2, 1024", "1024, 1, 1024", "20000, 1, 1024", "65536, 3, 10"})
  void whatIsLetInLeavesDescriptorsForKaneoAndTheGatewayItself(
      long descriptors, int kaneos, int wished) throws Exception {
    Means means = new Means(descriptors, 1L << 40, 64);
    Settings.Upstream upstream = upstream(kaneos, wished);
    Means left = means.beside(upstream);
    int each = means.upstreamConnections(upstream);
    assertTrue(
        left.connections(0) + left.streams(0) + (long) kaneos * each + 64 <= descriptors,
        left.toString());
    assertTrue(each == wished || 4L * kaneos * each + 64 <= descriptors, "Kaneo has " + each);
  }

  /** As many as a usual limit has room for, whatever requests need besides. */
  @Test
  void tenThousandIdleConnectionsNeedTwentyThousandDescriptors() throws Exception {
    Means left = new Means(20_000, 256 << 20, 64).beside(upstream(1, 1024));
    assertTrue(left.connections(30_000) > 10_000);
  }

  private static Settings.Upstream upstream(int kaneos, int connections) throws Exception {
    return Settings.load(
            Map.of(
                "DATABASE_URL",
                "postgresql://a:b@127.0.0.1/x",
                "KANEO_UPSTREAM_URL",
                IntStream.range(0, kaneos)
                    .mapToObj(n -> "http://127.0.0.1:" + (1000 + n))
                    .collect(Collectors.joining(",")),
                "GATEWAY_UPSTREAM_CONNECTIONS",
                Integer.toString(connections)),
            Optional.empty(),
            Optional.empty())
        .upstream();
  }

  @Test
  void theReadmeSaysWhatOneNeeds() throws Exception {
    assertEquals(1000, meansOfThousand("GATEWAY_CONNECTIONS").connections(0));
    assertEquals(1000, meansOfThousand("GATEWAY_STREAMS").streams(0));
    assertEquals(1000, meansOfThousand("GATEWAY_IN_FLIGHT").requests(0));
  }

  /** With a heap that carries a thousand, if the README is right. */
  private static Means meansOfThousand(String setting) throws Exception {
    Matcher told =
        Pattern.compile("`" + setting + "`.* one for every (\\d+) KB of heap beyond (\\d+) MB")
            .matcher(Files.readString(Path.of("README.md")));
    assertTrue(told.find());
    long beyond = 1000 * 1024 * Long.parseLong(told.group(1));
    return new Means(Integer.MAX_VALUE, (Long.parseLong(told.group(2)) << 20) + beyond, 64);
  }

  @ParameterizedTest
  @CsvSource({"64", "256", "1024"})
  void whatIsLetInLeavesTheGatewayItsOwn(int megabytes) {
    Means means = new Means(Integer.MAX_VALUE, (long) megabytes << 20, 64);
    long streams = means.streams(0);
    long idle = means.connections(0) - streams;
    // As DECISIONS.md has them: 9 KB for an event stream, 4 KB for an idle connection.
    assertTrue(streams * 9 * 1024 + idle * 4 * 1024 < means.heap() - (24 << 20));
  }
}
