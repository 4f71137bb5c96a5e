package dev.kaneogateway.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** The frames by which the gateway ends a WebSocket in the protocol's own way (RFC 6455 §5.5.1). */
final class CloseFrame {
  /** Of the range for applications (RFC 6455 §7.4.2), after 401. */
  static final int UNAUTHORIZED = 4401;

  static final int GOING_AWAY = 1001;
  static final int SERVICE_RESTART = 1012;

  private CloseFrame() {}

  static ByteBuf toClient(int code, String reason) {
    return frame(code, reason, false);
  }

  static ByteBuf toServer(int code) {
    return frame(code, "", true);
  }

  private static ByteBuf frame(int code, String reason, boolean masked) {
    int length = 2 + reason.length();
    ByteBuf frame = Unpooled.buffer(8 + length);
    frame.writeByte(0x88).writeByte(masked ? length | 0x80 : length);
    if (masked) {
      // A mask of zeros leaves the payload as it is.
      frame.writeInt(0);
    }
    return frame.writeShort(code).writeBytes(reason.getBytes(StandardCharsets.US_ASCII));
  }
}
