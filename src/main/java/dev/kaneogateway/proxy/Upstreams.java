package dev.kaneogateway.proxy;

import static java.util.Objects.requireNonNull;

import dev.kaneogateway.config.Origins;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.UpstreamMeters;
import dev.kaneogateway.upstream.ConnectionPool;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The Kaneo processes of one kind and the connections to them. One for each event loop, so that
 * both sides of an exchange stay on one thread.
 */
final class Upstreams {
  /** Names the session of MCP's streamable HTTP, in the answer that made it and in its requests. */
  private static final String MCP_SESSION = "mcp-session-id";

  /** One of so many connections may wait for an answer of a Kaneo that has just come back. */
  private static final int COLD = 16;

  private final NetClient client;
  private final List<Upstream> upstreams;
  private final McpSessions mcpSessions;
  private int turn;

  /** One Kaneo, with what this event loop has under way there. */
  static final class Upstream {
    private final String authority;
    private final Presence presence;
    private final UpstreamMeters meters;
    private final ConnectionPool pool;
    private final URI uri;
    private final int enough;

    Upstream(
        Vertx vertx,
        NetClient client,
        URI uri,
        ConnectionPool.Limits limits,
        int enough,
        Presence presence,
        UpstreamMeters meters) {
      this.uri = uri;
      this.enough = enough;
      this.presence = presence;
      this.meters = meters;
      meters.availableWhile(presence::isAvailable);
      this.authority = uri.getAuthority();
      this.pool = new ConnectionPool(vertx, client, target(uri), limits, meters);
    }

    private static ConnectOptions target(URI uri) {
      boolean ssl = "https".equals(uri.getScheme());
      int port = Origins.port(uri);
      ConnectOptions target =
          new ConnectOptions()
              .setRemoteAddress(SocketAddress.inetSocketAddress(port, uri.getHost()))
              .setHost(uri.getHost())
              .setPort(port);
      return ssl
          ? target
              .setSsl(true)
              .setSslOptions(new ClientSSLOptions().setHostnameVerificationAlgorithm("HTTPS"))
          : target;
    }

    /** The connections to it. */
    ConnectionPool pool() {
      return pool;
    }

    /** What {@code Host} says when the client said nothing. */
    String authority() {
      return authority;
    }

    /** Whether it is there and well. */
    Presence presence() {
      return presence;
    }

    UpstreamMeters meters() {
      return meters;
    }

    void begin() {
      presence.begin();
      meters.requestBegan();
    }

    void end() {
      presence.end();
      meters.requestEnded();
    }

    /** See {@link Presence#spares}. */
    boolean spares(Duration hold) {
      return presence.spares(hold, enough);
    }

    /** Whether a request whose connection died may be asked of it again; counted as done. */
    boolean repeats() {
      boolean may = presence.repeats();
      if (may) {
        meters.requestRepeated();
      }
      return may;
    }

    /** An answer of this status has come to its end, or is one that goes on for hours. */
    void answered(int status) {
      if (!isRefusal(status)) {
        presence.answered();
      }
    }
  }

  Upstreams(
      Vertx vertx,
      List<URI> origins,
      Settings.Upstream settings,
      int connections,
      int eventLoops,
      Presences presences,
      GatewayMetrics metrics) {
    ConnectionPool.Limits limits =
        new ConnectionPool.Limits(
            connections,
            settings.maxQueue() / eventLoops,
            settings.connectTimeout(),
            settings.keepAlive(),
            settings.slowBytesPerSecond());
    NetClientOptions options = new NetClientOptions();
    options
        .setConnectTimeout((int) settings.connectTimeout().toMillis())
        .setTcpNoDelay(true)
        .setTcpKeepAlive(true);
    this.client = vertx.createNetClient(options);
    this.upstreams =
        origins.stream()
            .map(
                uri ->
                    new Upstream(
                        vertx,
                        client,
                        uri,
                        limits,
                        Math.max(1, connections * eventLoops / COLD),
                        presences.of(uri, settings.breaker()),
                        metrics.upstream(uri.toString())))
            .toList();
    this.mcpSessions = presences.mcpSessions();
  }

