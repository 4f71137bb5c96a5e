package dev.kaneogateway.metrics;

import java.util.Locale;

/** What kind of path a request took; the bounded stand-in for its URI in metrics and logs. */
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

  /** The value of the {@code route} label. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
