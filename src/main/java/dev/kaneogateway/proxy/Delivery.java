package dev.kaneogateway.proxy;

import dev.kaneogateway.tracing.RequestTrace;
import dev.kaneogateway.upstream.Call;
import dev.kaneogateway.upstream.ConnectionPool;
import dev.kaneogateway.upstream.UpstreamFailure;
import dev.kaneogateway.web.Deadlines;
import dev.kaneogateway.web.Exchange;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Brings one request to a Kaneo that answers it: chooses one, waits for one that restarts, and asks
 * again where that is safe. A request of which no byte was sent can always wait; one without a body
 * whose answer breaks off before any of it was passed on is sent again if it can be repeated (RFC
 * 9110 §9.2.2). Confined to its event loop.
 */
final class Delivery implements ConnectionPool.Caller {
  /** How many deaths of Kaneo, or of a connection of the pool, a request may meet. */
  private static final int MOST_DEAD = 5;

  private final Lane lane;
  private final Upstreams upstreams;
  private final Exchange exchange;
  private final Sender sender;
  private final Deadlines.Entry firstByte;
  private final Iterator<Upstreams.Upstream> candidates;
  private final boolean searching;
  private int attempts;
  private int broken;
  private boolean brokeFresh;
  private boolean seenAway;
  private long askedNanos;
  private Upstreams.@Nullable Upstream upstream;
  private Upstreams.@Nullable Upstream last;
  private Upstreams.@Nullable Upstream failed;
  private RequestTrace.@Nullable Step step;
  private @Nullable Call call;
  private boolean unheard;
  private boolean over;

  /** Whose request it is. Told nothing any more after {@link #end}. */
  interface Sender {
    /** Whether the request has a body that is not kept, so that it can be sent only once. */
    boolean isSentOnce();

    /** The head is written but for what frames the body: the request is to be sent. */
    void send(Call to);

    /** Kaneo wants the body. */
    void goOn();

    /** Kaneo tells beforehand what its answer will refer to. */
    void earlyHints(MultiMap hints);

    /** The head of the answer came. */
    void answered(Call answer);

    /** What came in one piece with the head of the answer was delivered. */
    void answerPaused();

    /** There will be no answer. */
    void notAnswered(UpstreamFailure why);

    /** The Kaneo whose MCP session the request belongs to is gone. */
    void sessionGone();

    /** The request itself cannot be sent. */
    void unsendable();

    /** See {@link Call.Events#clientPace}. */
    long clientPace();

    /** See {@link Call.Events#giveWay}. */
    void giveWay();
  }

  Delivery(Lane lane, Upstreams upstreams, Exchange exchange, Sender sender) {
    this.lane = lane;
    this.upstreams = upstreams;
    this.exchange = exchange;
    this.sender = sender;
    this.firstByte = lane.firstByte.entry(() -> sender.notAnswered(UpstreamFailure.SILENT));
    this.candidates = upstreams.search(exchange.request().headers());
    this.searching = candidates.hasNext();
  }

  /** Whether several Kaneos may have to be asked, each that has not what is asked for saying so. */
  boolean isSearching() {
    return searching;
  }

  /** Asks the Kaneo that is chosen now. */
  void ask() {
    Upstreams.Upstream chosen =
        candidates.hasNext()
            ? candidates.next()
            : upstreams.choose(exchange.request().headers(), failed);
    // A search asks each in turn, and so finds that an MCP session went with its Kaneo.
    if (!searching && lane.hadBetterWait(chosen, upstreams)) {
      seenAway |= chosen.presence().isAway();
      askLater();
      return;
    }
    attempts++;
    askedNanos = System.nanoTime();
    chosen.begin();
    chosen.presence().asked();
    unheard = true;
    upstream = chosen;
    last = chosen;
    step = exchange.trace().upstream();
    chosen.pool().call(this);
  }

  @Override
  public void notConnected(UpstreamFailure why) {
    Upstreams.Upstream asked = upstream;
    if (over || asked == null) {
      return;
    }
    boolean away = why.isAway();
    if (away) {
      asked.presence().refused();
      seenAway = true;
    }
    boolean sessionGone =
        away
            && (searching
                ? !candidates.hasNext()
                : upstreams.losesSession(asked, exchange.request().headers()));
    if (sessionGone) {
      sender.sessionGone();
    } else if (away && attempts < upstreams.size()) {
      release();
      ask();
    } else if (away && lane.mayHold(upstreams)) {
      askLater();
    } else {
      sender.notAnswered(why);
    }
  }

