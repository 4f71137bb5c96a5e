package dev.kaneogateway.config;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Makes the records of {@link Settings} of what a source holds, or tells all that is wrong. */
final class SettingsReader {
  private static final Set<String> EVERY_ADDRESS = Set.of("0.0.0.0", "::");

  private SettingsReader() {}

  /**
   * Reads all settings.
   *
   * @throws SettingsException with every problem found
   */
  static Settings read(SettingsSource source) throws SettingsException {
    List<String> problems = source.problems();
    // A value that could not be read is missing until the problems are thrown below.
    SettingsValues values = new SettingsValues(source);
    checkTogether(values, problems);
    Keys.ALL.forEach(values::touch);
    if (!problems.isEmpty()) {
      throw new SettingsException(new ArrayList<>(problems));
    }
    return new Settings(
        kaneo(values),
        server(values),
        limits(values),
        upstream(values),
        database(values),
        credentials(values),
        revocation(values),
        rateLimits(values),
        ceilings(values),
        redis(values),
        device(values),
        management(values),
        logs(values),
        traces(values),
        values.numbers());
  }

  /** What is wrong with two settings together, each of which may be well. */
  private static void checkTogether(SettingsValues values, List<String> problems) {
    Optional<Path> cert = values.of(ServerKeys.GATEWAY_TLS_CERT, Optional.empty());
    Optional<Path> key = values.of(ServerKeys.GATEWAY_TLS_KEY, Optional.empty());
    if (cert.isPresent() != key.isPresent()
        && problems.stream().noneMatch(p -> p.contains("_TLS_"))) {
      problems.add("GATEWAY_TLS_CERT and GATEWAY_TLS_KEY belong together: set both or neither");
    }
    int port = values.of(ServerKeys.GATEWAY_PORT, 0);
    String host = values.of(ServerKeys.GATEWAY_HOST);
    String managementHost = values.of(ServerKeys.GATEWAY_MANAGEMENT_HOST);
    if (port != 0
        && port == values.of(ServerKeys.GATEWAY_MANAGEMENT_PORT, 0)
        && (host.equals(managementHost)
            || EVERY_ADDRESS.contains(host)
            || EVERY_ADDRESS.contains(managementHost))) {
      problems.add(
          "GATEWAY_PORT and GATEWAY_MANAGEMENT_PORT both have the value '"
              + port
              + "': give each its own");
    }
  }

  private static Settings.Kaneo kaneo(SettingsValues values) {
    URI clientUrl = values.of(KaneoKeys.KANEO_CLIENT_URL);
    List<String> corsOrigins = values.of(KaneoKeys.CORS_ORIGINS);
    return new Settings.Kaneo(
        clientUrl,
        values.of(KaneoKeys.KANEO_API_URL),
        values.of(ServerKeys.GATEWAY_PUBLIC_URL).orElse(URI.create(Origins.of(clientUrl))),
        corsOrigins.isEmpty() ? List.of(Origins.of(clientUrl)) : corsOrigins,
        values.of(ClientKeys.GATEWAY_PUBLIC_PATHS),
        values.of(ClientKeys.GATEWAY_WEBSOCKET_PATHS),
        values.of(ClientKeys.GATEWAY_METRIC_PATHS));
  }

  private static Settings.Server server(SettingsValues values) {
    Optional<Path> key = values.of(ServerKeys.GATEWAY_TLS_KEY);
    int loops = values.of(ServerKeys.GATEWAY_EVENT_LOOPS);
    return new Settings.Server(
        values.of(ServerKeys.GATEWAY_HOST),
        values.of(ServerKeys.GATEWAY_PORT),
        values.of(ServerKeys.GATEWAY_TLS_CERT).flatMap(c -> key.map(k -> new Settings.Tls(c, k))),
        loops == 0 ? Runtime.getRuntime().availableProcessors() : loops,
        values.of(ServerKeys.GATEWAY_TRANSPORT),
        values.of(KaneoKeys.TRUSTED_PROXIES).stream().map(IpRange::parse).toList(),
        values.of(ServerKeys.GATEWAY_RELOAD_MS),
        values.of(OperationKeys.GATEWAY_DRAIN_DELAY_MS),
        values.of(OperationKeys.GATEWAY_DRAIN_TIMEOUT_MS),
        values.of(OperationKeys.GATEWAY_DRAIN_SPREAD_MS));
  }

