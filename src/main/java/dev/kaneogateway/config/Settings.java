package dev.kaneogateway.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
   */
  public record Device(
      List<String> clientIds,
      Map<String, String> clientNames,
      Duration codeLife,
      Duration interval,
      Duration sessionLife,
      Duration patience,
      int codesPerMinute,
      int unknownPollsPerMinute,
      int wrongCodesPerUser,
      int wrongCodesPerAddress) {}

  /** Where metrics and health are served, over how many connections at most; 0 for any. */
  public record Management(String host, int port, int connections, boolean metrics) {}

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
    return SettingsReader.read(
        new SettingsSource(environment, environmentFile, file, new SettingsTexts()));
  }

  /** The names of all settings that are numbers. */
  public static List<String> numeric() {
    return Keys.ALL.stream().filter(Setting::isNumeric).map(Setting::name).toList();
  }
}
