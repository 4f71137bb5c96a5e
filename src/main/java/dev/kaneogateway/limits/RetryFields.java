package dev.kaneogateway.limits;

import io.vertx.core.http.HttpServerResponse;

/**
 * What a refused client is told in fields: when to come again (RFC 9110 §10.2.3), and which quota
 * it exceeded, if it did (draft-ietf-httpapi-ratelimit-headers-10 §3, §4).
 */
public final class RetryFields {
  private RetryFields() {}

  /** Adds the fields to an answer. */
  public static void put(HttpServerResponse response, Refusal refusal) {
    String seconds = Long.toString(refusal.retryAfterSeconds());
    response.putHeader("Retry-After", seconds);
    if (refusal instanceof Excess excess) {
      String policy = '"' + excess.limit().label() + '"';
      response
          .putHeader(
              "RateLimit-Policy",
              policy + ";q=" + excess.quota() + ";w=" + Math.max(1, excess.window().toSeconds()))
          .putHeader("RateLimit", policy + ";r=0;t=" + seconds);
    }
  }
}
