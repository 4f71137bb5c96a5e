package dev.kaneogateway.config;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * A block of addresses in CIDR notation (RFC 4632, RFC 4291 §2.3), or one address. IPv4-mapped IPv6
 * addresses count as IPv4. Immutable.
 */
public final class IpRange {
  private static final Pattern PREFIX = Pattern.compile("[0-9]{1,3}");

  private final byte[] network;
  private final int prefixLength;

  private IpRange(byte[] network, int prefixLength) {
    this.network = network;
    this.prefixLength = prefixLength;
  }

  /**
   * Reads {@code 10.0.0.0/8}, {@code fd00::/8} or a lone address.
   *
   * @throws IllegalArgumentException if the text is neither
   */
  public static IpRange parse(String text) {
    int slash = text.indexOf('/');
    byte[] address = address(slash < 0 ? text : text.substring(0, slash));
    if (address.length == 0) {
      throw new IllegalArgumentException("'" + text + "' is no address or range like 10.0.0.0/8");
    }
    int bits = address.length * 8;
    int prefix = bits;
    if (slash >= 0) {
      String digits = text.substring(slash + 1);
      // Integer.parseInt would take a sign, and digits of other scripts.
      prefix = PREFIX.matcher(digits).matches() ? Integer.parseInt(digits) : -1;
    }
    if (prefix < 0 || prefix > bits) {
      throw new IllegalArgumentException("'" + text + "' needs a prefix from 0 to " + bits);
    }
    return new IpRange(address, prefix);
  }

  /** The 4 or 16 bytes of a numeric address, or none if the text is not one. */
  public static byte[] address(String text) {
    String bare =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(bare);
    if (bytes == null) {
      return new byte[0];
    }
    boolean mapped = bytes.length == 16;
    for (int i = 0; mapped && i < 12; i++) {
      mapped = bytes[i] == (i < 10 ? 0 : (byte) 0xff);
    }
    return mapped ? Arrays.copyOfRange(bytes, 12, 16) : bytes;
  }

  /** An address in the one form of RFC 5952 §4; what is no address stays as it is. */
  public static String canonical(String text) {
    byte[] bytes = address(text);
    try {
      return bytes.length == 0 ? text : NetUtil.toAddressString(InetAddress.getByAddress(bytes));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("neither 4 nor 16 bytes", e);
    }
  }

  /** Whether the address, as 4 or 16 bytes, lies within. */
  public boolean contains(byte[] address) {
    if (address.length != network.length) {
      return false;
    }
    for (int bit = 0; bit < prefixLength; bit += 8) {
      int mask = prefixLength - bit >= 8 ? 0xff : 0xff << (8 - (prefixLength - bit)) & 0xff;
      if (((network[bit / 8] ^ address[bit / 8]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }
}
