package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Counter;

/** What is refused before Kaneo sees anything of it, by why. Safe from any thread. */
public final class RefusalMeters {
  private final Counter[] limited = new Counter[Limit.values().length];
  private final Counter[] shed = new Counter[Ceiling.values().length];
  private final Counter malformed;
  private final Counter floods;

  RefusalMeters(Meters meters) {
    for (Limit limit : Limit.values()) {
      limited[limit.ordinal()] =
          meters.counter(
              "limited_requests", "Requests refused with 429, by limit.", "limit", limit.label());
    }
    for (Ceiling ceiling : Ceiling.values()) {
      shed[ceiling.ordinal()] =
          meters.counter(
              "shed_requests",
              "Requests refused with 503 because too much was under way, by ceiling.",
              "ceiling",
              ceiling.label());
    }
    malformed =
        meters.counter(
            "malformed_requests", "Connections whose bytes were no HTTP request.", "answer", "4xx");
    floods =
        meters.counter(
            "http2_floods",
            "HTTP/2 connections and streams ended because they flooded the gateway with frames, or with halves of frames or of TLS records.");
  }

  /** Counts a request refused because of a limit. */
  public void limited(Limit limit) {
    limited[limit.ordinal()].increment();
  }

  /** Counts a request refused because too much was under way. */
  public void shed(Ceiling ceiling) {
    shed[ceiling.ordinal()].increment();
  }

  /** Counts a connection whose bytes were no HTTP request. */
  public void malformedRequest() {
    malformed.increment();
  }

  /** Counts a connection, or a stream of HTTP/2, that was ended because it flooded. */
  public void http2Flood() {
    floods.increment();
  }
}
