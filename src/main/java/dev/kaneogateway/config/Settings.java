package dev.kaneogateway.config;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Everything an operator set, checked; one record for each room.
 *
 * @param numbers the {@link #numeric} settings by name, each in the unit its name ends in
 */
public record Settings(
    Kaneo kaneo,
    Server server,
    Limits limits,
    Upstream upstream,
    Database database,
    Credentials credentials,
    Revocation revocation,
    RateLimits rateLimits,
    Ceilings ceilings,
    Redis redis,
    Device device,
    Management management,
    Logs logs,
    Traces traces,
    Map<String, Number> numbers) {
  private static final Set<String> EVERY_ADDRESS = Set.of("0.0.0.0", "::");

  /**
   * What the Kaneo instance behind is called and expects.
   *
   * @param publicUrl the gateway's own address as people and devices see it
   */
  public record Kaneo(
      URI clientUrl,
      URI apiUrl,
      URI publicUrl,
      List<String> corsOrigins,
      List<String> publicPaths,
      List<String> webSocketPaths,
      List<String> metricPaths) {}

  /** Where the gateway listens. */
  public record Server(
      String host,
      int port,
      Optional<Tls> tls,
      int eventLoops,
      String transport,
      List<IpRange> trustedProxies,
      Duration reload,
      Duration drainDelay,
      Duration drainTimeout,
      Duration webSocketSpread) {}

  /** PEM files of a certificate chain and its key. */
  public record Tls(Path certificate, Path key) {}

  /** What one client may ask for, and how long it may take. A body limit of 0 is none. */
  public record Limits(
      int maxHeaderBytes,
      int maxHeaderFields,
      int maxUriBytes,
      long maxBodyBytes,
      Duration headTimeout,
      Duration idleTimeout,
      Duration progressTimeout,
      int http2ControlFrames,
      int http2Resets) {}

  /** How Kaneo is reached. {@code web} is empty when {@code api} serves the web app too. */
  public record Upstream(
      List<URI> api,
      List<URI> web,
      Duration connectTimeout,
      Duration firstByteTimeout,
      Duration keepAlive,
      Duration hold,
      int maxHeld,
      Duration answerHold,
      int maxConnections,
      int maxQueue,
      int slowBytesPerSecond,
      Breaker breaker) {}

  /**
   * When a Kaneo among several is passed over, and how much may be asked of one again.
   *
   * @param failures of requests in a row
   * @param firstPause how long it is passed over at first; each probe that fails doubles it
   * @param unwellChecks health checks in a row
   * @param repeats requests asked again at once
   */
  public record Breaker(
      int failures, Duration firstPause, Duration longestPause, int unwellChecks, int repeats) {}

  /** How PostgreSQL is reached. The URL carries the password and is never printed. */
  public record Database(String url, int connections) {
    @Override
    public String toString() {
      return "Database[connections=" + connections + "]";
    }
  }

  /** How credentials are looked up and remembered. The secret is never printed. */
  public record Credentials(
      Optional<String> authSecret,
      Duration lookupTimeout,
      int lookupBatch,
      int lookupStatementsPerSecond,
      int lookupQueue,
      Duration cacheTtl,
      int cacheSize,
      Duration refusedCacheTtl,
      int refusedCacheSize,
      Duration grace,
      boolean keyUsage) {
    @Override
    public String toString() {
      return "Credentials[cacheTtl=" + cacheTtl + ", cacheSize=" + cacheSize + "]";
    }
  }

  /**
   * How often one may ask. A quota of 0 is no limit.
   *
   * @param ofKeys whether what an API key's row limits it to holds as well
   * @param mostKeys how many each limit remembers
   */
  public record RateLimits(
      int credentialPerMinute,
      int addressPerMinute,
      int signInPerQuarter,
      int signUpPerQuarter,
      int devicePerMinute,
      int failedPerMinute,
      boolean ofKeys,
      int mostKeys,
      List<String> signInPaths,
      List<String> signUpPaths) {}

  /** How much may be under way at once. 0 is no ceiling. */
  public record Ceilings(
      int requests,
      int requestsPerAddress,
      int streams,
      int streamsPerAddress,
      int connections,
      int connectionsPerAddress) {}

  /** Where gateways share what they count. The URL may carry a password and is never printed. */
  public record Redis(Optional<String> url) {
    @Override
    public String toString() {
      return "Redis[" + (url.isPresent() ? "set" : "not set") + "]";
    }
  }

  /**
   * How changes to credentials are noticed.
   *
   * @param cacheTtl how long a valid credential is believed while every change is told
   * @param heartbeat how often the line that tells them is tried
   * @param patience how long one try may take
   * @param streamRecheck how often credentials of open connections are asked about again
   */
  public record Revocation(
      Duration cacheTtl, Duration heartbeat, Duration patience, Duration streamRecheck) {}

  /**
   * The device authorization grant.
   *
   * @param clientNames what the page calls each of {@code clientIds}
   * @param patience how long PostgreSQL may take to answer
   * @param sweepEvery how often ended codes are looked for
   */
  public record Device(
      List<String> clientIds,
      Map<String, String> clientNames,
      Duration codeLife,
      Duration interval,
      Duration sessionLife,
      Duration patience,
      Duration sweepEvery,
      int codesPerMinute,
      int unknownPollsPerMinute,
      int wrongCodesPerUser,
      int wrongCodesPerAddress) {}

  /** Where metrics and health are served. */
  public record Management(String host, int port, boolean metrics) {}

  /** What is logged and how. */
  public record Logs(boolean access, boolean json, String level) {}

  /**
   * Where spans go. The fields may hold a credential and are never printed.
   *
   * @param ratio of the traces begun here that are recorded
   */
  public record Traces(
      Optional<String> endpoint, Map<String, String> headers, String serviceName, double ratio) {
    @Override
    public String toString() {
      return "Traces[endpoint=" + endpoint + ", ratio=" + ratio + "]";
    }
  }

  /**
   * Reads all settings.
   *
   * @param environment wins over both files; {@code System.getenv()} in production
   * @param environmentFile Kaneo's environment file, if the operator names one
   * @param file the gateway's YAML file, if there is one
   * @throws SettingsException with every problem found
   */
  public static Settings load(
      Map<String, String> environment, Optional<Path> environmentFile, Optional<Path> file)
      throws SettingsException {
    return of(new SettingsSource(environment, environmentFile, file));
  }

  static Settings of(SettingsSource source) throws SettingsException {
    List<String> problems = source.problems();
    // A value that could not be read is null until the problems are thrown below.
    Values values = new Values(source);
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
    for (Setting<?> setting : Keys.ALL) {
      values.touch(setting);
    }
    if (!problems.isEmpty()) {
      throw new SettingsException(new ArrayList<>(problems));
    }
    URI clientUrl = values.of(KaneoKeys.KANEO_CLIENT_URL);
    List<String> corsOrigins = values.of(KaneoKeys.CORS_ORIGINS);
    int loops = values.of(ServerKeys.GATEWAY_EVENT_LOOPS);
    return new Settings(
        new Kaneo(
            clientUrl,
            values.of(KaneoKeys.KANEO_API_URL),
            values.of(ServerKeys.GATEWAY_PUBLIC_URL).orElse(URI.create(Origins.of(clientUrl))),
            corsOrigins.isEmpty() ? List.of(Origins.of(clientUrl)) : corsOrigins,
            values.of(ClientKeys.GATEWAY_PUBLIC_PATHS),
            values.of(ClientKeys.GATEWAY_WEBSOCKET_PATHS),
            values.of(ClientKeys.GATEWAY_METRIC_PATHS)),
        new Server(
            values.of(ServerKeys.GATEWAY_HOST),
            values.of(ServerKeys.GATEWAY_PORT),
            cert.flatMap(c -> key.map(k -> new Tls(c, k))),
            loops == 0 ? Runtime.getRuntime().availableProcessors() : loops,
            values.of(ServerKeys.GATEWAY_TRANSPORT),
            values.of(KaneoKeys.TRUSTED_PROXIES).stream().map(IpRange::parse).toList(),
            values.of(ServerKeys.GATEWAY_RELOAD_MS),
            values.of(OperationKeys.GATEWAY_DRAIN_DELAY_MS),
            values.of(OperationKeys.GATEWAY_DRAIN_TIMEOUT_MS),
            values.of(OperationKeys.GATEWAY_DRAIN_SPREAD_MS)),
        new Limits(
            values.of(ClientKeys.GATEWAY_MAX_HEADER_BYTES),
            values.of(ClientKeys.GATEWAY_MAX_HEADER_FIELDS),
            values.of(ClientKeys.GATEWAY_MAX_URI_BYTES),
            values.of(ClientKeys.GATEWAY_MAX_BODY_BYTES),
            values.of(ClientKeys.GATEWAY_HEAD_TIMEOUT_MS),
            values.of(ClientKeys.GATEWAY_IDLE_TIMEOUT_MS),
            values.of(ClientKeys.GATEWAY_PROGRESS_TIMEOUT_MS),
            values.of(ClientKeys.GATEWAY_HTTP2_CONTROL_FRAMES),
            values.of(ClientKeys.GATEWAY_HTTP2_RESETS)),
        new Upstream(
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
            new Breaker(
                values.of(UpstreamKeys.GATEWAY_UPSTREAM_BREAKER_FAILURES),
                values.of(UpstreamKeys.GATEWAY_UPSTREAM_BREAKER_PAUSE_MS),
                values.of(UpstreamKeys.GATEWAY_UPSTREAM_BREAKER_LONGEST_PAUSE_MS),
                values.of(UpstreamKeys.GATEWAY_UPSTREAM_BREAKER_CHECKS),
                values.of(UpstreamKeys.GATEWAY_UPSTREAM_REPEATS))),
        new Database(
            values.of(KaneoKeys.DATABASE_URL),
            values.of(CredentialKeys.GATEWAY_DATABASE_CONNECTIONS)),
        new Credentials(
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
            values.of(CredentialKeys.GATEWAY_KEY_USAGE)),
        new Revocation(
            values.of(CredentialKeys.GATEWAY_CACHE_TTL_LISTENING_MS),
            values.of(CredentialKeys.GATEWAY_LISTEN_HEARTBEAT_MS),
            values.of(CredentialKeys.GATEWAY_LISTEN_TIMEOUT_MS),
            values.of(CredentialKeys.GATEWAY_STREAM_RECHECK_MS)),
        new RateLimits(
            values.of(LimitKeys.GATEWAY_LIMIT_CREDENTIAL_PER_MINUTE),
            values.of(LimitKeys.GATEWAY_LIMIT_ADDRESS_PER_MINUTE),
            values.of(LimitKeys.GATEWAY_LIMIT_SIGN_INS_PER_QUARTER_HOUR),
            values.of(LimitKeys.GATEWAY_LIMIT_SIGN_UPS_PER_QUARTER_HOUR),
            values.of(LimitKeys.GATEWAY_LIMIT_DEVICE_PER_MINUTE),
            values.of(LimitKeys.GATEWAY_LIMIT_FAILED_PER_MINUTE),
            values.of(LimitKeys.GATEWAY_KEY_RATE_LIMITS),
            values.of(LimitKeys.GATEWAY_LIMIT_KEYS),
            values.of(LimitKeys.GATEWAY_SIGN_IN_PATHS),
            values.of(LimitKeys.GATEWAY_SIGN_UP_PATHS)),
        new Ceilings(
            values.of(LimitKeys.GATEWAY_IN_FLIGHT),
            values.of(LimitKeys.GATEWAY_IN_FLIGHT_PER_ADDRESS),
            values.of(LimitKeys.GATEWAY_STREAMS),
            values.of(LimitKeys.GATEWAY_STREAMS_PER_ADDRESS),
            values.of(LimitKeys.GATEWAY_CONNECTIONS),
            values.of(LimitKeys.GATEWAY_CONNECTIONS_PER_ADDRESS)),
        new Redis(values.of(KaneoKeys.REDIS_URL)),
        new Device(
            values.of(KaneoKeys.DEVICE_AUTH_CLIENT_IDS),
            pairs(values.of(DeviceKeys.GATEWAY_DEVICE_CLIENT_NAMES)),
            values.of(DeviceKeys.GATEWAY_DEVICE_CODE_LIFE_S),
            values.of(DeviceKeys.GATEWAY_DEVICE_INTERVAL_S),
            values.of(DeviceKeys.GATEWAY_DEVICE_SESSION_LIFE_S),
            values.of(CredentialKeys.GATEWAY_LOOKUP_TIMEOUT_MS),
            Duration.ofMinutes(1),
            values.of(DeviceKeys.GATEWAY_DEVICE_CODES_PER_MINUTE),
            values.of(DeviceKeys.GATEWAY_DEVICE_UNKNOWN_POLLS_PER_MINUTE),
            values.of(DeviceKeys.GATEWAY_DEVICE_WRONG_CODES_PER_USER),
            values.of(DeviceKeys.GATEWAY_DEVICE_WRONG_CODES_PER_ADDRESS)),
        new Management(
            values.of(ServerKeys.GATEWAY_MANAGEMENT_HOST),
            values.of(ServerKeys.GATEWAY_MANAGEMENT_PORT),
            values.of(OperationKeys.GATEWAY_METRICS)),
        new Logs(
            values.of(OperationKeys.GATEWAY_ACCESS_LOG),
            values.of(OperationKeys.GATEWAY_LOG_FORMAT).equals("json"),
            values.of(OperationKeys.GATEWAY_LOG_LEVEL)),
        new Traces(
            values.of(OperationKeys.OTEL_EXPORTER_OTLP_ENDPOINT).map(URI::toString),
            pairs(values.of(OperationKeys.OTEL_EXPORTER_OTLP_HEADERS)),
            values.of(OperationKeys.OTEL_SERVICE_NAME),
            values.of(OperationKeys.OTEL_TRACES_SAMPLER_ARG)),
        values.numbers());
  }

  private static Map<String, String> pairs(List<String> pairs) {
    return pairs.stream()
        .map(pair -> pair.split("=", 2))
        .collect(
            java.util.stream.Collectors.toUnmodifiableMap(
                pair -> pair[0].strip(), pair -> pair[1].strip(), (first, second) -> second));
  }

  /** The names of all settings that are numbers. */
  public static List<String> numeric() {
    return Keys.ALL.stream().filter(Setting::isNumeric).map(Setting::name).toList();
  }

  /** Reads each setting once, so that each problem is told once. */
  private static final class Values {
    private final SettingsSource source;
    private final Map<String, Optional<Object>> read = new java.util.HashMap<>();

    Values(SettingsSource source) {
      this.source = source;
    }

    void touch(Setting<?> setting) {
      if (!read.containsKey(setting.name())) {
        read.put(setting.name(), Optional.ofNullable(source.read(setting)));
      }
    }

    /** What is a number, in the unit its name ends in. */
    Map<String, Number> numbers() {
      Map<String, Number> numbers = new java.util.HashMap<>();
      for (Setting<?> setting : Keys.ALL) {
        Object value = requireNonNull(read.get(setting.name())).orElse(null);
        if (value instanceof Number number) {
          numbers.put(setting.name(), number);
        } else if (value instanceof Duration duration) {
          numbers.put(
              setting.name(),
              setting.name().endsWith("_S") ? duration.toSeconds() : duration.toMillis());
        }
      }
      return Map.copyOf(numbers);
    }

    @SuppressWarnings("unchecked")
    <T> T of(Setting<T> setting, T instead) {
      touch(setting);
      return (T) requireNonNull(read.get(setting.name())).orElse(instead);
    }

    @SuppressWarnings("unchecked")
    <T> T of(Setting<T> setting) {
      touch(setting);
      return (T) requireNonNull(read.get(setting.name())).orElseThrow();
    }
  }
}
