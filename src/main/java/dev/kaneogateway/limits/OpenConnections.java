package dev.kaneogateway.limits;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.GuardedPorts;
import dev.kaneogateway.web.TrustedProxies;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The places for client connections, so many in all and so many for each address. What comes above
 * costs an accept and a reset: a request on it, or even its TLS handshake, would cost a hundred
 * times as much. One for the life of the process; safe from any thread.
 */
public final class OpenConnections implements GuardedPorts.Doorkeeper {
  private final Means means;
  private final Places places;
  private volatile TrustedProxies trusted = new TrustedProxies(List.of());

  OpenConnections(Counting counting, Means means) {
    this.means = means;
    GatewayMetrics metrics = counting.metrics();
    this.places =
        new Places(
            metrics.refusals().connections("connections")::increment,
            metrics.refusals().connections("connections_per_address")::increment,
            counting);
    metrics.gauge(
        "connections_open",
        "Client connections open now, which count towards GATEWAY_CONNECTIONS.",
        places::taken);
  }

  /**
   * Takes up changed settings; who has a place keeps it. A trusted proxy speaks for many clients,
   * so for it only the whole counts.
   */
  void renew(Settings settings) {
    number(
        means.beside(settings.upstream()),
        settings.ceilings().connections(),
        settings.ceilings().connectionsPerAddress());
    trusted = new TrustedProxies(settings.server().trustedProxies());
  }

  void number(Means left, int inAll, int perAddress) {
    places.number(left.connections(inAll), perAddress);
  }

  @Override
  public @Nullable Runnable admit(InetAddress peer) {
    String address = NetUtil.toAddressString(peer);
    return places.take(
        trusted.isTrusted(address) ? ClientKey.NOBODY : ClientKey.ofAddress(address));
  }
}
