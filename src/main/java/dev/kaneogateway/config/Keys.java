package dev.kaneogateway.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Every setting there is, once: the source of the README's table and of conf/gateway.yaml. */
public final class Keys {
  private static final int DAY_MS = 86_400_000;

  // Kaneo's own names: the same file serves both.
  static final Setting<String> DATABASE_URL =
      Setting.secret(
          "DATABASE_URL",
          Parse::databaseUrl,
          "Kaneo's PostgreSQL database. Required; without it the one that Kaneo's `POSTGRES_PASSWORD`, `_USER`, `_DB`, `_HOST` and `_PORT` make.");
  static final Setting<Optional<String>> AUTH_SECRET =
      Setting.secret(
          "AUTH_SECRET",
          Parse::secretKey,
          "Kaneo's secret. With it signed session tokens and cookies are checked here; without it Kaneo is asked.");
  static final Setting<URI> KANEO_CLIENT_URL =
      Setting.of(
              "KANEO_CLIENT_URL",
              "http://localhost:5173",
              Parse::httpUrl,
              "Where people open Kaneo's web app.")
          .alive();
  static final Setting<URI> KANEO_API_URL =
      Setting.of(
              "KANEO_API_URL",
              "http://localhost:1337",
              Parse::httpUrl,
              "Where browsers reach Kaneo's API; without it KANEO_CLIENT_URL, if that is set, with `/api`. https makes its session cookie a `__Secure-` one.")
          .alive();
  static final Setting<List<String>> DEVICE_AUTH_CLIENT_IDS =
      Setting.of(
              "DEVICE_AUTH_CLIENT_IDS",
              "kaneo-cli,kaneo-mcp",
              Parse::clients,
              "Client IDs that may start a device sign-in; replaces the default list.")
          .alive();
  static final Setting<List<String>> TRUSTED_PROXIES =
      Setting.of(
              "TRUSTED_PROXIES",
              "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7",
              Parse::trustedProxies,
              "Addresses and ranges whose forwarding headers are believed.")
          .alive();
  static final Setting<List<String>> CORS_ORIGINS =
      Setting.of(
              "CORS_ORIGINS",
              "",
              Parse::corsOrigins,
              "Origins whose pages may read the API; empty means KANEO_CLIENT_URL alone.")
          .alive();

  static final Setting<Optional<String>> REDIS_URL =
      Setting.secret(
          "REDIS_URL",
          Parse::redisUrl,
          "Kaneo's Redis. With it limits count over all gateways; without it, or when it is lost, each counts alone.");

