package dev.kaneogateway.web;

import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringSocketChannel;

/**
 * Asks the other end of a quiet connection whether it is still there, by TCP's own means (RFC 9293
 * §3.8.4). A WebSocket or an event stream may say nothing for hours; one whose client's machine, or
 * whose Kaneo's, has vanished would keep its place for the two hours that Linux waits before it
 * asks. And what stands between forgets connections that are quiet for some minutes.
 */
public final class KeepAlive {
  /** Below the shortest patience of common load balancers, which is a minute. */
  private static final int IDLE_S = 45;

  private static final int INTERVAL_S = 15;

  /** Questions without an answer; the last one ends the connection, after two minutes in all. */
  private static final int COUNT = 5;

  private KeepAlive() {}

  /** Has a connection that keeps alive do so at these times; another transport has its own. */
  public static void probe(Channel channel) {
    ChannelConfig config = channel.config();
    if (channel instanceof EpollSocketChannel) {
      config.setOption(EpollChannelOption.TCP_KEEPIDLE, IDLE_S);
      config.setOption(EpollChannelOption.TCP_KEEPINTVL, INTERVAL_S);
      config.setOption(EpollChannelOption.TCP_KEEPCNT, COUNT);
    } else if (channel instanceof IoUringSocketChannel) {
      config.setOption(IoUringChannelOption.TCP_KEEPIDLE, IDLE_S);
      config.setOption(IoUringChannelOption.TCP_KEEPINTVL, INTERVAL_S);
      config.setOption(IoUringChannelOption.TCP_KEEPCNT, COUNT);
    }
  }
}
