package dev.kaneogateway.web;

import dev.kaneogateway.metrics.CredentialKind;
import dev.kaneogateway.metrics.Outcome;
import dev.kaneogateway.metrics.RequestMeters;
import dev.kaneogateway.metrics.Route;
import dev.kaneogateway.tracing.RequestTrace;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * One request and what has become known of it on its way: who sent it, where it goes, whose
 * credential it carries. Confined to the event loop of its connection.
 */
public final class Exchange {
  /** Of a body behind its answer, for the sake of the connection: what is on its way anyhow. */
  private static final long MOST_READ_ON = 64 * 1024;

  private final HttpServerRequest request;
  private final RequestBody body;
  private final Place place = new Place();
  private final String id;
  private final long startNanos = System.nanoTime();
  private final RequestHead head;
  private final TrustedProxies.Origin origin;
  private Route route = Route.INVALID;
  private final RequestTrace trace;
  private final RequestMeters meters;
  private CredentialKind credentialKind = CredentialKind.UNJUDGED;
  private String credential = "-";
  private String userId = "-";
  private long upstreamNanos = -1;
  private long carriedIn;
  private long carriedOut;
  private boolean abandoned;
  private boolean own;
  private boolean last;
  private boolean toldToGoOn;
  private boolean truncated;
  private @Nullable Runnable atEnd;
  private @Nullable Runnable whenBodyMalformed;
  private @Nullable String trouble;

  Exchange(
      HttpServerRequest request,
      String id,
      RequestHead head,
      TrustedProxies.Origin origin,
      RequestTrace trace,
      RequestMeters meters) {
    this.request = request;
    this.body = new RequestBody(request);
    this.id = id;
    this.head = head;
    this.origin = origin;
    this.trace = trace;
    this.meters = meters;
  }

  public HttpServerRequest request() {
    return request;
  }

  public HttpServerResponse response() {
    return request.response();
  }

  /** What the request brings, to be read, paused and resumed by this alone. */
  public RequestBody body() {
    return body;
  }

  /** The place that it takes up among those under way. */
  public Place place() {
    return place;
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

  /** Where the request is in its trace. */
  public RequestTrace trace() {
    return trace;
  }

  /** Notes what kind of credential came, and whether it held. */
  public void credential(CredentialKind kind) {
    this.credentialKind = kind;
  }

  /** Notes whose credential was accepted: its kind and row id, never itself. */
  public void identified(String kindAndId, String user) {
    this.credential = kindAndId;
    this.userId = user;
  }

  /** Measures how long Kaneo took to begin its answer. */
  public void upstreamAnswered(int status, long nanos) {
    this.upstreamNanos = nanos;
    meters.upstreamAnswered(route, status, nanos, trace.traceId(), trace.spanId());
  }

  /**
   * The answer is the last of an HTTP/1 connection: what else comes on it is thrown away, and the
   * client has time to read the answer (RFC 9112 §9.6).
   */
  public void endConnection() {
    if (request.version() != HttpVersion.HTTP_2) {
      ConnectionGuard guard = ConnectionGuard.of(request.connection());
      if (guard != null) {
        guard.doom();
      }
      last = true;
    }
  }

  /** The answer, which may take its time, says that it is the connection's last. */
  void announceEnd() {
    last = true;
    ConnectionGuard guard = ConnectionGuard.of(request.connection());
    if (guard != null) {
      guard.announceEnd();
    }
  }

  /** Whether the connection {@linkplain #endConnection ends} with the answer. */
  boolean endsConnection() {
    return last;
  }

  /**
   * Ends an answer of the gateway with its body, or without it if only its head was asked for: over
   * HTTP/2 Vert.x would send it all the same, and the client reset the stream (RFC 9113 §8.1.1).
   */
  public Future<Void> answer(String body) {
    Buffer bytes = Buffer.buffer(body);
    if (request.method().equals(HttpMethod.HEAD)) {
      response().putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(bytes.length()));
      return response().end();
    }
    return response().end(bytes);
  }

