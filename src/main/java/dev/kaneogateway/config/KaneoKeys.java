package dev.kaneogateway.config;

import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * Kaneo: what it has names of its own for, so that one file serves both, and where it is reached.
 */
final class KaneoKeys {
  // Kaneo's own names.
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

  static final List<Setting<?>> ALL =
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
          KANEO_WEB_UPSTREAM_URL);

  private KaneoKeys() {}
}
