package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpContent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A chunked body read at once and read byte by byte is the same body. */
class ChunkedBodyFuzzTest {

  @FuzzTest(maxDuration = "5m")
  void isTheSameInAnyPieces(byte[] bytes) {
    assertEquals(read(bytes, Math.max(1, bytes.length)), read(bytes, 1));
  }

  private static String read(byte[] bytes, int piece) {
    ChunkedBody body = new ChunkedBody(8192, 1000);
    ByteBuf in = Unpooled.buffer();
    StringBuilder read = new StringBuilder();
    for (int at = 0; at < bytes.length; at += piece) {
      in.writeBytes(bytes, at, Math.min(piece, bytes.length - at));
      int before;
      int pieces;
      do {
        before = in.readableBytes();
        List<Object> out = new ArrayList<>();
        ChunkedBody.Progress progress = body.read(in, out);
        pieces = out.size();
        for (Object content : out) {
          read.append(((HttpContent) content).content().toString(StandardCharsets.ISO_8859_1));
        }
        if (progress != ChunkedBody.Progress.MORE) {
          return read + " " + progress;
        }
      } while (in.readableBytes() < before || pieces > 0);
    }
    return read.toString();
  }
}
