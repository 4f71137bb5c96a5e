package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StreamsInTurnTest {
  private final List<String> happened = new ArrayList<>();
  private boolean leaves;

  /** As Vert.x does, who begins streams leaves something to be done for each. */
  private final EmbeddedChannel channel =
      new EmbeddedChannel(
          new StreamsInTurn(() -> happened.add("refused")),
          new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
              for (int n = 0; n < 60; n++) {
                StreamsInTurn.begun(context);
              }
              happened.add("begun");
              context.executor().execute(this::done);
              ReferenceCountUtil.release(message);
            }

            private void done() {
              happened.add("done");
              if (leaves) {
                // The channel itself would do first what waits.
                channel.pipeline().close();
              }
            }
          });

  @Test
  void whatTheStreamsLeaveIsDoneBeforeManyMoreBegin() {
    channel.writeInbound(piece(), piece(), piece(), piece());
    assertEquals(
        List.of("begun", "begun", "done", "done", "begun", "begun", "done", "done"), happened);
    assertEquals(0, MemoryShare.HALVES.taken());
  }

  @Test
  void whatWaitsWhenItsClientLeavesIsReleased() {
    leaves = true;
    ByteBuf waits = piece();
    channel.writeInbound(piece(), piece(), waits);
    assertEquals(List.of("begun", "begun", "done", "done"), happened);
    assertEquals(0, waits.refCnt());
    assertEquals(0, MemoryShare.HALVES.taken());
  }

  private static ByteBuf piece() {
    return Unpooled.copiedBuffer(new byte[100]);
  }
}
