package dev.kaneogateway.upstream;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.util.concurrent.TimeoutException;

/** What went wrong with Kaneo, and what the client is told: the one table from cause to status. */
public enum UpstreamFailure {
  /** Nobody listens, or nobody answers the call: no byte of the request was sent. */
  REFUSED(502, "bad_gateway", "Kaneo does not accept connections."),
  /** Nobody knows where it is, for now or by a mistake: no byte of the request was sent either. */
  UNRESOLVED(502, "bad_gateway", "The name of Kaneo does not resolve."),
  /** Every connection is busy and the queue is full, or one was not to be had in time. */
  BUSY(503, "overloaded", "Too many requests are waiting for Kaneo."),
  /** Kaneo hung up before its answer was complete. */
  BROKEN(502, "bad_gateway", "Kaneo closed the connection without an answer."),
  /** No answer began in time. */
  SILENT(504, "gateway_timeout", "Kaneo did not answer in time."),
  /** What came was no HTTP. */
  NONSENSE(502, "bad_gateway", "Kaneo's answer could not be understood.");

  private final int status;
  private final String code;
  private final String message;

  UpstreamFailure(int status, String code, String message) {
    this.status = status;
    this.code = code;
    this.message = message;
  }

  public int status() {
    return status;
  }

  public String code() {
    return code;
  }

  public String message() {
    return message;
  }

  /** The value of a metric's label. */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  /** Whether Kaneo is away, as it is during a restart, in which its name may be gone too. */
  public boolean isAway() {
    return this == REFUSED || this == UNRESOLVED;
  }

  /** While a connection was asked for. */
  public static UpstreamFailure ofConnecting(Throwable cause) {
    if (cause instanceof UnknownHostException) {
      return UNRESOLVED;
    }
    if (cause instanceof ConnectException || cause instanceof NoRouteToHostException) {
      return REFUSED;
    }
    return cause instanceof TimeoutException ? BUSY : REFUSED;
  }
}
