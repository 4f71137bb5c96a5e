package dev.kaneogateway.metrics;

import java.util.Set;

/** What the status page counts: sums over meters that are there for Prometheus anyway. */
public enum Tally {
  REQUESTS("http_request_duration", "", Set.of()),
  SERVER_ERRORS("http_request_duration", "status", Set.of("5xx")),
  REFUSED("authentications", "result", Set.of("invalid", "missing")),
  UNJUDGED("authentications", "result", Set.of("unknown")),
  LIMITED("limited_requests", "", Set.of()),
  LOOKUP_FAILURES("credential_lookup_failures", "", Set.of()),
  MALFORMED("malformed_requests", "answer", Set.of("4xx", "5xx")),
  LOG_LINES_DROPPED("log_lines_dropped", "", Set.of()),
  UPSTREAM_REFUSED("upstream_failures", "cause", Set.of("refused")),
  UPSTREAM_UNRESOLVED("upstream_failures", "cause", Set.of("unresolved")),
  UPSTREAM_BUSY("upstream_failures", "cause", Set.of("busy")),
  UPSTREAM_BROKEN("upstream_failures", "cause", Set.of("broken", "truncated")),
  UPSTREAM_SILENT("upstream_failures", "cause", Set.of("silent")),
  UPSTREAM_NONSENSE("upstream_failures", "cause", Set.of("nonsense")),
  DEVICES_STARTED("device_steps", "outcome", Set.of("made")),
  DEVICES_SIGNED_IN("device_steps", "outcome", Set.of("issued")),
  USER_CODES_UNKNOWN("device_steps", "outcome", Set.of("unknown"));

  private final String meter;
  private final String label;

  @SuppressWarnings("ImmutableEnumChecker") // each is made by Set.of
  private final Set<String> values;

  Tally(String meter, String label, Set<String> values) {
    this.meter = GatewayMetrics.PREFIX + meter;
    this.label = label;
    this.values = values;
  }

  boolean counts(io.micrometer.core.instrument.Meter.Id id) {
    return id.getName().equals(meter)
        && (label.isEmpty() || values.contains(String.valueOf(id.getTag(label))));
  }
}
