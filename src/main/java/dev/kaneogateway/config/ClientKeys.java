package dev.kaneogateway.config;

import java.time.Duration;
import java.util.List;

/** Where clients may go, how much they may send and how long they may take. */
final class ClientKeys {
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
              Parse.millis(10, Parse.DAY_MS),
              "Time a client has from the first byte of a request head to its last, and for the rest"
                  + " of a refused body.")
          .alive();
  static final Setting<Duration> GATEWAY_IDLE_TIMEOUT_MS =
      Setting.of(
              "GATEWAY_IDLE_TIMEOUT_MS",
              "75000",
              Parse.millis(10, Parse.DAY_MS),
              "Time a client connection may stay open without a request.")
          .alive();
  static final Setting<Duration> GATEWAY_PROGRESS_TIMEOUT_MS =
      Setting.of(
              "GATEWAY_PROGRESS_TIMEOUT_MS",
              "60000",
              Parse.millis(10, Parse.DAY_MS),
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

  static final List<Setting<?>> ALL =
      List.of(
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
          GATEWAY_HTTP2_RESETS);

  private ClientKeys() {}
}
