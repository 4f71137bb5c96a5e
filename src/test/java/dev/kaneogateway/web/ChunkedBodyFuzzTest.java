package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpContent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A chunked body read at once and read byte by byte is the same body. */
class ChunkedBodyFuzzTest {

  @FuzzTest(maxDuration = "5m")
  void isTheSameInAnyPieces(byte[] bytes) {
    int all = Math.max(1, bytes.length);
    assertEquals(
        read(ChunkedBody.ofRequest(8192, 1000), bytes, all),
        read(ChunkedBody.ofRequest(8192, 1000), bytes, 1));
    assertEquals(read(ofAnswer(), bytes, all), read(ofAnswer(), bytes, 1));
  }

  private static ChunkedBody ofAnswer() {
    return ChunkedBody.ofAnswer(8192, 1000, DefaultHttpHeadersFactory.trailersFactory());
  }

  private static String read(ChunkedBody body, byte[] bytes, int piece) {
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
        for (Object each : out) {
          HttpContent content = (HttpContent) each;
          read.append(content.content().toString(StandardCharsets.ISO_8859_1));
          content.release();
        }
        if (progress != ChunkedBody.Progress.MORE) {
          return read + " " + progress;
        }
      } while (in.readableBytes() < before || pieces > 0);
    }
    return read.toString();
  }
}