  // The gateway's own.
  static final Setting<List<URI>> KANEO_UPSTREAM_URL =
      Setting.of(
              "KANEO_UPSTREAM_URL",
              "http://127.0.0.1:1337",
              Parse::origins,
              "Kaneo's API as the gateway reaches it; several, comma-separated, share the load.")
          .alive();
  static final Setting<List<URI>> KANEO_WEB_UPSTREAM_URL =
      Setting.of(
              "KANEO_WEB_UPSTREAM_URL",
              "",
              Parse::optionalOrigins,
              "Kaneo's web app, if another server than KANEO_UPSTREAM_URL serves it; takes every path outside /api and /.well-known.")
          .alive();
  static final Setting<String> GATEWAY_HOST =
      Setting.of("GATEWAY_HOST", "0.0.0.0", Parse::text, "Address the gateway listens on.");
  static final Setting<Integer> GATEWAY_PORT =
      Setting.of(
          "GATEWAY_PORT",
          "8080",
          Parse.number(0, 65535),
          "Port the gateway listens on; 0 takes a free one.");
  static final Setting<String> GATEWAY_MANAGEMENT_HOST =
      Setting.of(
          "GATEWAY_MANAGEMENT_HOST",
          "127.0.0.1",
          Parse::text,
          "Address of metrics and health; nothing there needs a credential, so keep it private.");
  static final Setting<Integer> GATEWAY_MANAGEMENT_PORT =
      Setting.of(
          "GATEWAY_MANAGEMENT_PORT", "8081", Parse.number(0, 65535), "Port of metrics and health.");
  static final Setting<Optional<URI>> GATEWAY_PUBLIC_URL =
      Setting.of(
              "GATEWAY_PUBLIC_URL",
              "",
              Parse::optionalOrigin,
              "The gateway's address as people and devices see it, without a path; empty means KANEO_CLIENT_URL, without its path.")
          .alive();
  static final Setting<Optional<Path>> GATEWAY_TLS_CERT =
      Setting.of(
          "GATEWAY_TLS_CERT",
          "",
          Parse::readableFile,
          "Certificate chain (PEM). With the key it turns on TLS and HTTP/2 by ALPN; a changed file is taken up without a restart.");
  static final Setting<Optional<Path>> GATEWAY_TLS_KEY =
      Setting.of(
          "GATEWAY_TLS_KEY",
          "",
          Parse::readableFile,
          "Private key (PEM, PKCS#8) of the certificate.");
  static final Setting<Duration> GATEWAY_RELOAD_MS =
      Setting.of(
          "GATEWAY_RELOAD_MS",
          "2000",
          Parse.millis(10, DAY_MS),
          "How often the settings' files and the certificate's are looked at for a change, which is taken up when the next look finds no further one; SIGHUP looks at once.");
  static final Setting<Integer> GATEWAY_EVENT_LOOPS =
      Setting.of(
          "GATEWAY_EVENT_LOOPS", "0", Parse.number(0, 256), "Event loops; 0 means one per core.");
  static final Setting<String> GATEWAY_TRANSPORT =
      Setting.of(
          "GATEWAY_TRANSPORT",
          "auto",
          Parse.oneOf("auto", "io_uring", "epoll", "nio"),
          "How sockets are served: `io_uring` (least CPU), `epoll` or the JDK's own `nio`; `auto` takes the first that the machine allows, io_uring from Linux 6.1 on.");
  static final Setting<List<String>> GATEWAY_PUBLIC_PATHS =
      Setting.of(
              "GATEWAY_PUBLIC_PATHS",
              "/api/health,/api/config,/api/instance/status,/api/openapi,/api/public-project/:id,"
                  + "/api/invitation/public/:id,/api/github-integration/webhook,"
                  + "/api/gitea-integration/webhook/:id,/api/billing/webhook,/api/asset/:id,"
                  + "/api/user/avatar/:id,/api/auth/*,/api/mcp*,/api/.well-known/*",
              Parse::paths,
              "Paths under /api that Kaneo itself judges. `:id` is one segment, a final `*` anything.")
          .alive();
  static final Setting<List<String>> GATEWAY_WEBSOCKET_PATHS =
      Setting.of(
              "GATEWAY_WEBSOCKET_PATHS",
              "/api/ws/*",
              Parse::paths,
              "Paths where a connection may be upgraded; elsewhere Upgrade is not passed on.")
          .alive();

  static final Setting<List<String>> GATEWAY_METRIC_PATHS =
      Setting.of(
              "GATEWAY_METRIC_PATHS",
              "/api/activity/*,/api/column/*,/api/comment/*,/api/external-link/*,"
                  + "/api/invitation/*,/api/label/*,/api/notification/*,/api/notification-preferences/*,"
                  + "/api/project/*,/api/search/*,/api/task/*,/api/task-relation/*,"
                  + "/api/time-entry/*,/api/user/*,/api/workflow-rule/*,/api/workspace/*,"
                  + "/api/billing/*,/api/github-integration/*,/api/gitea-integration/*,/api/discord-integration/*,"
                  + "/api/slack-integration/*,/api/telegram-integration/*,/api/generic-webhook-integration/*",
              Parse::paths,
              "Paths told apart in metrics and logs beside those above; others count as `/api/*` or `/*`. Each is some series more.")
          .alive();

