package dev.kaneogateway.upstream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One request on a connection of its own while it lasts, and its answer. The head is written by
 * {@link #begin}, {@link #field} and {@link #sendHead}; the body, if there is one, as to any
 * stream; the answer's body, paused at first, is read as from any stream. Ends with the last byte
 * of both, or with {@link #reset}. Confined to the event loop of its connection.
 */
public final class Call implements WriteStream<Buffer>, ReadStream<Buffer> {
  private final Connection connection;
  private final Events events;
  private final boolean reused;
  private boolean headSent;
  private boolean hasBody;
  private boolean chunked;
  private boolean requestEnded;
  private @Nullable HttpResponseStatus status;
  private MultiMap headers = MultiMap.caseInsensitiveMultiMap();
  private @Nullable MultiMap trailers;
  private boolean answerRead;
  private boolean over;

  private final Deque<Buffer> unread = new ArrayDeque<>(0);
  private boolean paused = true;
  private boolean delivering;
  private boolean endDelivered;
  private @Nullable Handler<Buffer> dataHandler;
  private @Nullable Handler<Void> endHandler;
  private @Nullable Handler<Void> drainHandler;
  private @Nullable Handler<Throwable> exceptionHandler;

  /** What befalls a call, on its event loop; nothing any more after {@link #reset}. */
  public interface Events {
    /** Kaneo wants the body (RFC 9110 §15.2.1). */
    void goOn();

    /** Kaneo tells beforehand what its answer will refer to (RFC 8297). */
    void earlyHints(MultiMap hints);

    /** The head of the answer came; its body is read from the call. */
    void answered();

    /** What came in one piece with the head was delivered. */
    void answerPaused();

    /** No answer will come. */
    void notAnswered(UpstreamFailure why);

    /**
     * How many bytes a second its client has sent or taken on the average, if it is the client that
     * the call waits for; otherwise more than any.
     */
    long clientPace();

    /** Connections are scarce, and this client is the slowest: the call is to end. */
    void giveWay();
  }

  Call(Connection connection, Events events, boolean reused) {
    this.connection = connection;
    this.events = events;
    this.reused = reused;
  }

  /** Whether its connection has carried a request before. */
  public boolean isReused() {
    return reused;
  }

  /** Begins the head. Nothing is sent before {@link #sendHead}. */
  public void begin(HttpMethod method, String target) {
    connection.begin(method, target);
  }

  /**
   * Adds a field to the head.
   *
   * @throws IllegalArgumentException if it has a character that no field may have; the call can
   *     then only be reset
   */
  public void field(CharSequence name, CharSequence value) {
    connection.field(name, value);
  }

  /** Sends the head of a request that has no body. */
  public void sendWhole() {
    headSent = true;
    requestEnded = true;
    connection.sendHead();
  }

  /**
   * Sends the head of a request whose body follows.
   *
   * @param inChunks whether the body's length is not told by a field of the head
   */
  public void sendHead(boolean inChunks) {
    hasBody = true;
    chunked = inChunks;
    if (chunked) {
      field("Transfer-Encoding", "chunked");
    }
    headSent = true;
    connection.sendHead();
  }

  @Override
  public Future<Void> write(Buffer data) {
    return over || data.length() == 0
        ? Future.succeededFuture()
        : connection.sendBody(data, chunked);
  }

  @Override
  public Future<Void> end(Buffer data) {
    write(data);
    return end();
  }

  @Override
  public Future<Void> end() {
    if (over || requestEnded) {
      return Future.succeededFuture();
    }
    requestEnded = true;
    Future<Void> sent = chunked ? connection.sendLastChunk() : Future.succeededFuture();
    endIfDone();
    return sent;
  }

  @Override
  public boolean writeQueueFull() {
    return !over && !connection.isWritable();
  }

  @Override
  public Call setWriteQueueMaxSize(int maxSize) {
    throw new UnsupportedOperationException("the connection's own limit holds");
  }

  @Override
  public Call drainHandler(@Nullable Handler<Void> handler) {
    drainHandler = handler;
    return this;
  }

  void writable() {
    Handler<Void> handler = drainHandler;
    if (handler != null) {
      handler.handle(null);
    }
  }

  long clientPace() {
    return events.clientPace();
  }

  void giveWay() {
    events.giveWay();
  }

  void goOn() {
    events.goOn();
  }

  void earlyHints(MultiMap hints) {
    events.earlyHints(hints);
  }

  /**
   * Whether all of the request has left. A Kaneo that answers before may hang up behind its answer
   * instead of reading the rest, so the next request had better not meet that.
   */
  boolean hasLeft() {
    return !hasBody || (requestEnded && connection.isFlushed());
  }

  void answered(HttpResponseStatus answerStatus, MultiMap answerHeaders) {
    status = answerStatus;
    headers = answerHeaders;
    events.answered();
  }

  /** A piece of the answer's body came. */
  void read(Buffer chunk) {
    if (paused || delivering || !unread.isEmpty()) {
      unread.add(chunk);
      connection.readOn(false);
    } else if (dataHandler != null) {
      dataHandler.handle(chunk);
    }
  }

  /** The last byte of the answer came. */
  void readLast(@Nullable MultiMap answerTrailers) {
    trailers = answerTrailers;
    answerRead = true;
    if (!delivering) {
      deliver();
    }
    endIfDone();
  }

  void readPaused() {
    if (status != null) {
      events.answerPaused();
    }
  }

  /** The connection broke, or what came was no HTTP. */
  void broken(UpstreamFailure why) {
    boolean told = over || answerRead;
    over = true;
    if (told) {
      return;
    }
    if (status == null) {
      events.notAnswered(why);
    } else if (exceptionHandler != null) {
      exceptionHandler.handle(new BrokenOff());
    }
  }

  /** An answer that ended before its end. */
  private static final class BrokenOff extends RuntimeException {
    private static final long serialVersionUID = 1;

    BrokenOff() {
      super("Kaneo broke off its answer", null, false, false);
    }
  }

  private void endIfDone() {
    if (answerRead && requestEnded && !over) {
      over = true;
      connection.ended();
    }
  }

  /** Whether the answer's head has come; what comes after its body belongs to nobody. */
  boolean isAnswered() {
    return status != null;
  }

  public int statusCode() {
    return status == null ? 0 : status.code();
  }

  /** The reason phrase if Kaneo chose one of its own, or null. */
  public @Nullable String ownReason() {
    if (status == null) {
      return null;
    }
    String reason = status.reasonPhrase();
    String usual = HttpResponseStatus.valueOf(status.code()).reasonPhrase();
    return reason.isEmpty() || reason.equals(usual) ? null : reason;
  }

  /** The answer's fields. */
  public MultiMap headers() {
    return headers;
  }

  /** The answer's trailers; complete with the end of its body. */
  public MultiMap trailers() {
    return trailers == null ? MultiMap.caseInsensitiveMultiMap() : trailers;
  }

  /** Its answer is a stream without end: it leaves its place in the pool to others. */
  public void livesLong() {
    connection.livesLong();
  }

  /**
   * Hands the connection over once Kaneo has answered 101 (RFC 9110 §15.2.2). The handler gets the
   * bytes that follow, the first of them perhaps at once.
   */
  public Channel takeOver(ChannelHandler by) {
    over = true;
    return connection.takeOver(by);
  }

  /**
   * Gives the call up: nothing is told of it any more. The connection goes with it, unless nothing
   * was sent or all is done.
   */
  public void reset() {
    if (!over) {
      over = true;
      if (headSent) {
        connection.close();
      } else {
        connection.ended();
      }
    }
    paused = true;
    unread.clear();
  }

  @Override
  public Call exceptionHandler(@Nullable Handler<Throwable> handler) {
    exceptionHandler = handler;
    return this;
  }

  @Override
  public Call handler(@Nullable Handler<Buffer> handler) {
    dataHandler = handler;
    return this;
  }

  @Override
  public Call endHandler(@Nullable Handler<Void> handler) {
    endHandler = handler;
    return this;
  }

  @Override
  public Call pause() {
    paused = true;
    return this;
  }

  @Override
  public Call resume() {
    paused = false;
    if (!delivering) {
      deliver();
      if (!paused && !over) {
        connection.readOn(true);
      }
    }
    return this;
  }

  @Override
  public Call fetch(long amount) {
    throw new UnsupportedOperationException("a call is read as fast as it comes");
  }

  private void deliver() {
    delivering = true;
    try {
      Buffer chunk;
      while (!paused && (chunk = unread.poll()) != null) {
        if (dataHandler != null) {
          dataHandler.handle(chunk);
        }
      }
      if (!paused && answerRead && unread.isEmpty() && !endDelivered) {
        endDelivered = true;
        if (endHandler != null) {
          endHandler.handle(null);
        }
      }
    } finally {
      delivering = false;
    }
  }
}
