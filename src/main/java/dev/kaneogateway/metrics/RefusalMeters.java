package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Counter;

/** What is refused before Kaneo sees anything of it, by why. Safe from any thread. */
public final class RefusalMeters {
  private final Meters meters;
  private final Counter[] limited = new Counter[Limit.values().length];
  private final Counter[] shed = new Counter[Ceiling.values().length];
  private final Counter malformed;
  private final Counter unknownVersion;
  private final Counter unanswered;
  private final Counter floods;

  RefusalMeters(Meters meters) {
    this.meters = meters;
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
    malformed = malformed(meters, "4xx");
    unknownVersion = malformed(meters, "5xx");
    unanswered = malformed(meters, "none");
    floods =
        meters.counter(
            "http2_floods",
            "HTTP/2 connections and streams ended because they flooded the gateway with frames, or with halves of frames or of TLS records.");
  }

  private static Counter malformed(Meters meters, String answer) {
    return meters.counter(
        "malformed_requests",
        "What came and was no HTTP request, or none to its end, by answer.",
        "answer",
        answer);
  }

  /** What counts the connections that a ceiling, by its name in metrics, has closed. */
  public Counter connections(String ceiling) {
    return meters.counter(
        "connections_refused",
        "Connections closed as they came because too many were open, by ceiling.",
        "ceiling",
        ceiling);
  }

  /** Counts a request refused because of a limit. */
  public void limited(Limit limit) {
    limited[limit.ordinal()].increment();
  }

  /** Counts a request refused because too much was under way. */
  public void shed(Ceiling ceiling) {
    shed[ceiling.ordinal()].increment();
  }

  /**
   * Counts what was no HTTP request, or none to its end.
   *
   * @param status how it was answered; 0 if it was not
   */
  public void malformedRequest(int status) {
    if (status == 0) {
      unanswered.increment();
    } else {
      (status < 500 ? malformed : unknownVersion).increment();
    }
  }

  /** Counts a connection, or a stream of HTTP/2, that was ended because it flooded. */
  public void http2Flood() {
    floods.increment();
  }
}