  static final Setting<Integer> GATEWAY_MAX_HEADER_BYTES =
      Setting.of(
          "GATEWAY_MAX_HEADER_BYTES",
          "32768",
          Parse.number(1024, 1 << 20),
          "Largest request head; Kaneo itself takes 16 KB.");
  static final Setting<Integer> GATEWAY_MAX_HEADER_FIELDS =
      Setting.of(
          "GATEWAY_MAX_HEADER_FIELDS",
          "200",
          Parse.number(20, 10_000),
          "Most fields of a request head, twice what other servers take; over HTTP/2 each counts as 32 bytes more of the head besides.");
  static final Setting<Integer> GATEWAY_MAX_URI_BYTES =
      Setting.of(
          "GATEWAY_MAX_URI_BYTES", "16384", Parse.number(256, 1 << 20), "Longest request line.");
  static final Setting<Long> GATEWAY_MAX_BODY_BYTES =
      Setting.of(
              "GATEWAY_MAX_BODY_BYTES",
              "10737418240",
              Parse::bytes,
              "Largest request body (10 GiB); bodies are streamed, so it guards Kaneo and not the gateway. 0 means no limit.")
          .alive();
  static final Setting<Duration> GATEWAY_HEAD_TIMEOUT_MS =
      Setting.of(
              "GATEWAY_HEAD_TIMEOUT_MS",
              "10000",
              Parse.millis(10, DAY_MS),
              "Time a client has from the first byte of a request head to its last.")
          .alive();
  static final Setting<Duration> GATEWAY_IDLE_TIMEOUT_MS =
      Setting.of(
              "GATEWAY_IDLE_TIMEOUT_MS",
              "75000",
              Parse.millis(10, DAY_MS),
              "Time a client connection may stay open without a request.")
          .alive();
  static final Setting<Duration> GATEWAY_PROGRESS_TIMEOUT_MS =
      Setting.of(
              "GATEWAY_PROGRESS_TIMEOUT_MS",
              "30000",
              Parse.millis(10, DAY_MS),
              "Time a body may stand still because a client neither sends nor reads, an answer may wait to be taken, and a WebSocket because one of its ends does not read.")
          .alive();
  static final Setting<Integer> GATEWAY_HTTP2_CONTROL_FRAMES =
      Setting.of(
          "GATEWAY_HTTP2_CONTROL_FRAMES",
          "1000",
          Parse.number(1, 1_000_000_000),
          "Most PING and SETTINGS frames, acknowledgements too, of one HTTP/2 connection within 10 s; more end it. A client that looks after its connection sends a few.");
  static final Setting<Integer> GATEWAY_HTTP2_RESETS =
      Setting.of(
          "GATEWAY_HTTP2_RESETS",
          "200",
          Parse.number(1, 1_000_000_000),
          "Most resets on one HTTP/2 connection within 30 s, the client's and those it provokes; more end it. One comes of each request that a person turns away from: a proxy that brings many people over few HTTP/2 connections needs more, or speaks HTTP/1.1.");
  static final Setting<Duration> GATEWAY_UPSTREAM_CONNECT_TIMEOUT_MS =
      Setting.of(
              "GATEWAY_UPSTREAM_CONNECT_TIMEOUT_MS",
              "3000",
              Parse.millis(10, DAY_MS),
              "Time to get a connection to Kaneo, new or from the pool.")
          .alive();
  static final Setting<Duration> GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_MS =
      Setting.of(
              "GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_MS",
              "60000",
              Parse.millis(10, DAY_MS),
              "Time Kaneo has to begin its answer; none for what follows.")
          .alive();
  static final Setting<Duration> GATEWAY_UPSTREAM_KEEP_ALIVE_MS =
      Setting.of(
              "GATEWAY_UPSTREAM_KEEP_ALIVE_MS",
              "4000",
              Parse.millis(1000, DAY_MS),
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
              "Most connections to each Kaneo, over all event loops.")
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
  static final Setting<Integer> GATEWAY_DATABASE_CONNECTIONS =
      Setting.of(
          "GATEWAY_DATABASE_CONNECTIONS", "8", Parse.number(2, 1000), "Connections to PostgreSQL.");
  static final Setting<Duration> GATEWAY_LOOKUP_TIMEOUT_MS =
      Setting.of(
          "GATEWAY_LOOKUP_TIMEOUT_MS",
          "2000",
          Parse.millis(10, DAY_MS),
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
          Parse.millis(0, DAY_MS),
          "How long a valid credential is believed without asking again: the longest a revocation can go unseen.");
  static final Setting<Duration> GATEWAY_CACHE_TTL_LISTENING_MS =
      Setting.of(
          "GATEWAY_CACHE_TTL_LISTENING_MS",
          "300000",
          Parse.millis(0, DAY_MS),
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
          Parse.millis(100, DAY_MS),
          "How often the credentials of open WebSockets and event streams are asked about again; thirty times as long while PostgreSQL tells of every change.");
  static final Setting<Duration> GATEWAY_DATABASE_GRACE_MS =
      Setting.of(
          "GATEWAY_DATABASE_GRACE_MS",
          "10000",
          Parse.millis(0, DAY_MS),
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
  static final Setting<Integer> GATEWAY_LIMIT_CREDENTIAL_PER_MINUTE =
      Setting.of(
              "GATEWAY_LIMIT_CREDENTIAL_PER_MINUTE",
              "0",
              Parse.number(0, 1_000_000_000),
              "Most requests of one API key or session in a minute. 0 means no limit, here and below; so as it is, because one key may serve a whole company.")
          .alive();
  static final Setting<Integer> GATEWAY_LIMIT_ADDRESS_PER_MINUTE =
      Setting.of(
              "GATEWAY_LIMIT_ADDRESS_PER_MINUTE",
              "120000",
              Parse.number(0, 1_000_000_000),
              "Most requests of one address (IPv6: one /64) in a minute; many people may share it.")
          .alive();
  static final Setting<Integer> GATEWAY_LIMIT_SIGN_INS_PER_QUARTER_HOUR =
      Setting.of(
              "GATEWAY_LIMIT_SIGN_INS_PER_QUARTER_HOUR",
              "300",
              Parse.number(0, 1_000_000_000),
              "Most requests of one address to GATEWAY_SIGN_IN_PATHS in 15 minutes: an office may sign in, a guesser of passwords gets nowhere.")
          .alive();
  static final Setting<Integer> GATEWAY_LIMIT_SIGN_UPS_PER_QUARTER_HOUR =
      Setting.of(
              "GATEWAY_LIMIT_SIGN_UPS_PER_QUARTER_HOUR",
              "100",
              Parse.number(0, 1_000_000_000),
              "Most requests of one address to GATEWAY_SIGN_UP_PATHS in 15 minutes.")
          .alive();
  static final Setting<Integer> GATEWAY_LIMIT_DEVICE_PER_MINUTE =
      Setting.of(
              "GATEWAY_LIMIT_DEVICE_PER_MINUTE",
              "3000",
              Parse.number(0, 1_000_000_000),
              "Most requests of one address to the device endpoints and the approval page in a minute; 200 waiting devices poll 2,400 times.")
          .alive();
  static final Setting<Integer> GATEWAY_LIMIT_FAILED_PER_MINUTE =
      Setting.of(
              "GATEWAY_LIMIT_FAILED_PER_MINUTE",
              "600",
              Parse.number(0, 1_000_000_000),
              "Most credentials of one address that PostgreSQL found wrong in a minute; then new ones are answered 429 without asking, while those that held lately go on.")
          .alive();
  static final Setting<Boolean> GATEWAY_KEY_RATE_LIMITS =
      Setting.of(
              "GATEWAY_KEY_RATE_LIMITS",
              "false",
              Parse::flag,
              "Whether the rate limit in an API key's own row holds. Kaneo gives every key 100 requests in 60 s and does not enforce it, hence off.")
          .alive();
  static final Setting<Integer> GATEWAY_LIMIT_KEYS =
      Setting.of(
              "GATEWAY_LIMIT_KEYS",
              "20000",
              Parse.number(100, 10_000_000),
              "Most addresses, credentials or people that each limit remembers.")
          .alive();
  static final Setting<List<String>> GATEWAY_SIGN_IN_PATHS =
      Setting.of(
              "GATEWAY_SIGN_IN_PATHS",
              "/api/auth/sign-in/*,/api/auth/request-password-reset,/api/auth/forget-password*,/api/auth/reset-password*,/api/auth/verify-email,/api/auth/send-verification-email,/api/auth/email-otp/*,/api/auth/magic-link/*,/api/auth/phone-number/*,/api/auth/two-factor/*,/api/auth/one-time-token/*,/api/auth/verify-password,/api/auth/change-password,/api/auth/change-email,/api/auth/delete-user*",
              Parse::paths,
              "Paths where passwords and one-time codes are tried; `/device/sign-in` is always one.")
          .alive();
  static final Setting<List<String>> GATEWAY_SIGN_UP_PATHS =
      Setting.of(
              "GATEWAY_SIGN_UP_PATHS",
              "/api/auth/sign-up/*",
              Parse::paths,
              "Paths where accounts are made.")
          .alive();
  static final Setting<Integer> GATEWAY_IN_FLIGHT =
      Setting.of(
              "GATEWAY_IN_FLIGHT",
              "4096",
              Parse.number(0, 1_000_000_000),
              "Most requests under way at once; more are answered 503 before everybody waits. 0 means no ceiling, here and below.")
          .alive();
  static final Setting<Integer> GATEWAY_IN_FLIGHT_PER_ADDRESS =
      Setting.of(
              "GATEWAY_IN_FLIGHT_PER_ADDRESS",
              "1024",
              Parse.number(0, 1_000_000_000),
              "Most requests of one address under way at once.")
          .alive();
  static final Setting<Integer> GATEWAY_STREAMS =
      Setting.of(
              "GATEWAY_STREAMS",
              "20000",
              Parse.number(0, 1_000_000_000),
              "Most WebSockets and event streams open at once, which do not count as requests under way. Never more than three eighths of the process's descriptors, or one for every 23 KB of heap beyond 24 MB.")
          .alive();
  static final Setting<Integer> GATEWAY_STREAMS_PER_ADDRESS =
      Setting.of(
              "GATEWAY_STREAMS_PER_ADDRESS",
              "2000",
              Parse.number(0, 1_000_000_000),
              "Most WebSockets and event streams of one address open at once.")
          .alive();
  static final Setting<Integer> GATEWAY_CONNECTIONS =
      Setting.of(
              "GATEWAY_CONNECTIONS",
              "30000",
              Parse.number(0, 1_000_000_000),
              "Most client connections open at once; more are closed as they come. Beyond GATEWAY_STREAMS and GATEWAY_IN_FLIGHT together, and never more than three quarters of the process's descriptors, or one for every 13 KB of heap beyond 24 MB.")
          .alive();
  static final Setting<Integer> GATEWAY_CONNECTIONS_PER_ADDRESS =
      Setting.of(
              "GATEWAY_CONNECTIONS_PER_ADDRESS",
              "4000",
              Parse.number(0, 1_000_000_000),
              "Most connections of one address (IPv6: one /64) open at once, behind which 500 people may each have eight; none for TRUSTED_PROXIES.")
          .alive();

  static final Setting<Boolean> GATEWAY_KEY_USAGE =
      Setting.of(
          "GATEWAY_KEY_USAGE",
          "true",
          Parse::flag,
          "Write the use of API keys into `last_request` and `request_count`, once a second; of a key that Kaneo limits, at most half of its limit.");

  static final Setting<List<String>> GATEWAY_DEVICE_CLIENT_NAMES =
      Setting.of(
              "GATEWAY_DEVICE_CLIENT_NAMES",
              "kaneo-cli=Kaneo CLI,kaneo-mcp=Kaneo MCP",
              Parse.pairs("pairs like kaneo-cli=Kaneo CLI"),
              "What the approval page calls each client, as `id=name`; one without a name goes by its ID.")
          .alive();
  static final Setting<Duration> GATEWAY_DEVICE_CODE_LIFE_S =
      Setting.of(
          "GATEWAY_DEVICE_CODE_LIFE_S",
          "900",
          Parse.seconds(30, 3600),
          "Time a person has to approve a device; short, because a code may be phished.");
  static final Setting<Duration> GATEWAY_DEVICE_INTERVAL_S =
      Setting.of(
          "GATEWAY_DEVICE_INTERVAL_S",
          "5",
          Parse.seconds(1, 60),
          "Gap a device keeps between polls; 5 s longer at each that comes too soon.");
  static final Setting<Duration> GATEWAY_DEVICE_SESSION_LIFE_S =
      Setting.of(
          "GATEWAY_DEVICE_SESSION_LIFE_S",
          "604800",
          Parse.seconds(60, 31_536_000),
          "Life of a session given to a device; Kaneo's own is 7 days.");
  static final Setting<Integer> GATEWAY_DEVICE_CODES_PER_MINUTE =
      Setting.of(
              "GATEWAY_DEVICE_CODES_PER_MINUTE",
              "60",
              Parse.number(1, 1_000_000),
              "Most codes one address may ask for in a minute.")
          .alive();
  static final Setting<Integer> GATEWAY_DEVICE_UNKNOWN_POLLS_PER_MINUTE =
      Setting.of(
              "GATEWAY_DEVICE_UNKNOWN_POLLS_PER_MINUTE",
              "60",
              Parse.number(1, 1_000_000),
              "Most polls with unknown codes from one address in a minute.")
          .alive();
  static final Setting<Integer> GATEWAY_DEVICE_WRONG_CODES_PER_USER =
      Setting.of(
              "GATEWAY_DEVICE_WRONG_CODES_PER_USER",
              "5",
              Parse.number(1, 1_000_000),
              "Most wrong user codes one person may try in 15 minutes.")
          .alive();
  static final Setting<Integer> GATEWAY_DEVICE_WRONG_CODES_PER_ADDRESS =
      Setting.of(
              "GATEWAY_DEVICE_WRONG_CODES_PER_ADDRESS",
              "20",
              Parse.number(1, 1_000_000),
              "Most wrong user codes from one address in 15 minutes.")
          .alive();

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
              "`error`, `warn`, `info`, `debug` or `trace`; for some rooms another, as in `info,proxy=debug`.")
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
          Parse.pairs("headers like x-api-key=secret"),
          "Fields sent along with spans, as `name=value`; for a receiver that wants a credential.");
  static final Setting<String> OTEL_SERVICE_NAME =
      Setting.of(
          "OTEL_SERVICE_NAME", "kaneo-gateway", Parse::text, "What spans call this process.");
  static final Setting<Double> OTEL_TRACES_SAMPLER_ARG =
      Setting.of(
          "OTEL_TRACES_SAMPLER_ARG",
          "1.0",
          Parse::ratio,
          "Share of the traces begun here that are recorded; others follow their caller's wish.");

  /** In the order in which an operator should read them. */
  public static final List<Setting<?>> ALL =
      List.of(
          DATABASE_URL,
          AUTH_SECRET,
          KANEO_CLIENT_URL,
          KANEO_API_URL,
          DEVICE_AUTH_CLIENT_IDS,
          TRUSTED_PROXIES,
          CORS_ORIGINS,
          REDIS_URL,
          KANEO_UPSTREAM_URL,
          KANEO_WEB_UPSTREAM_URL,
          GATEWAY_HOST,
          GATEWAY_PORT,
          GATEWAY_MANAGEMENT_HOST,
          GATEWAY_MANAGEMENT_PORT,
          GATEWAY_PUBLIC_URL,
          GATEWAY_TLS_CERT,
          GATEWAY_TLS_KEY,
          GATEWAY_RELOAD_MS,
          GATEWAY_EVENT_LOOPS,
          GATEWAY_TRANSPORT,
          GATEWAY_PUBLIC_PATHS,
          GATEWAY_WEBSOCKET_PATHS,
          GATEWAY_METRIC_PATHS,
          GATEWAY_MAX_HEADER_BYTES,
          GATEWAY_MAX_HEADER_FIELDS,
          GATEWAY_MAX_URI_BYTES,
          GATEWAY_MAX_BODY_BYTES,
          GATEWAY_HEAD_TIMEOUT_MS,
          GATEWAY_IDLE_TIMEOUT_MS,
          GATEWAY_PROGRESS_TIMEOUT_MS,
          GATEWAY_HTTP2_CONTROL_FRAMES,
          GATEWAY_HTTP2_RESETS,
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
          GATEWAY_UPSTREAM_REPEATS,
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
          GATEWAY_LIMIT_CREDENTIAL_PER_MINUTE,
          GATEWAY_LIMIT_ADDRESS_PER_MINUTE,
          GATEWAY_LIMIT_SIGN_INS_PER_QUARTER_HOUR,
          GATEWAY_LIMIT_SIGN_UPS_PER_QUARTER_HOUR,
          GATEWAY_LIMIT_DEVICE_PER_MINUTE,
          GATEWAY_LIMIT_FAILED_PER_MINUTE,
          GATEWAY_KEY_RATE_LIMITS,
          GATEWAY_LIMIT_KEYS,
          GATEWAY_SIGN_IN_PATHS,
          GATEWAY_SIGN_UP_PATHS,
          GATEWAY_IN_FLIGHT,
          GATEWAY_IN_FLIGHT_PER_ADDRESS,
          GATEWAY_STREAMS,
          GATEWAY_STREAMS_PER_ADDRESS,
          GATEWAY_CONNECTIONS,
          GATEWAY_CONNECTIONS_PER_ADDRESS,
          GATEWAY_KEY_USAGE,
          GATEWAY_DEVICE_CLIENT_NAMES,
          GATEWAY_DEVICE_CODE_LIFE_S,
          GATEWAY_DEVICE_INTERVAL_S,
          GATEWAY_DEVICE_SESSION_LIFE_S,
          GATEWAY_DEVICE_CODES_PER_MINUTE,
          GATEWAY_DEVICE_UNKNOWN_POLLS_PER_MINUTE,
          GATEWAY_DEVICE_WRONG_CODES_PER_USER,
          GATEWAY_DEVICE_WRONG_CODES_PER_ADDRESS,
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

  private Keys() {}
}
