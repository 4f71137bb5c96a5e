package dev.kaneogateway.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;

/** Whatever a client's field holds, it is one line to Kaneo or nothing. */
class HeadBytesFuzzTest {
  @FuzzTest(maxDuration = "5m")
  void aFieldIsOneLineOrRefused(byte[] data) {
    String[] parts = new String(data, StandardCharsets.ISO_8859_1).split("\\|", 3);
    if (parts.length < 3) {
      return;
    }
    HeadBytes head = new HeadBytes();
    String target = parts[0];
    String name = parts[1];
    String value = parts[2];
    try {
      head.begin("GET", target);
      head.field(name, value);
    } catch (IllegalArgumentException refused) {
      return;
    }
    ByteBuf bytes = head.end(UnpooledByteBufAllocator.DEFAULT);
    String[] lines = bytes.toString(StandardCharsets.ISO_8859_1).split("\r\n", -1);
    bytes.release();
    assertEquals(4, lines.length);
    assertEquals("GET " + target + " HTTP/1.1", lines[0]);
    assertEquals(2, lines[0].chars().filter(c -> c == ' ').count());
    assertEquals(name + ": " + value, lines[1]);
    assertTrue(lines[1].chars().noneMatch(c -> c == '\n' || c == '\r' || c == 0));
  }
}