  /**
   * The one that made the MCP session a request belongs to, or the one to begin with.
   *
   * @param failed which broke this request off, and so is rather not asked again
   */
  Upstream choose(MultiMap requestHeaders, @Nullable Upstream failed) {
    String session = session(requestHeaders);
    URI owner = session == null ? null : mcpSessions.ownerOf(session);
    if (owner != null) {
      for (Upstream each : upstreams) {
        if (each.uri.equals(owner)) {
          return each;
        }
      }
    }
    return choose(failed);
  }

  /**
   * All of them if a request belongs to an MCP session whose Kaneo is not known here: it began
   * through another gateway, or before this one started. Else none.
   */
  Iterator<Upstream> search(MultiMap requestHeaders) {
    String session = session(requestHeaders);
    if (session == null || mcpSessions.ownerOf(session) != null) {
      return Collections.emptyIterator();
    }
    return upstreams.iterator();
  }

  /** The search is over: it has the session. */
  void found(Upstream owner, MultiMap requestHeaders) {
    mcpSessions.made(requestHeaders.get(MCP_SESSION), owner.uri);
  }

  /** As {@link #choose(Upstream)} for a request that nobody has failed yet. */
  Upstream choose() {
    return choose(null);
  }

  /**
   * The one with the least to do among those that are well, of equals another each time; when none
   * is, the one whose turn it is to be tried again.
   */
  private Upstream choose(@Nullable Upstream failed) {
    if (upstreams.size() == 1) {
      return upstreams.get(0);
    }
    long now = System.nanoTime();
    int start = turn;
    turn = (start + 1) % upstreams.size();
    Upstream best = null;
    for (int n = 0; n < upstreams.size(); n++) {
      Upstream each = upstreams.get((start + n) % upstreams.size());
      if (each != failed && (best == null || each.presence.isBetterThan(best.presence, now))) {
        best = each;
      }
    }
    // Who asks one that is gone again and again, and no other, waits for ever.
    boolean ratherThat =
        failed != null
            && (best == null
                || (best.presence.isPassedOver(now)
                    && (!failed.presence.isPassedOver(now)
                        || (best.presence.isAway() && !failed.presence.isAway()))));
    return ratherThat ? requireNonNull(failed) : requireNonNull(best);
  }

  /**
   * Learns from the head of an answer whether its Kaneo says that it cannot, and which MCP session
   * it made. That it is well only the {@linkplain Upstream#answered end} shows.
   */
  void answering(Upstream by, int status, MultiMap headers) {
    if (isRefusal(status)) {
      by.presence.failed();
    }
    String session = session(headers);
    if (session != null) {
      mcpSessions.made(session, by.uri);
    }
  }

  private static boolean isRefusal(int status) {
    return status >= 502 && status <= 504;
  }

  /** Whether a request's MCP session went with a Kaneo that refused it; it is forgotten then. */
  boolean losesSession(Upstream gone, MultiMap requestHeaders) {
    String session = session(requestHeaders);
    if (session == null || !gone.uri.equals(mcpSessions.ownerOf(session))) {
      return false;
    }
    mcpSessions.forget(session);
    return true;
  }

  /** The MCP session that a head names, where it matters whose it is. */
  private @Nullable String session(MultiMap headers) {
    return upstreams.size() > 1 ? headers.get(MCP_SESSION) : null;
  }

  /** Whether there is one that takes connections, as far as is known, or is worth waiting for. */
  boolean mayTakeWithin(Duration hold) {
    return upstreams.stream()
        .anyMatch(each -> !each.presence.isAway() || each.presence.mayReturnWithin(hold));
  }

  /** See {@link Presence#isFree}. */
  boolean noneIsFree(Duration hold) {
    return upstreams.stream().noneMatch(each -> each.presence.isFree(hold, each.enough));
  }

  int size() {
    return upstreams.size();
  }

  void close() {
    upstreams.forEach(each -> each.pool.close());
    client.close();
  }
}
