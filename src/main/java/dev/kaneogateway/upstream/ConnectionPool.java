package dev.kaneogateway.upstream;

import dev.kaneogateway.metrics.UpstreamMeters;
import dev.kaneogateway.web.Deadlines;
import dev.kaneogateway.web.KeepAlive;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to one Kaneo. The one that was used last is used next, so that
 * the others grow old and are closed before Kaneo closes them; who finds none free waits for one,
 * in order, for a limited time and in a limited crowd. Confined to its event loop.
 */
public final class ConnectionPool {
  private static final long LOOK_AFTER_MS = 100;

  /** One of so many connections is not left to slow clients, so that who is quick need not wait. */
  private static final int RESERVE = 8;

  /** Bytes read in one piece, and so kept for a client that does not read. */
  private static final int MOST_AT_ONCE = 16 * 1024;

  /** The same of one among thousands that are open for hours, mostly with nothing to say. */
  private static final int MOST_AT_ONCE_APART = 4 * 1024;

  private final Vertx vertx;
  private final ContextInternal context;
  private final NetClient client;
  private final ConnectOptions target;
  private final Limits limits;
  private final UpstreamMeters meters;
  private final HeadBytes head = new HeadBytes();
  private final SlowClients slowClients;
  private final Deadlines waitLimit;
  private final long lookAfter;
  private final Deque<Connection> idle = new ArrayDeque<>();

  /** Those that take a place, idle or not. */
  private final Set<Connection> all = new HashSet<>();

  private final Map<Caller, Waiter> waiting = new LinkedHashMap<>();
  private @Nullable Caller firstBefore;
  private int connecting;

  /**
   * What a pool keeps to.
   *
   * @param connections the most that are open at once
   * @param waiting the most requests that wait for one of those
   * @param patience how long one waits, and how long a connection may take to come about
   * @param idle how long a connection may go unused
   * @param slowBytesPerSecond a client with less makes way where connections are scarce
   */
  public record Limits(
      int connections, int waiting, Duration patience, Duration idle, int slowBytesPerSecond) {}

  /** Who wants to make a call. Told one of the two, once, perhaps at once. */
  public interface Caller extends Call.Events {
    /** The call may be made; its head is to be begun. */
    void connected(Call call);

    /** No connection is to be had. */
    void notConnected(UpstreamFailure why);
  }

  private final class Waiter {
    private final Caller caller;
    private final Deadlines.Entry limit = waitLimit.entry(this::expire);

    Waiter(Caller caller) {
      this.caller = caller;
    }

    private void expire() {
      withdraw(caller);
      caller.notConnected(
          all.size() >= limits.connections() ? UpstreamFailure.BUSY : UpstreamFailure.REFUSED);
    }
  }

  /**
   * Makes a pool on the current context; {@link #close} ends it.
   *
   * @param client opens the connections, and ends those that are open with itself
   */
  public ConnectionPool(
      Vertx vertx, NetClient client, ConnectOptions target, Limits limits, UpstreamMeters meters) {
    this.vertx = vertx;
    this.context = (ContextInternal) vertx.getOrCreateContext();
    this.client = client;
    this.target = target;
    this.limits = limits;
    this.meters = meters;
    this.slowClients = new SlowClients(vertx, limits.slowBytesPerSecond(), meters);
    this.waitLimit = new Deadlines(vertx, limits.patience());
    this.lookAfter = vertx.setPeriodic(LOOK_AFTER_MS, id -> lookAfter());
  }

  /** Gives the caller a connection, or tells it that there is none. */
  public void call(Caller caller) {
    long now = System.nanoTime();
    Connection free = idle.pollFirst();
    if (free != null && !free.isStale(now)) {
      caller.connected(free.carry(caller));
      return;
    }
    if (free != null) {
      free.close();
      closeStale();
    }
    if (isFull() && isQueueFull()) {
      caller.notConnected(UpstreamFailure.BUSY);
      return;
    }
    Waiter waiter = new Waiter(caller);
    waiting.put(caller, waiter);
    meters.waitBegan();
    waitLimit.restart(waiter.limit);
    connectIfNeeded();
  }

  /** The caller waits no more, if it did: it keeps no place from others. */
  public void withdraw(Caller caller) {
    Waiter waiter = waiting.remove(caller);
    if (waiter != null) {
      waitLimit.stop(waiter.limit);
      meters.waitEnded();
    }
  }