  private static Settings.Limits limits(SettingsValues values) {
    return new Settings.Limits(
        values.of(ClientKeys.GATEWAY_MAX_HEADER_BYTES),
        values.of(ClientKeys.GATEWAY_MAX_HEADER_FIELDS),
        values.of(ClientKeys.GATEWAY_MAX_URI_BYTES),
        values.of(ClientKeys.GATEWAY_MAX_BODY_BYTES),
        values.of(ClientKeys.GATEWAY_HEAD_TIMEOUT_MS),
        values.of(ClientKeys.GATEWAY_IDLE_TIMEOUT_MS),
        values.of(ClientKeys.GATEWAY_PROGRESS_TIMEOUT_MS),
        values.of(ClientKeys.GATEWAY_HTTP2_CONTROL_FRAMES),
        values.of(ClientKeys.GATEWAY_HTTP2_RESETS));
  }

  private static Settings.Upstream upstream(SettingsValues values) {
    return new Settings.Upstream(
        values.of(KaneoKeys.KANEO_UPSTREAM_URL),
        values.of(KaneoKeys.KANEO_WEB_UPSTREAM_URL),
        values.of(UpstreamKeys.GATEWAY_UPSTREAM_CONNECT_TIMEOUT_MS),
        values.of(UpstreamKeys.GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_MS),
        values.of(UpstreamKeys.GATEWAY_UPSTREAM_KEEP_ALIVE_MS),
        values.of(UpstreamKeys.GATEWAY_UPSTREAM_HOLD_MS),
        values.of(UpstreamKeys.GATEWAY_UPSTREAM_HELD),
        values.of(UpstreamKeys.GATEWAY_UPSTREAM_ANSWER_HOLD_MS),
        values.of(UpstreamKeys.GATEWAY_UPSTREAM_CONNECTIONS),
        values.of(UpstreamKeys.GATEWAY_UPSTREAM_QUEUE),
        values.of(UpstreamKeys.GATEWAY_UPSTREAM_SLOW_BYTES_PER_S),
        new Settings.Breaker(
            values.of(UpstreamKeys.GATEWAY_UPSTREAM_BREAKER_FAILURES),
            values.of(UpstreamKeys.GATEWAY_UPSTREAM_BREAKER_PAUSE_MS),
            values.of(UpstreamKeys.GATEWAY_UPSTREAM_BREAKER_LONGEST_PAUSE_MS),
            values.of(UpstreamKeys.GATEWAY_UPSTREAM_BREAKER_CHECKS),
            values.of(UpstreamKeys.GATEWAY_UPSTREAM_REPEATS)));
  }

  private static Settings.Database database(SettingsValues values) {
    return new Settings.Database(
        values.of(KaneoKeys.DATABASE_URL), values.of(CredentialKeys.GATEWAY_DATABASE_CONNECTIONS));
  }

  private static Settings.Credentials credentials(SettingsValues values) {
    return new Settings.Credentials(
        values.of(KaneoKeys.AUTH_SECRET),
        values.of(CredentialKeys.GATEWAY_LOOKUP_TIMEOUT_MS),
        values.of(CredentialKeys.GATEWAY_LOOKUP_BATCH),
        values.of(CredentialKeys.GATEWAY_LOOKUP_STATEMENTS_PER_S),
        values.of(CredentialKeys.GATEWAY_LOOKUP_QUEUE),
        values.of(CredentialKeys.GATEWAY_CACHE_TTL_MS),
        values.of(CredentialKeys.GATEWAY_CACHE_SIZE),
        values.of(CredentialKeys.GATEWAY_REFUSED_CACHE_TTL_MS),
        values.of(CredentialKeys.GATEWAY_REFUSED_CACHE_SIZE),
        values.of(CredentialKeys.GATEWAY_DATABASE_GRACE_MS),
        values.of(CredentialKeys.GATEWAY_KEY_USAGE));
  }

  private static Settings.Revocation revocation(SettingsValues values) {
    return new Settings.Revocation(
        values.of(CredentialKeys.GATEWAY_CACHE_TTL_LISTENING_MS),
        values.of(CredentialKeys.GATEWAY_LISTEN_HEARTBEAT_MS),
        values.of(CredentialKeys.GATEWAY_LISTEN_TIMEOUT_MS),
        values.of(CredentialKeys.GATEWAY_STREAM_RECHECK_MS));
  }

