package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeansTest {
  @ParameterizedTest
  @CsvSource({
    // descriptors, MB of heap, wished for; connections, streams
    "1048576, 4096, 20000, 20000, 20000",
    "1048576,  256, 20000, 20000, 16969",
    "1048576,   64, 20000,  4096,  2925",
    "  20000, 4096, 20000,  9968,  4984",
    "     64,  256, 20000,     1,     1",
    "   4096,  256,   100,   100,   100",
    "1048576,   64,     0,  4096,  2925"
  })
  void noMoreAreLetInThanCanBeCarried(
      long descriptors, int megabytes, int wished, int connections, int streams) {
    Means means = new Means(descriptors, (long) megabytes << 20);
    assertEquals(connections, means.connections(wished));
    assertEquals(streams, means.streams(wished));
  }

  @ParameterizedTest
  @CsvSource({"128, 1", "256, 2", "1024, 1", "65536, 3"})
  void whatIsLetInLeavesDescriptorsForKaneoAndTheGatewayItself(long descriptors, int kaneos) {
    Means means = new Means(descriptors, 1L << 40);
    long open = means.connections(0) + means.streams(0);
    long forRequests = (long) kaneos * means.upstreamConnections(65535, kaneos);
    assertTrue(open + forRequests + 64 <= descriptors);
  }

  @ParameterizedTest
  @CsvSource({"64", "256", "1024"})
  void whatIsLetInLeavesTheGatewayItsOwn(int megabytes) {
    Means means = new Means(Integer.MAX_VALUE, (long) megabytes << 20);
    long streams = means.streams(0);
    long idle = means.connections(0) - streams;
    // As DECISIONS.md has them: 9 KB for an event stream, 4 KB for an idle connection.
    assertTrue(streams * 9 * 1024 + idle * 4 * 1024 < means.heap() - (24 << 20));
  }
}
