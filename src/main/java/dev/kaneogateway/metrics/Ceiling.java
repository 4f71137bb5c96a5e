package dev.kaneogateway.metrics;

import java.util.Locale;

/** Every ceiling on what may be under way at once; its name in metrics. */
public enum Ceiling {
  /** Requests in flight, in all. */
  REQUESTS,
  /** Requests in flight, of one address. */
  REQUESTS_PER_ADDRESS,
  /** WebSockets and event streams, in all. */
  STREAMS,
  /** WebSockets and event streams, of one address. */
  STREAMS_PER_ADDRESS;

  /** The value of the {@code ceiling} label. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
