package dev.kaneogateway.limits;

import dev.kaneogateway.config.IpRange;
import dev.kaneogateway.web.TrustedProxies;
import io.netty.util.NetUtil;
import java.nio.ByteBuffer;

/**
 * What stands for a client's address in limits. An IPv6 household has a whole /64, so all of it
 * counts as one.
 */
public final class ClientKey {
  /**
   * Stands for nobody. A trusted proxy that names no client speaks for all who are behind it, and a
   * limit on it would let one of them lock out the others.
   */
  public static final String NOBODY = "";

  private ClientKey() {}

  /** The key of who sent a request, or {@link #NOBODY} if only a trusted proxy is known. */
  public static String of(TrustedProxies.Origin origin) {
    return origin.named() ? ofAddress(origin.address()) : NOBODY;
  }

  /** The key of a numeric address, whoever has it. */
  static String ofAddress(String address) {
    if (address.indexOf(':') < 0) {
      return address;
    }
    byte[] bytes = IpRange.address(address);
    return switch (bytes.length) {
      case 16 -> Long.toHexString(ByteBuffer.wrap(bytes).getLong()) + "::/64";
      case 4 -> NetUtil.bytesToIpAddress(bytes);
      default -> address;
    };
  }
}
