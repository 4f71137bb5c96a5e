package dev.kaneogateway.config;

import java.time.Duration;
import java.util.List;

/** How Kaneo is asked, and what becomes of requests when it does not answer. */
final class UpstreamKeys {
  static final Setting<Duration> GATEWAY_UPSTREAM_CONNECT_TIMEOUT_MS =
      Setting.of(
              "GATEWAY_UPSTREAM_CONNECT_TIMEOUT_MS",
              "3000",
              Parse.millis(10, Parse.DAY_MS),
              "Time to get a connection to Kaneo, new or from the pool.")
          .alive();
  static final Setting<Duration> GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_MS =
      Setting.of(
              "GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_MS",
              "60000",
              Parse.millis(10, Parse.DAY_MS),
              "Time Kaneo has to begin its answer; none for what follows.")
          .alive();
  static final Setting<Duration> GATEWAY_UPSTREAM_KEEP_ALIVE_MS =
      Setting.of(
              "GATEWAY_UPSTREAM_KEEP_ALIVE_MS",
              "4000",
              Parse.millis(1000, Parse.DAY_MS),
              "Time an idle connection to Kaneo is kept; under Node's 5 s, or Kaneo closes it under a request.")
          .alive();
  static final Setting<Duration> GATEWAY_UPSTREAM_HOLD_MS =
      Setting.of(
              "GATEWAY_UPSTREAM_HOLD_MS",
              "30000",
              Parse.millis(0, 600_000),
              "Time requests wait for a Kaneo that was there and takes no connections now, so that its restart is a pause; 0 answers 502 at once.")
          .alive();
  static final Setting<Integer> GATEWAY_UPSTREAM_HELD =
      Setting.of(
              "GATEWAY_UPSTREAM_HELD",
              "10000",
              Parse.number(0, 1_000_000),
              "Most requests that wait so: a rate of some hundreds a second for that time.")
          .alive();
  static final Setting<Duration> GATEWAY_UPSTREAM_ANSWER_HOLD_MS =
      Setting.of(
              "GATEWAY_UPSTREAM_ANSWER_HOLD_MS",
              "1000",
              Parse.millis(100, 60_000),
              "Time the beginning of an answer to a GET, HEAD or OPTIONS waits for its end, at most 16 KB of it, so that one that breaks off can be asked for again; streams of events do not wait.")
          .alive();
  static final Setting<Integer> GATEWAY_UPSTREAM_CONNECTIONS =
      Setting.of(
              "GATEWAY_UPSTREAM_CONNECTIONS",
              "1024",
              Parse.number(1, 65535),
              "Most connections to each Kaneo, over all event loops; to all of them never more than a quarter of the process's descriptors.")
          .alive();
  static final Setting<Integer> GATEWAY_UPSTREAM_QUEUE =
      Setting.of(
              "GATEWAY_UPSTREAM_QUEUE",
              "1024",
              Parse.number(0, 1_000_000),
              "Most requests that wait for a connection; more are answered 503.")
          .alive();
  static final Setting<Integer> GATEWAY_UPSTREAM_SLOW_BYTES_PER_S =
      Setting.of(
              "GATEWAY_UPSTREAM_SLOW_BYTES_PER_S",
              "32768",
              Parse.number(0, 1_000_000_000),
              "Bytes a second, on the average, below which a client's body makes way when less than an eighth of the connections to Kaneo is free, or others wait; 0 means never. Half of the slowest upload that should live.")
          .alive();
  static final Setting<Integer> GATEWAY_UPSTREAM_BREAKER_FAILURES =
      Setting.of(
              "GATEWAY_UPSTREAM_BREAKER_FAILURES",
              "5",
              Parse.number(1, 1_000_000),
              "Failures in a row after which a Kaneo among several is passed over: as many as tell a sick Kaneo from a request that asks too much.")
          .alive();
  static final Setting<Duration> GATEWAY_UPSTREAM_BREAKER_PAUSE_MS =
      Setting.of(
              "GATEWAY_UPSTREAM_BREAKER_PAUSE_MS",
              "1000",
              Parse.millis(1, 600_000),
              "Time it is passed over at first, until one request tries it; each that finds it no better doubles the time.")
          .alive();
  static final Setting<Duration> GATEWAY_UPSTREAM_BREAKER_LONGEST_PAUSE_MS =
      Setting.of(
              "GATEWAY_UPSTREAM_BREAKER_LONGEST_PAUSE_MS",
              "8000",
              Parse.millis(1, 600_000),
              "Longest time between two such tries, so that one that is back has its share again within seconds.")
          .alive();
  static final Setting<Integer> GATEWAY_UPSTREAM_BREAKER_CHECKS =
      Setting.of(
              "GATEWAY_UPSTREAM_BREAKER_CHECKS",
              "3",
              Parse.number(1, 1_000_000),
              "Health checks in a row, one a second, that a Kaneo among several fails before it is passed over until one succeeds.")
          .alive();
  static final Setting<Integer> GATEWAY_UPSTREAM_REPEATS =
      Setting.of(
              "GATEWAY_UPSTREAM_REPEATS",
              "1000",
              Parse.number(0, 1_000_000),
              "Most requests that may be asked of a Kaneo again at once because a connection died under them: all that a crash hits. Every five answers let one more, so that a Kaneo that always breaks off is asked a fifth more and not twice as much.")
          .alive();

  static final List<Setting<?>> ALL =
      List.of(
          GATEWAY_UPSTREAM_CONNECT_TIMEOUT_MS,
          GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_MS,
          GATEWAY_UPSTREAM_KEEP_ALIVE_MS,
          GATEWAY_UPSTREAM_HOLD_MS,
          GATEWAY_UPSTREAM_HELD,
          GATEWAY_UPSTREAM_ANSWER_HOLD_MS,
          GATEWAY_UPSTREAM_CONNECTIONS,
          GATEWAY_UPSTREAM_QUEUE,
          GATEWAY_UPSTREAM_SLOW_BYTES_PER_S,
          GATEWAY_UPSTREAM_BREAKER_FAILURES,
          GATEWAY_UPSTREAM_BREAKER_PAUSE_MS,
          GATEWAY_UPSTREAM_BREAKER_LONGEST_PAUSE_MS,
          GATEWAY_UPSTREAM_BREAKER_CHECKS,
          GATEWAY_UPSTREAM_REPEATS);

  private UpstreamKeys() {}
}
