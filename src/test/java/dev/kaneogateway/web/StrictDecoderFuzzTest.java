package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpServerOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** What comes on a connection is read as the same requests, however it is cut on its way. */
class StrictDecoderFuzzTest {
  private static final Duration LONG = Duration.ofHours(1);

  private static final GuardedPorts.Rules RULES =
      new GuardedPorts.Rules(LONG, LONG, 20, new HttpServerOptions(), peer -> {}, () -> {});

  @FuzzTest(maxDuration = "5m")
  void isTheSameInAnyPieces(byte[] bytes) {
    String whole = read(bytes, Math.max(1, bytes.length));
    assertEquals(whole, read(bytes, 1));
    assertEquals(whole, read(bytes, 7));
    assertEquals(0, MemoryShare.HEADS.taken());
    assertEquals(0, MemoryShare.BODIES.taken());
  }

  private static String read(byte[] bytes, int piece) {
    EmbeddedChannel channel = new EmbeddedChannel();
    ConnectionGuard.put(channel, RULES);
    ConnectionGuard guard = ConnectionGuard.of(channel);
    assertNotNull(guard);
    channel.pipeline().remove(FirstBytes.class);
    channel.pipeline().addLast(new StrictDecoder(RULES.options(), RULES.maxFields(), guard));
    StringBuilder read = new StringBuilder();
    for (int at = 0; at < bytes.length && !guard.takesNoMore(); at += piece) {
      int length = Math.min(piece, bytes.length - at);
      channel.writeInbound(Unpooled.copiedBuffer(bytes, at, length));
      answer(channel, guard, read);
    }
    channel.finishAndReleaseAll();
    return read + (guard.takesNoMore() ? "refused" : "");
  }

  /** As the gateway does: each request begins when the one before it is answered. */
  private static void answer(EmbeddedChannel channel, ConnectionGuard guard, StringBuilder read) {
    for (Object message = channel.readInbound(); message != null; message = channel.readInbound()) {
      if (message instanceof HttpRequest request) {
        if (request.decoderResult().isFailure()) {
          // Why may hang on how much of it has come.
          guard.doom();
          ReferenceCountUtil.release(message);
          return;
        }
        read.append(request);
        guard.requestBegun();
      }
      if (message instanceof HttpContent content) {
        read.append(content.content().toString(StandardCharsets.ISO_8859_1));
      }
      if (message instanceof LastHttpContent) {
        read.append(" end\n");
        guard.requestEnded();
      }
      ReferenceCountUtil.release(message);
      channel.runPendingTasks();
    }
  }
}