  /**
   * Notes that the answer is the gateway's and not Kaneo's, so that its status tells the outcome.
   */
  public void ownAnswer() {
    this.own = true;
  }

  /** Notes that the answer is broken off after its head. */
  public void truncated() {
    this.truncated = true;
  }

  /** Notes how many bytes passed in another protocol after the answer. */
  public void carried(long in, long out) {
    this.carriedIn = in;
    this.carriedOut = out;
  }

  /** Notes that the client left before its answer was complete. */
  public void abandoned() {
    this.abandoned = true;
  }

  /** What to give up when the request's body turns out to be none; the answer is not its affair. */
  public void whenBodyMalformed(Runnable action) {
    this.whenBodyMalformed = action;
  }

  void bodyMalformed() {
    trouble("malformed body");
    if (whenBodyMalformed != null) {
      whenBodyMalformed.run();
    }
  }

  void atEnd(Runnable action) {
    this.atEnd = action;
  }

  /** Counts and logs the exchange, once; needed only where no HTTP answer ends it. */
  public void end() {
    Runnable action = atEnd;
    atEnd = null;
    if (action == null) {
      return;
    }
    action.run();
    Runnable leaving = place.over();
    if (request.version() == HttpVersion.HTTP_2) {
      Http2Deliveries.whenOver(request.connection(), response().streamId(), leaving);
    } else if (leaving != null) {
      Http1Deliveries.whenOver(request.connection(), leaving);
    }
  }

  /** Notes what went wrong, for the log. */
  public void trouble(String what) {
    this.trouble = what;
  }

  /** Tells a client that asks first to send its body. */
  public void goOn() {
    toldToGoOn = true;
    response().writeContinue();
  }

  /**
   * Whether the client waits to be told so: answered otherwise it sends its body or not, and nobody
   * knows what comes next (RFC 9110 §10.1.1).
   */
  public boolean awaitsGoAhead() {
    return announcesBody()
        && !toldToGoOn
        && !request.isEnded()
        && request.version() == HttpVersion.HTTP_1_1
        && request.headers().contains(HttpHeaders.EXPECT);
  }

  /**
   * Whether so much of the body is unread, or nobody knows how much, that its rest is not waited
   * for: who is answered then is told so at once (RFC 9110 §10.1.1), and not cut off on the way.
   */
  boolean leavesMuchUnread() {
    return announcesBody()
        && !request.isEnded()
        && request.version() != HttpVersion.HTTP_2
        && (head.chunked() || head.contentLength() - request.bytesRead() > MOST_READ_ON);
  }

  /** Whether the body has bytes still to come, as far as the head tells. */
  public boolean announcesBody() {
    return head.chunked()
        || head.contentLength() > 0
        || (request.version() == HttpVersion.HTTP_2 && head.contentLength() < 0);
  }

  /** 499 for a client that left, as nginx has it; else what was answered. */
  private int status() {
    return abandoned && !truncated ? 499 : response().getStatusCode();
  }

  private Outcome outcome() {
    if (truncated) {
      return Outcome.TRUNCATED;
    }
    if (abandoned) {
      return Outcome.ABANDONED;
    }
    return own || !route.isKaneos() ? Outcome.ofOwn(response().getStatusCode()) : Outcome.ANSWERED;
  }

  /** All of it, for metrics and log. */
  AccessRecord over(String template) {
    return new AccessRecord(
        id,
        trace.traceId(),
        trace.spanId(),
        request.method().name(),
        head.target(),
        template,
        route,
        status(),
        System.nanoTime() - startNanos,
        upstreamNanos,
        request.bytesRead() + carriedIn,
        response().bytesWritten() + carriedOut,
        origin.address(),
        credentialKind,
        credential,
        userId,
        outcome(),
        trouble);
  }
}
