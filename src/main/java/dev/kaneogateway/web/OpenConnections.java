package dev.kaneogateway.web;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.kaneogateway.config.IpRange;
import dev.kaneogateway.metrics.GatewayMetrics;
import io.micrometer.core.instrument.Counter;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The places for client connections, so many in all and so many for each address. What comes above
 * costs an accept and a reset: a request on it, or even its TLS handshake, would cost a hundred
 * times as much. One for the life of the process; safe from any thread.
 */
public final class OpenConnections {
  private static final Logger LOG = LoggerFactory.getLogger(OpenConnections.class);

  private final int descriptors;
  private final AtomicInteger open = new AtomicInteger();

  /** Only of addresses that have a connection, so that it cannot grow beyond those. */
  private final Map<Long, Integer> openByAddress = new ConcurrentHashMap<>();

  private final Counter refused;
  private final Counter refusedPerAddress;
  private volatile int most;
  private volatile int mostPerAddress;
  private volatile List<IpRange> trusted = List.of();

  public OpenConnections(GatewayMetrics metrics) {
    this(metrics, descriptors());
  }

  /**
   * @param descriptors how many files and sockets the process may have open
   */
  OpenConnections(GatewayMetrics metrics, long descriptors) {
    this.descriptors = (int) Math.min(Integer.MAX_VALUE, descriptors);
    metrics.gauge(
        "connections_open",
        "Client connections open now, which count towards GATEWAY_CONNECTIONS.",
        open::get);
    refused = refused(metrics, "connections");
    refusedPerAddress = refused(metrics, "connections_per_address");
  }

  private static Counter refused(GatewayMetrics metrics, String ceiling) {
    return metrics.counter(
        "connections_refused",
        "Connections closed as they came because too many were open, by ceiling.",
        "ceiling",
        ceiling);
  }

  private static long descriptors() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? unix.getMaxFileDescriptorCount()
        : Integer.MAX_VALUE;
  }

  /**
   * Sets how many places there are, 0 for no ceiling; who has one keeps it. Three quarters of the
   * process's descriptors are always one: an idle connection needs no other, but those with a
   * request need one to Kaneo, and without descriptors nobody would be served, those let in
   * included.
   *
   * @param trustedProxies peers that speak for many clients, so that only the whole counts
   */
  public void renew(int inAll, int perAddress, List<IpRange> trustedProxies) {
    int room = (int) (descriptors * 3L / 4);
    if (inAll > room) {
      LOG.warn(
          "GATEWAY_CONNECTIONS is {} but with {} descriptors at most {} connections are let in:"
              + " raise the process's limit (ulimit -n, LimitNOFILE)",
          inAll,
          descriptors,
          room);
    }
    most = inAll == 0 ? room : Math.min(inAll, room);
    mostPerAddress = perAddress;
    trusted = List.copyOf(trustedProxies);
  }

  /** Takes a place for a peer and returns what gives it back, once; null if there is none. */
  @Nullable Runnable take(InetAddress peer) {
    if (open.incrementAndGet() > most) {
      open.decrementAndGet();
      refused.increment();
      return null;
    }
    int limit = mostPerAddress;
    if (limit == 0 || isTrusted(peer)) {
      return open::decrementAndGet;
    }
    Long key = key(peer);
    if (openByAddress.merge(key, 1, Integer::sum) > limit) {
      leave(key);
      refusedPerAddress.increment();
      return null;
    }
    return () -> leave(key);
  }

  private void leave(Long key) {
    openByAddress.computeIfPresent(key, (same, count) -> count == 1 ? null : count - 1);
    open.decrementAndGet();
  }

  private boolean isTrusted(InetAddress peer) {
    byte[] address = peer.getAddress();
    for (IpRange range : trusted) {
      if (range.contains(address)) {
        return true;
      }
    }
    return false;
  }

  /** An IPv4 address, or the /64 of an IPv6 one: a household has all of it. */
  private static Long key(InetAddress peer) {
    ByteBuffer bytes = ByteBuffer.wrap(peer.getAddress());
    return bytes.remaining() == 4 ? bytes.getInt() & 0xffff_ffffL : bytes.getLong();
  }
}
