package dev.kaneogateway.config;

import java.time.Duration;
import java.util.List;

/**
 * How PostgreSQL is asked for credentials, how long its answers are believed, and what is written
 * of their use.
 */
final class CredentialKeys {
  static final Setting<Integer> GATEWAY_DATABASE_CONNECTIONS =
      Setting.of(
          "GATEWAY_DATABASE_CONNECTIONS", "8", Parse.number(2, 1000), "Connections to PostgreSQL.");
  static final Setting<Duration> GATEWAY_LOOKUP_TIMEOUT_MS =
      Setting.of(
          "GATEWAY_LOOKUP_TIMEOUT_MS",
          "2000",
          Parse.millis(10, Parse.DAY_MS),
          "Time PostgreSQL has to answer for a credential; then 503.");
  static final Setting<Integer> GATEWAY_LOOKUP_BATCH =
      Setting.of(
          "GATEWAY_LOOKUP_BATCH",
          "512",
          Parse.number(1, 10_000),
          "Most credentials asked for in one statement.");
  static final Setting<Integer> GATEWAY_LOOKUP_STATEMENTS_PER_S =
      Setting.of(
          "GATEWAY_LOOKUP_STATEMENTS_PER_S",
          "150",
          Parse.number(1, 1_000_000),
          "Most statements for credentials in a second; what comes meanwhile waits and leaves together. A flood of tokens costs PostgreSQL no more than this.");
  static final Setting<Integer> GATEWAY_LOOKUP_QUEUE =
      Setting.of(
          "GATEWAY_LOOKUP_QUEUE",
          "50000",
          Parse.number(1, 10_000_000),
          "Most credentials that wait for PostgreSQL; more are answered 503.");
  static final Setting<Duration> GATEWAY_CACHE_TTL_MS =
      Setting.of(
          "GATEWAY_CACHE_TTL_MS",
          "1000",
          Parse.millis(0, Parse.DAY_MS),
          "How long a valid credential is believed without asking again: the longest a revocation can go unseen.");
  static final Setting<Duration> GATEWAY_CACHE_TTL_LISTENING_MS =
      Setting.of(
          "GATEWAY_CACHE_TTL_LISTENING_MS",
          "300000",
          Parse.millis(0, Parse.DAY_MS),
          "The same while PostgreSQL tells of every change (`triggers install`): a revocation is then seen at once, and this only saves lookups.");
  static final Setting<Duration> GATEWAY_LISTEN_HEARTBEAT_MS =
      Setting.of(
          "GATEWAY_LISTEN_HEARTBEAT_MS",
          "500",
          Parse.millis(50, 60_000),
          "How often the connection that tells of changes is tried.");
  static final Setting<Duration> GATEWAY_LISTEN_TIMEOUT_MS =
      Setting.of(
          "GATEWAY_LISTEN_TIMEOUT_MS",
          "1000",
          Parse.millis(50, 60_000),
          "Time that takes at most; with the heartbeat the longest a revocation can go unseen when that connection dies silently.");
  static final Setting<Duration> GATEWAY_STREAM_RECHECK_MS =
      Setting.of(
          "GATEWAY_STREAM_RECHECK_MS",
          "1000",
          Parse.millis(100, Parse.DAY_MS),
          "How often the credentials of open WebSockets and event streams are asked about again; thirty times as long while PostgreSQL tells of every change.");
  static final Setting<Duration> GATEWAY_DATABASE_GRACE_MS =
      Setting.of(
          "GATEWAY_DATABASE_GRACE_MS",
          "10000",
          Parse.millis(0, Parse.DAY_MS),
          "How long a credential is believed after it was last confirmed when PostgreSQL cannot answer; no revocation is seen meanwhile. 0 means 503 at once.");
  static final Setting<Integer> GATEWAY_CACHE_SIZE =
      Setting.of(
          "GATEWAY_CACHE_SIZE",
          "100000",
          Parse.number(0, 10_000_000),
          "Most valid credentials remembered; never more than an eighth of the heap holds, 60,000 in 256 MB.");
  static final Setting<Duration> GATEWAY_REFUSED_CACHE_TTL_MS =
      Setting.of(
          "GATEWAY_REFUSED_CACHE_TTL_MS",
          "500",
          Parse.millis(0, 60_000),
          "How long a refused credential is refused without asking again.");
  static final Setting<Integer> GATEWAY_REFUSED_CACHE_SIZE =
      Setting.of(
          "GATEWAY_REFUSED_CACHE_SIZE",
          "20000",
          Parse.number(0, 10_000_000),
          "Most refused credentials remembered, apart from the valid.");
  static final Setting<Boolean> GATEWAY_KEY_USAGE =
      Setting.of(
          "GATEWAY_KEY_USAGE",
          "true",
          Parse::flag,
          "Write the use of API keys into `last_request` and `request_count`, once a second; of a key that Kaneo limits, at most half of its limit.");

  static final List<Setting<?>> ALL =
      List.of(
          GATEWAY_DATABASE_CONNECTIONS,
          GATEWAY_LOOKUP_TIMEOUT_MS,
          GATEWAY_LOOKUP_BATCH,
          GATEWAY_LOOKUP_STATEMENTS_PER_S,
          GATEWAY_LOOKUP_QUEUE,
          GATEWAY_CACHE_TTL_MS,
          GATEWAY_CACHE_TTL_LISTENING_MS,
          GATEWAY_LISTEN_HEARTBEAT_MS,
          GATEWAY_LISTEN_TIMEOUT_MS,
          GATEWAY_STREAM_RECHECK_MS,
          GATEWAY_DATABASE_GRACE_MS,
          GATEWAY_CACHE_SIZE,
          GATEWAY_REFUSED_CACHE_TTL_MS,
          GATEWAY_REFUSED_CACHE_SIZE,
          GATEWAY_KEY_USAGE);

  private CredentialKeys() {}
}
