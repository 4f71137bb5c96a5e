package dev.kaneogateway.limits;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.kaneogateway.config.Settings;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the process has to carry connections with. Whatever the settings say, no more are let in
 * than that is enough for: without descriptors or memory nobody would be served, those let in
 * included.
 *
 * @param descriptors how many files and sockets it may have open
 * @param heap how many bytes its heap may have
 * @param taken how many descriptors are not for clients
 */
record Means(long descriptors, long heap, long taken) {
  private static final Logger LOG = LoggerFactory.getLogger(Means.class);

  /**
   * What the gateway has open for itself: 30 at rest, and its connections to PostgreSQL, Redis and
   * those who ask for its health.
   */
  private static final long OWN_DESCRIPTORS = 64;

  /** What the gateway needs of the heap for itself. */
  private static final long OWN_BYTES = 24 << 20;

  /**
   * Measured after a collection, an idle connection takes 3 KB, and a WebSocket or event stream 4
   * to 6 KB more. With these shares both may be there in full number, and leave a fifth free.
   */
  private static final int BYTES_PER_CONNECTION = 10 * 1024;

  private static final int BYTES_PER_STREAM = 14 * 1024;

  /**
   * Measured, a request under way takes 11 KB beside its connection, one whose body is kept 21 KB:
   * as many of those as there may be take less than half of what is there for clients.
   */
  private static final int BYTES_PER_REQUEST = 56 * 1024;

  /** Those of this process. */
  static Means ofProcess() {
    long descriptors =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
            ? unix.getMaxFileDescriptorCount()
            : Integer.MAX_VALUE;
    return new Means(descriptors, Runtime.getRuntime().maxMemory(), OWN_DESCRIPTORS);
  }

  /** What is there for clients when all connections for requests to Kaneo are open. */
  Means beside(Settings.Upstream upstream) {
    int each = Math.min(upstream.maxConnections(), mostToEach(upstream));
    return new Means(descriptors, heap, taken + (long) kaneos(upstream) * each);
  }

  /** How many connections, of a number wished for or 0 for any. */
  int connections(int wished) {
    return fit("GATEWAY_CONNECTIONS", wished, free() / 3 * 2, room() / BYTES_PER_CONNECTION);
  }

  /** How many WebSockets and event streams, each of which has a connection to Kaneo. */
  int streams(int wished) {
    return fit("GATEWAY_STREAMS", wished, free() / 3, room() / BYTES_PER_STREAM);
  }

  /** How many requests under way. */
  int requests(int wished) {
    return fit("GATEWAY_IN_FLIGHT", wished, Integer.MAX_VALUE, room() / BYTES_PER_REQUEST);
  }

  /** How many connections for requests to each Kaneo. */
  int upstreamConnections(Settings.Upstream upstream) {
    return fit(
        "GATEWAY_UPSTREAM_CONNECTIONS",
        upstream.maxConnections(),
        mostToEach(upstream),
        Integer.MAX_VALUE);
  }

  private int mostToEach(Settings.Upstream upstream) {
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, free() / 4 / kaneos(upstream)));
  }

  private static int kaneos(Settings.Upstream upstream) {
    return upstream.api().size() + upstream.web().size();
  }

  private long free() {
    return Math.max(0, descriptors - taken);
  }

  private long room() {
    return Math.max(0, heap - OWN_BYTES);
  }

  private int fit(String setting, int wished, long byDescriptors, long byHeap) {
    int most = (int) Math.min(Integer.MAX_VALUE, Math.max(1, Math.min(byDescriptors, byHeap)));
    if (wished > most) {
      LOG.warn(
          "{} is {} but {} descriptors and a heap of {} MB are enough for {}: raise {}",
          setting,
          wished,
          descriptors,
          heap >> 20,
          most,
          byDescriptors < byHeap ? "the process's limit (ulimit -n, LimitNOFILE)" : "-Xmx");
    }
    return wished == 0 ? most : Math.min(wished, most);
  }
}