  private static Settings.RateLimits rateLimits(SettingsValues values) {
    return new Settings.RateLimits(
        values.of(LimitKeys.GATEWAY_LIMIT_CREDENTIAL_PER_MINUTE),
        values.of(LimitKeys.GATEWAY_LIMIT_ADDRESS_PER_MINUTE),
        values.of(LimitKeys.GATEWAY_LIMIT_SIGN_INS_PER_QUARTER_HOUR),
        values.of(LimitKeys.GATEWAY_LIMIT_SIGN_UPS_PER_QUARTER_HOUR),
        values.of(LimitKeys.GATEWAY_LIMIT_DEVICE_PER_MINUTE),
        values.of(LimitKeys.GATEWAY_LIMIT_FAILED_PER_MINUTE),
        values.of(LimitKeys.GATEWAY_KEY_RATE_LIMITS),
        values.of(LimitKeys.GATEWAY_LIMIT_KEYS),
        values.of(LimitKeys.GATEWAY_SIGN_IN_PATHS),
        values.of(LimitKeys.GATEWAY_SIGN_UP_PATHS));
  }

  private static Settings.Ceilings ceilings(SettingsValues values) {
    return new Settings.Ceilings(
        values.of(LimitKeys.GATEWAY_IN_FLIGHT),
        values.of(LimitKeys.GATEWAY_IN_FLIGHT_PER_ADDRESS),
        values.of(LimitKeys.GATEWAY_STREAMS),
        values.of(LimitKeys.GATEWAY_STREAMS_PER_ADDRESS),
        values.of(LimitKeys.GATEWAY_CONNECTIONS),
        values.of(LimitKeys.GATEWAY_CONNECTIONS_PER_ADDRESS));
  }

  private static Settings.Redis redis(SettingsValues values) {
    return new Settings.Redis(values.of(KaneoKeys.REDIS_URL));
  }

  private static Settings.Device device(SettingsValues values) {
    return new Settings.Device(
        values.of(KaneoKeys.DEVICE_AUTH_CLIENT_IDS),
        pairs(values.of(DeviceKeys.GATEWAY_DEVICE_CLIENT_NAMES)),
        values.of(DeviceKeys.GATEWAY_DEVICE_CODE_LIFE_S),
        values.of(DeviceKeys.GATEWAY_DEVICE_INTERVAL_S),
        values.of(DeviceKeys.GATEWAY_DEVICE_SESSION_LIFE_S),
        values.of(CredentialKeys.GATEWAY_LOOKUP_TIMEOUT_MS),
        values.of(DeviceKeys.GATEWAY_DEVICE_CODES_PER_MINUTE),
        values.of(DeviceKeys.GATEWAY_DEVICE_UNKNOWN_POLLS_PER_MINUTE),
        values.of(DeviceKeys.GATEWAY_DEVICE_WRONG_CODES_PER_USER),
        values.of(DeviceKeys.GATEWAY_DEVICE_WRONG_CODES_PER_ADDRESS));
  }

  private static Settings.Management management(SettingsValues values) {
    return new Settings.Management(
        values.of(ServerKeys.GATEWAY_MANAGEMENT_HOST),
        values.of(ServerKeys.GATEWAY_MANAGEMENT_PORT),
        values.of(ServerKeys.GATEWAY_MANAGEMENT_CONNECTIONS),
        values.of(OperationKeys.GATEWAY_METRICS));
  }

  private static Settings.Logs logs(SettingsValues values) {
    return new Settings.Logs(
        values.of(OperationKeys.GATEWAY_ACCESS_LOG),
        values.of(OperationKeys.GATEWAY_LOG_FORMAT).equals("json"),
        values.of(OperationKeys.GATEWAY_LOG_LEVEL));
  }

  private static Settings.Traces traces(SettingsValues values) {
    return new Settings.Traces(
        values.of(OperationKeys.OTEL_EXPORTER_OTLP_ENDPOINT).map(URI::toString),
        pairs(values.of(OperationKeys.OTEL_EXPORTER_OTLP_HEADERS)),
        values.of(OperationKeys.OTEL_SERVICE_NAME),
        values.of(OperationKeys.OTEL_TRACES_SAMPLER_ARG));
  }

  private static Map<String, String> pairs(List<String> pairs) {
    return pairs.stream()
        .map(pair -> pair.split("=", 2))
        .collect(
            Collectors.toUnmodifiableMap(
                pair -> pair[0].strip(), pair -> pair[1].strip(), (first, second) -> second));
  }
}
