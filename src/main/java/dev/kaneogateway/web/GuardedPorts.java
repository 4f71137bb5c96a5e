package dev.kaneogateway.web;

import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringSocketChannel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The local ports whose connections are let in by a doorkeeper, or {@linkplain ConnectionGuard
 * guarded} from before their first byte, or both. Safe from any thread.
 */
public final class GuardedPorts {
  private static final Map<Integer, Rules> RULES = new ConcurrentHashMap<>();

  private static final Map<Integer, Doorkeeper> DOORKEEPERS = new ConcurrentHashMap<>();

  private static final Set<ServerChannel> LISTENING = ConcurrentHashMap.newKeySet();

  /** Bytes read in one piece, and so kept for a Kaneo that does not read. */
  private static final int MOST_AT_ONCE = 16 * 1024;

  /**
   * Bytes the kernel takes beyond what a client's window and line have room for. Without it Linux
   * takes up to 4 MB for a client that hardly reads, a thousand of which leave every socket of the
   * machine without memory; and tells of room only by the megabyte, so that a slow client looks
   * like one that has stopped.
   */
  private static final long MOST_UNSENT = 128 * 1024;

  /**
   * Bytes written for a client that it has not taken: beyond them its answer is read no further.
   * With the piece that passes them, GATEWAY_IN_FLIGHT such clients take less than the 256 MB that
   * there are for bytes.
   */
  private static final WriteBufferWaterMark KEPT = new WriteBufferWaterMark(8 * 1024, 32 * 1024);

  /**
   * What holds on a port.
   *
   * @param head how long a head may take
   * @param idle how long a connection may be idle
   * @param maxFields how many fields a head may have
   * @param options the server's own, for the sizes its decoder lets
   * @param spokePlain told of whom each connection is that came without TLS where TLS is spoken, on
   *     its event loop
   * @param flooded told of each connection that is cut because too much came that is not whole
   */
  public record Rules(
      Duration head,
      Duration idle,
      int maxFields,
      HttpServerOptions options,
      Consumer<@Nullable SocketAddress> spokePlain,
      Runnable flooded) {}

  /** Who lets connections in, from any thread. */
  public interface Doorkeeper {
    /** What to do when the connection ends, once; null if it is not let in. */
    @Nullable Runnable admit(InetAddress peer);
  }

  private GuardedPorts() {}

  /** Has a doorkeeper let in, or not, whoever comes to a local port from now on. */
  public static void keepDoor(int port, Doorkeeper doorkeeper) {
    DOORKEEPERS.put(port, doorkeeper);
  }

  /** Everybody is let in again on a port, unless another keeps its door by now. */
  public static void leaveDoor(int port, Doorkeeper doorkeeper) {
    DOORKEEPERS.remove(port, doorkeeper);
  }

  /** Guards all connections accepted on a local port from now on. */
  public static void guard(int port, Rules rules) {
    RULES.put(port, rules);
  }

  /** What listens on the port from now on is not guarded, unless other rules hold there by now. */
  public static void release(int port, Rules rules) {
    RULES.remove(port, rules);
  }

  /**
   * Has nobody let in on a port any more; who was, stays. To come before the end of the servers
   * there: Vert.x ends those first, and resets whom it lets in meanwhile.
   */
  public static Future<?> close(int port) {
    return Future.join(
        LISTENING.stream()
            .filter(
                listening ->
                    listening.localAddress() instanceof InetSocketAddress local
                        && local.getPort() == port)
            .map(GuardedPorts::closed)
            .toList());
  }

  private static Future<Void> closed(ServerChannel listening) {
    Promise<Void> closed = Promise.promise();
    listening.close().addListener(done -> closed.complete());
    return closed.future();
  }

  /**
   * Lets clients in. For whom there is no room, and who has reset his connection before it was
   * accepted, so that nobody can say who he was, has it closed before anything is made for it or
   * read. On the event loop that accepts.
   */
  private static final class Door extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext listening, Object message) {
      Channel child = (Channel) message;
      Doorkeeper doorkeeper = of(child, DOORKEEPERS);
      if (doorkeeper == null) {
        listening.fireChannelRead(child);
        return;
      }
      Runnable leaving =
          child.remoteAddress() instanceof InetSocketAddress peer
              ? doorkeeper.admit(peer.getAddress())
              : null;
      if (leaving == null) {
        // A reset leaves nothing behind here, where an end would wait a minute for late bytes.
        child.config().setOption(ChannelOption.SO_LINGER, 0);
        child.unsafe().closeForcibly();
      } else {
        child.closeFuture().addListener(closed -> leave(child, leaving));
        listening.fireChannelRead(child);
      }
    }
  }

  /**
   * However it ends, even if it never gets to its event loop; which has still to let go of it, and
   * of all that was made for it, and may have to of thousands.
   */
  private static void leave(Channel child, Runnable leaving) {
    if (child.isRegistered()) {
      child.eventLoop().execute(leaving);
    } else {
      leaving.run();
    }
  }

  private static <T> @Nullable T of(Channel child, Map<Integer, T> byPort) {
    return child.parent().localAddress() instanceof InetSocketAddress local
        ? byPort.get(local.getPort())
        : null;
  }

  /**
   * Puts a guard first in the pipeline of connections to guarded ports, and has no connection miss
   * a reset. Netty finds it by {@code ServiceLoader} when the system property {@code
   * io.netty.bootstrap.extensions} says so.
   */
  public static final class Extension extends ChannelInitializerExtension {
    /** Must be called before the first server of the process is bound. */
    public static void enable() {
      System.setProperty(EXTENSIONS_SYSTEM_PROPERTY, "serviceload");
    }

    @Override
    public void postInitializeServerListenerChannel(ServerChannel listening) {
      LISTENING.add(listening);
      listening.closeFuture().addListener(closed -> LISTENING.remove(listening));
      listening.pipeline().addFirst("door", new Door());
    }

    @Override
    public void postInitializeClientChannel(Channel channel) {
      MissedResets.watch(channel);
    }

    @Override
    public void postInitializeServerChildChannel(Channel child) {
      MissedResets.watch(child);
      Rules rules = of(child, RULES);
      if (rules != null) {
        guard(child, rules);
      }
    }

    private static void guard(Channel child, Rules rules) {
      child
          .config()
          .setRecvByteBufAllocator(new AdaptiveRecvByteBufAllocator(64, 2048, MOST_AT_ONCE))
          .setWriteBufferWaterMark(KEPT);
      if (child instanceof EpollSocketChannel) {
        child.config().setOption(EpollChannelOption.TCP_NOTSENT_LOWAT, MOST_UNSENT);
      } else if (child instanceof IoUringSocketChannel) {
        child.config().setOption(IoUringChannelOption.TCP_NOTSENT_LOWAT, MOST_UNSENT);
      }
      KeepAlive.probe(child);
      ConnectionGuard.put(child, rules);
    }
  }
}
