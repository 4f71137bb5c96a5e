package dev.kaneogateway.web;

import dev.kaneogateway.metrics.CredentialKind;
import dev.kaneogateway.metrics.Outcome;
import dev.kaneogateway.metrics.RequestMeters;
import dev.kaneogateway.metrics.Route;
import org.jspecify.annotations.Nullable;

/**
 * What is told of a request once it is over, to metrics and log alike. Holds nothing of the
 * credential itself. Immutable.
 *
 * @param method as the client spelt it
 * @param target as it came; only its path may be told
 * @param template the path's bounded stand-in
 * @param upstreamNanos from asking Kaneo to the head of its answer, or -1 if it was not asked
 * @param credential kind and row id, or {@code -}
 * @param trouble what went wrong, in words of the gateway's own
 */
public record AccessRecord(
    String requestId,
    String traceId,
    String spanId,
    String method,
    String target,
    String template,
    Route route,
    int status,
    long durationNanos,
    long upstreamNanos,
    long bytesIn,
    long bytesOut,
    String client,
    CredentialKind credentialKind,
    String credential,
    String userId,
    Outcome outcome,
    @Nullable String trouble)
    implements RequestMeters.Ended {

  /** The rest of a longer one says little and may be megabytes in an hour. */
  private static final int LONGEST_PATH = 200;

  /** Cut here, so that no appender that keeps these keeps megabytes. */
  public AccessRecord {
    if (target.length() > LONGEST_PATH) {
      target = target.substring(0, LONGEST_PATH);
    }
  }

  /** A link of this kind lets whoever has it set a new password. */
  private static final String PASSWORD_RESET = "/api/auth/reset-password/";

  /** The path without the query, which may hold anything, and without a secret of its own. */
  public String loggedPath() {
    if (target.startsWith(PASSWORD_RESET)) {
      return PASSWORD_RESET + "*";
    }
    int end = target.length();
    int query = target.indexOf('?');
    int fragment = target.indexOf('#');
    end = query >= 0 ? Math.min(end, query) : end;
    return target.substring(0, fragment >= 0 ? Math.min(end, fragment) : end);
  }

  /** In short; without the query, whoever prints it. */
  @Override
  public String toString() {
    return method + " " + loggedPath() + " " + status;
  }

  /** Writes a duration as milliseconds with three digits after the point. */
  public static void millis(StringBuilder to, long nanos) {
    long micros = nanos / 1000;
    to.append(micros / 1000).append('.');
    long fraction = micros % 1000;
    to.append(fraction < 100 ? fraction < 10 ? "00" : "0" : "").append(fraction);
  }
}