  /** Tries again a little later; the client may be gone by then. */
  private void askLater() {
    release();
    lane.holdBack(
        () -> {
          if (!over) {
            ask();
          }
        });
  }

  @Override
  public void connected(Call to) {
    Upstreams.Upstream asked = upstream;
    if (asked == null) {
      to.reset();
      return;
    }
    asked.presence().reached();
    call = to;
    try {
      to.begin(exchange.request().method(), exchange.head().target());
      RequestHeaders.copy(exchange, to::field, asked.authority());
    } catch (IllegalArgumentException e) {
      sender.unsendable();
      return;
    }
    sender.send(to);
  }

  /** All of the request is sent: from now on Kaneo may be silent for a limited time only. */
  void awaitAnswer() {
    lane.firstByte.restart(firstByte);
  }

  @Override
  public void goOn() {
    sender.goOn();
  }

  @Override
  public long clientPace() {
    return sender.clientPace();
  }

  @Override
  public void giveWay() {
    sender.giveWay();
  }

  @Override
  public void earlyHints(MultiMap hints) {
    sender.earlyHints(hints);
  }

  @Override
  public void answered() {
    Call answer = call;
    if (answer == null) {
      return;
    }
    lane.firstByte.stop(firstByte);
    heard();
    if (searching && answer.statusCode() == 404 && candidates.hasNext() && !sender.isSentOnce()) {
      accepted(answer);
      goesWell();
      answer.reset();
      call = null;
      release();
      ask();
    } else {
      sender.answered(answer);
    }
  }

  /** The answer is taken as one that means what it says. */
  void accepted(Call answer) {
    int status = answer.statusCode();
    if (upstream != null) {
      upstreams.answering(upstream, status, answer.headers());
      if (searching && status >= 200 && status < 300) {
        upstreams.found(upstream, exchange.request().headers());
      }
    }
    exchange.upstreamAnswered(status, System.nanoTime() - askedNanos);
    if (step != null) {
      step.status(status);
    }
  }

  /** All of the answer is here, or as much as tells that its Kaneo is well. */
  void goesWell() {
    if (upstream != null && call != null) {
      upstream.answered(call.statusCode());
    }
  }

  @Override
  public void answerPaused() {
    sender.answerPaused();
  }

  @Override
  public void notAnswered(UpstreamFailure why) {
    lane.firstByte.stop(firstByte);
    if (why != UpstreamFailure.BROKEN || !askAgain()) {
      sender.notAnswered(why);
    }
  }

  /** Asks again a little later, if the request and its Kaneo are such that it may be. */
  boolean askAgain() {
    if (!mayRepeat() || upstream == null || !upstream.repeats()) {
      return false;
    }
    if (call != null && !call.isReused()) {
      upstream.presence().failed();
      failed = upstream;
      brokeFresh = true;
    }
    broken++;
    seenAway = false;
    call = null;
    askLater();
    return true;
  }

  /**
   * Once for a fresh connection that broke; again only where the connection was an old one or Kaneo
   * was seen away in between, both of which say nothing of this request: what breaks a fresh one
   * twice may be what kills Kaneo.
   */
  boolean mayRepeat() {
    HttpMethod method = exchange.request().method();
    boolean reused = call != null && call.isReused();
    return (!brokeFresh || reused || seenAway)
        && broken < MOST_DEAD
        && !sender.isSentOnce()
        && (method.equals(HttpMethod.GET)
            || method.equals(HttpMethod.HEAD)
            || method.equals(HttpMethod.OPTIONS));
  }

  /** Notes a failure of Kaneo's, by the value of the metric's label. */
  void failed(String cause) {
    if (last != null) {
      last.meters().failed(cause);
    }
    if (upstream != null && call != null) {
      // It took the request, so what went wrong is its own affair.
      upstream.presence().failed();
    }
    if (step != null) {
      step.failed(cause);
    }
  }

  /** Ends it: nothing is told any more. A call that is under way is given up. */
  void end(boolean cut) {
    over = true;
    lane.firstByte.stop(firstByte);
    if (cut && call != null) {
      call.reset();
    }
    release();
  }

  private void heard() {
    if (unheard && upstream != null) {
      unheard = false;
      upstream.presence().heard();
    }
  }

  private void release() {
    heard();
    if (upstream != null) {
      if (call == null) {
        upstream.pool().withdraw(this);
      }
      upstream.end();
      upstream = null;
      if (step != null) {
        step.end();
      }
    }
  }
}
