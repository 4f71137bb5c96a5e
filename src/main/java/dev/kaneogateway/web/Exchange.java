package dev.kaneogateway.web;

import dev.kaneogateway.metrics.Route;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * One request and what has become known of it on its way: who sent it, where it goes, whose
 * credential it carries. Confined to the event loop of its connection.
 */
public final class Exchange {
  private final HttpServerRequest request;
  private final String id;
  private final long startNanos = System.nanoTime();
  private final RequestHead head;
  private final TrustedProxies.Origin origin;
  private Route route = Route.INVALID;
  private String credential = "-";
  private String userId = "-";
  private long upstreamNanos = -1;
  private boolean abandoned;
  private @Nullable Runnable atEnd;
  private @Nullable Runnable leave;
  private @Nullable String trouble;

  Exchange(HttpServerRequest request, String id, RequestHead head, TrustedProxies.Origin origin) {
    this.request = request;
    this.id = id;
    this.head = head;
    this.origin = origin;
  }

  public HttpServerRequest request() {
    return request;
  }

  public HttpServerResponse response() {
    return request.response();
  }

  /** The request's name in the answer's {@code X-Request-Id}, in what Kaneo gets and in logs. */
  public String id() {
    return id;
  }

  public RequestHead head() {
    return head;
  }

  public TrustedProxies.Origin origin() {
    return origin;
  }

  public Route route() {
    return route;
  }

  public void route(Route taken) {
    this.route = taken;
  }

  /** Notes whose credential was accepted: its kind and row id, never itself. */
  public void identified(String kindAndId, String user) {
    this.credential = kindAndId;
    this.userId = user;
  }

  /** Notes how long Kaneo took to begin its answer. */
  public void upstreamAnswered(long nanos) {
    this.upstreamNanos = nanos;
  }

  /** Notes that the client left before its answer was complete. */
  public void abandoned() {
    this.abandoned = true;
  }

  /**
   * Notes that the exchange takes up a place somewhere; the one it had before is left, and this one
   * when it ends.
   */
  public void occupies(Runnable leaving) {
    Runnable before = leave;
    leave = leaving;
    if (before != null) {
      before.run();
    }
  }

  void atEnd(Runnable action) {
    this.atEnd = action;
  }

  /** Counts and logs the exchange, once; needed only where no HTTP answer ends it. */
  public void end() {
    Runnable action = atEnd;
    atEnd = null;
    if (action != null) {
      action.run();
    }
    Runnable leaving = leave;
    leave = null;
    if (leaving != null) {
      leaving.run();
    }
  }

  /** Notes what went wrong, for the log. */
  public void trouble(String what) {
    this.trouble = what;
  }

  /** Whether the body has bytes still to come, as far as the head tells. */
  public boolean announcesBody() {
    return head.chunked()
        || head.contentLength() > 0
        || (request.version() == HttpVersion.HTTP_2 && head.contentLength() < 0);
  }

  /** 499 for a client that left, as nginx has it; else what was answered. */
  int status() {
    return abandoned ? 499 : response().getStatusCode();
  }

  long elapsedNanos() {
    return System.nanoTime() - startNanos;
  }

  String logLine() {
    StringBuilder line = new StringBuilder(160);
    String path = head.target();
    int query = path.indexOf('?');
    path = query < 0 ? path : path.substring(0, query);
    line.append(request.method().name()).append(' ');
    line.append(path, 0, Math.min(path.length(), 200)).append(' ').append(status());
    line.append(" route=").append(route.label());
    line.append(" ms=").append(elapsedNanos() / 1_000_000);
    if (upstreamNanos >= 0) {
      line.append(" upstream_ms=").append(upstreamNanos / 1_000_000);
    }
    line.append(" in=").append(request.bytesRead());
    line.append(" out=").append(response().bytesWritten());
    line.append(" client=").append(origin.address());
    line.append(" credential=").append(credential);
    line.append(" user=").append(userId);
    line.append(" id=").append(id);
    if (trouble != null) {
      line.append(" trouble=\"").append(trouble).append('"');
    }
    return line.toString();
  }
}
