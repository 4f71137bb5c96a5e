package dev.kaneogateway.config;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** How the gateway stops, and what it tells of itself until then. */
final class OperationKeys {
  static final Setting<Duration> GATEWAY_DRAIN_DELAY_MS =
      Setting.of(
              "GATEWAY_DRAIN_DELAY_MS",
              "1000",
              Parse.millis(0, 600_000),
              "Time between 'not ready' and the closing of the port at a stop, for load balancers to notice.")
          .alive();
  static final Setting<Duration> GATEWAY_DRAIN_TIMEOUT_MS =
      Setting.of(
              "GATEWAY_DRAIN_TIMEOUT_MS",
              "30000",
              Parse.millis(0, 600_000),
              "Time requests in flight have to end at a stop.")
          .alive();
  static final Setting<Duration> GATEWAY_DRAIN_SPREAD_MS =
      Setting.of(
              "GATEWAY_DRAIN_SPREAD_MS",
              "5000",
              Parse.millis(0, 600_000),
              "Time over which WebSockets (code 1012) and event streams are ended at a stop, so that their clients do not all come back at once.")
          .alive();
  static final Setting<Boolean> GATEWAY_METRICS =
      Setting.of(
          "GATEWAY_METRICS",
          "true",
          Parse::flag,
          "Count and time what is served, for `/metrics` and the status page; off, both have no figures.");
  static final Setting<Boolean> GATEWAY_ACCESS_LOG =
      Setting.of("GATEWAY_ACCESS_LOG", "true", Parse::flag, "One log line per request.").alive();
  static final Setting<String> GATEWAY_LOG_FORMAT =
      Setting.of("GATEWAY_LOG_FORMAT", "text", Parse.oneOf("text", "json"), "`text` or `json`.");
  static final Setting<String> GATEWAY_LOG_LEVEL =
      Setting.of(
              "GATEWAY_LOG_LEVEL",
              "info",
              Parse.levels(
                  "access",
                  "auth",
                  "bus",
                  "credentials",
                  "db",
                  "device",
                  "limits",
                  "management",
                  "oauth",
                  "pages",
                  "proxy",
                  "tracing",
                  "web"),
              "`error`, `warn`, `info`, `debug` or `trace`; for some rooms another, as in `info,credentials=debug`.")
          .alive();

  // OpenTelemetry's own names.
  static final Setting<Optional<URI>> OTEL_EXPORTER_OTLP_ENDPOINT =
      Setting.of(
          "OTEL_EXPORTER_OTLP_ENDPOINT",
          "",
          Parse::optionalHttpUrl,
          "Where spans are sent by OTLP over HTTP, without its `/v1/traces`; empty means that none are recorded.");
  static final Setting<List<String>> OTEL_EXPORTER_OTLP_HEADERS =
      Setting.secret(
          "OTEL_EXPORTER_OTLP_HEADERS",
          Parse.pairs("headers like x-api-key=secret")
              .andThen(pairs -> pairs.stream().map(Parse::percentDecoded).toList()),
          "Fields sent along with spans, as `name=value`, percent-encoded; for a receiver that wants a credential.");
  static final Setting<String> OTEL_SERVICE_NAME =
      Setting.of(
          "OTEL_SERVICE_NAME", "kaneo-gateway", Parse::text, "What spans call this process.");
  static final Setting<Double> OTEL_TRACES_SAMPLER_ARG =
      Setting.of(
          "OTEL_TRACES_SAMPLER_ARG",
          "1.0",
          Parse::ratio,
          "Share of the traces begun here that are recorded; others follow their caller's wish.");

  static final List<Setting<?>> ALL =
      List.of(
          GATEWAY_DRAIN_DELAY_MS,
          GATEWAY_DRAIN_TIMEOUT_MS,
          GATEWAY_DRAIN_SPREAD_MS,
          GATEWAY_METRICS,
          GATEWAY_ACCESS_LOG,
          GATEWAY_LOG_FORMAT,
          GATEWAY_LOG_LEVEL,
          OTEL_EXPORTER_OTLP_ENDPOINT,
          OTEL_EXPORTER_OTLP_HEADERS,
          OTEL_SERVICE_NAME,
          OTEL_TRACES_SAMPLER_ARG);

  private OperationKeys() {}
}
