package dev.kaneogateway.limits;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.ConnectionGuard;
import dev.kaneogateway.web.TrustedProxies;
import io.micrometer.core.instrument.Counter;
import io.netty.util.NetUtil;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The places for client connections, so many in all and so many for each address. What comes above
 * costs an accept and a reset: a request on it, or even its TLS handshake, would cost a hundred
 * times as much. One for the life of the process; safe from any thread.
 */
public final class OpenConnections implements ConnectionGuard.Doorkeeper {
  private static final Logger LOG = LoggerFactory.getLogger(OpenConnections.class);

  private final long descriptors;
  private final Places places;
  private volatile TrustedProxies trusted = new TrustedProxies(List.of());

  public OpenConnections(Counting counting) {
    this(counting, descriptors());
  }

  /**
   * @param descriptors how many files and sockets the process may have open
   */
  OpenConnections(Counting counting, long descriptors) {
    this.descriptors = descriptors;
    GatewayMetrics metrics = counting.metrics();
    this.places =
        new Places(
            refused(metrics, "connections")::increment,
            refused(metrics, "connections_per_address")::increment,
            counting);
    metrics.gauge(
        "connections_open",
        "Client connections open now, which count towards GATEWAY_CONNECTIONS.",
        places::taken);
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
   * Takes up changed settings; who has a place keeps it. Three quarters of the process's
   * descriptors are always a ceiling: an idle connection needs no other, but those with a request
   * need one to Kaneo, and without descriptors nobody would be served, those let in included. A
   * trusted proxy speaks for many clients, so for it only the whole counts.
   */
  public void renew(Settings settings) {
    number(settings.ceilings().connections(), settings.ceilings().connectionsPerAddress());
    trusted = new TrustedProxies(settings.server().trustedProxies());
  }

  void number(int inAll, int perAddress) {
    int room = (int) Math.min(Integer.MAX_VALUE, descriptors / 4 * 3);
    if (inAll > room) {
      LOG.warn(
          "GATEWAY_CONNECTIONS is {} but with {} descriptors at most {} connections are let in:"
              + " raise the process's limit (ulimit -n, LimitNOFILE)",
          inAll,
          descriptors,
          room);
    }
    places.number(inAll == 0 ? room : Math.min(inAll, room), perAddress);
  }

  @Override
  public @Nullable Runnable admit(InetAddress peer) {
    String address = NetUtil.toAddressString(peer);
    return places.take(
        trusted.isTrusted(address) ? ClientKey.NOBODY : ClientKey.ofAddress(address));
  }
}