  /**
   * Gives the caller a connection that takes no place of the pool's, carries one call, and may
   * change its protocol then. Who asks for such keeps to a limit of their own.
   */
  public void callApart(Caller caller) {
    context.dispatch(
        caller,
        asking ->
            client
                .connect(target)
                .onComplete(
                    socket ->
                        asking.connected(
                            admit(socket, MOST_AT_ONCE_APART).setApart().carry(asking)),
                    cause -> asking.notConnected(UpstreamFailure.ofConnecting(cause))));
  }

  /** Has slow clients make way until so many connections are free, or as good as. */
  private void makeRoom(int wanted) {
    int missing = wanted - (limits.connections() - all.size() + idle.size());
    if (missing > 0) {
      slowClients.letGo(all, missing);
    }
  }

  private boolean isQueueFull() {
    return waiting.size() - connecting >= limits.waiting();
  }

  private boolean isFull() {
    return all.size() + connecting >= limits.connections();
  }

  private void connectIfNeeded() {
    if (connecting < waiting.size() && !isFull()) {
      connecting++;
      // Not on the context of the request that happens to need it: a connection lives on.
      context.dispatch(this, ConnectionPool::connect);
    }
  }

  private void connect() {
    client.connect(target).onComplete(this::connected, this::notConnected);
  }

  private void connected(NetSocket socket) {
    connecting--;
    Connection connection = admit(socket, MOST_AT_ONCE);
    all.add(connection);
    returned(connection);
  }

  private Connection admit(NetSocket socket, int mostAtOnce) {
    meters.connectionOpened();
    AnswerDecoder decoder = new AnswerDecoder();
    Connection connection = new Connection(this, context, decoder, head, limits.idle().toNanos());
    ChannelHandlerContext last = ((NetSocketInternal) socket).channelHandlerContext();
    KeepAlive.probe(last.channel());
    // A Kaneo that answers without reading a body hangs up behind its answer, which resets the
    // connection: a write that meets the reset must not close it with the answer still unread.
    last.channel()
        .config()
        .setAutoClose(false)
        .setRecvByteBufAllocator(new AdaptiveRecvByteBufAllocator(64, mostAtOnce / 8, mostAtOnce));
    last.pipeline()
        .addBefore("handler", "decoder", decoder)
        .addBefore("handler", "kaneo", connection)
        // Vert.x's socket, which would see no byte and keep 5 KB for each connection.
        .remove("handler");
    return connection;
  }

  private void notConnected(Throwable cause) {
    connecting--;
    Caller first = nextCaller();
    if (first != null) {
      first.notConnected(UpstreamFailure.ofConnecting(cause));
    }
    connectIfNeeded();
  }

  /** A connection is free. */
  void returned(Connection connection) {
    if (!waiting.isEmpty() && connection.hasEnded()) {
      connection.close();
      return;
    }
    Caller next = nextCaller();
    if (next == null) {
      idle.addFirst(connection);
    } else {
      next.connected(connection.carry(next));
    }
  }

  private @Nullable Caller nextCaller() {
    Caller next = firstWaiting();
    if (next != null) {
      withdraw(next);
    }
    return next;
  }

  private @Nullable Caller firstWaiting() {
    return waiting.isEmpty() ? null : waiting.keySet().iterator().next();
  }

  /** A connection is counted with the streams from now on, which have a ceiling of their own. */
  void apart(Connection connection) {
    all.remove(connection);
    connectIfNeeded();
  }

  /** A connection is no more. */
  void gone(Connection connection) {
    meters.connectionClosed();
    idle.remove(connection);
    all.remove(connection);
    connectIfNeeded();
  }

  /** A connection that was taken over is no more. */
  void tunnelClosed() {
    meters.connectionClosed();
  }

  private void lookAfter() {
    closeStale();
    Caller first = firstWaiting();
    boolean somebodyWaits = first != null && first == firstBefore;
    makeRoom(limits.connections() / RESERVE + (somebodyWaits ? waiting.size() : 0));
    firstBefore = first;
  }

  private void closeStale() {
    long now = System.nanoTime();
    Connection oldest = idle.peekLast();
    while (oldest != null && oldest.isStale(now)) {
      oldest.close();
      oldest = idle.peekLast();
    }
  }

  /** Ends timers; connections end with the client they came from. */
  public void close() {
    waitLimit.close();
    waiting.values().forEach(waiter -> meters.waitEnded());
    waiting.clear();
    vertx.cancelTimer(lookAfter);
  }
}
