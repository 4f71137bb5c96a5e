package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2 fields that would be another message in HTTP/1.1, written frame by frame. */
class Http2FieldsIT {
  private static ScriptedUpstream kaneo;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws IOException {
    kaneo = ScriptedUpstream.friendly();
    gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port());
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    kaneo.close();
  }

  @ParameterizedTest
  @CsvSource({
    "x-a, b\u0001c",
    "x-a, b\u0000c",
    "x-a, 'b\rc'",
    "x-a, 'b\nX-Forwarded-For: 6.6.6.6'",
    "x-a, 'b\r\n\r\nGET /smuggled HTTP/1.1'",
    "x a, b",
    "x:a, b",
    "'x\r\ny', b",
    "x(, b",
    "x\u007f, b"
  })
  void isRefusedAndKaneoNotBothered(String name, String value) throws Exception {
    assertEquals("400", statusOfAnswer(name, value));
    assertEquals(0, kaneo.unseen());
  }

  @ParameterizedTest
  @CsvSource({"x-a, b", "x_a, 'b\tc'", "x-a, \u00e9"})
  void isPassedWhenItIsAField(String name, String value) throws Exception {
    assertEquals("200", statusOfAnswer(name, value));
    kaneo.nextHead();
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET /x", "G@T", "G\u0000T", "G\u00e9T", "GET ", "GET\r\n", "(", ""})
  void aMethodThatIsNoneEndsItsStreamAndNoOther(String method) throws Exception {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    // :method as a literal, :scheme http, :path /, :authority a
    block.write(0x42);
    literal(block, method);
    block.writeBytes(new byte[] {(byte) 0x86, (byte) 0x84, 0x41, 1, 'a'});
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    frame(out, 1, 5, 1, block.toByteArray());
    frame(out, 1, 5, 3, new byte[] {(byte) 0x82, (byte) 0x86, (byte) 0x84, 0x41, 1, 'a'});
    assertEquals("200", statusOfAnswer(3, out));
    kaneo.nextHead();
    assertEquals(0, kaneo.unseen());
  }

  private static String statusOfAnswer(String name, String value) throws Exception {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    // :method GET, :scheme http, :path /, :authority a
    block.writeBytes(new byte[] {(byte) 0x82, (byte) 0x86, (byte) 0x84, 0x41, 1, 'a', 0});
    literal(block, name);
    literal(block, value);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    frame(out, 1, 5, 1, block.toByteArray());
    return statusOfAnswer(1, out);
  }

  private static void literal(ByteArrayOutputStream block, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    block.write(bytes.length);
    block.writeBytes(bytes);
  }

  private static String statusOfAnswer(int wanted, ByteArrayOutputStream requests)
      throws Exception {
    try (Socket socket = new Socket("127.0.0.1", gateway.port())) {
      socket.setSoTimeout(10_000);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      frame(out, 4, 0, 0, new byte[0]);
      out.writeBytes(requests.toByteArray());
      socket.getOutputStream().write(out.toByteArray());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      while (true) {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        boolean priority = (in.readUnsignedByte() & 0x20) != 0;
        int stream = in.readInt();
        byte[] payload = in.readNBytes(length);
        if (type == 1 && stream == wanted) {
          return new DefaultHttp2HeadersDecoder()
              .decodeHeaders(stream, Unpooled.wrappedBuffer(payload).skipBytes(priority ? 5 : 0))
              .status()
              .toString();
        }
      }
    }
  }

  private static void frame(
      ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload) {
    out.write(0);
    out.write(payload.length >> 8);
    out.write(payload.length);
    out.write(type);
    out.write(flags);
    out.writeBytes(new byte[] {0, 0, 0, (byte) stream});
    out.writeBytes(payload);
  }
}
