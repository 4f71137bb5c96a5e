package dev.kaneogateway.metrics;

import java.util.Locale;

/**
 * What kind of path a request took, coarser than its template: what latencies are told apart by.
 */
public enum Route {
  /** Kaneo's API, behind a credential. */
  API,
  /** Kaneo's API where Kaneo itself judges. */
  PUBLIC,
  /** A WebSocket of Kaneo's. */
  WEBSOCKET,
  /** Everything outside {@code /api}: the web app and its files. */
  WEB,
  /** The device authorization endpoints, answered here. */
  DEVICE,
  /** The approval page, answered here. */
  PAGE,
  /** A request refused before it had a route. */
  INVALID;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** The value of the {@code route} label. */
  public String label() {
    return label;
  }

  /** Whether Kaneo answers there, and not the gateway itself. */
  public boolean isKaneos() {
    return this == API || this == PUBLIC || this == WEBSOCKET || this == WEB;
  }
}
