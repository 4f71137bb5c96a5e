package dev.kaneogateway.config;

import java.util.List;

/** How often one may ask, and how much may be under way at once. */
final class LimitKeys {
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
              "Most requests under way at once; more are answered 503 before everybody waits. 0 means no ceiling, here and below. Never more than one for every 56 KB of heap beyond 24 MB.")
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
              "Most WebSockets and event streams open at once, which do not count as requests under way. Never more than a third of the descriptors that the process has beside GATEWAY_UPSTREAM_CONNECTIONS, or one for every 14 KB of heap beyond 24 MB.")
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
              "Most client connections open at once; more are closed as they come. Beyond GATEWAY_STREAMS and GATEWAY_IN_FLIGHT together, and never more than two thirds of the descriptors that the process has beside GATEWAY_UPSTREAM_CONNECTIONS, or one for every 10 KB of heap beyond 24 MB.")
          .alive();
  static final Setting<Integer> GATEWAY_CONNECTIONS_PER_ADDRESS =
      Setting.of(
              "GATEWAY_CONNECTIONS_PER_ADDRESS",
              "4000",
              Parse.number(0, 1_000_000_000),
              "Most connections of one address (IPv6: one /64) open at once, behind which 500 people may each have eight; none for TRUSTED_PROXIES.")
          .alive();

  static final List<Setting<?>> ALL =
      List.of(
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
          GATEWAY_CONNECTIONS_PER_ADDRESS);

  private LimitKeys() {}
}
