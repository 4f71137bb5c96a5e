package dev.kaneogateway.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Where the gateway listens, and by what means. */
final class ServerKeys {
  static final Setting<String> GATEWAY_HOST =
      Setting.of("GATEWAY_HOST", "0.0.0.0", Parse::host, "Address the gateway listens on.");
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
          Parse::host,
          "Address of metrics and health; nothing there needs a credential, so keep it private.");
  static final Setting<Integer> GATEWAY_MANAGEMENT_PORT =
      Setting.of(
          "GATEWAY_MANAGEMENT_PORT", "8081", Parse.number(0, 65535), "Port of metrics and health.");
  static final Setting<Integer> GATEWAY_MANAGEMENT_CONNECTIONS =
      Setting.of(
          "GATEWAY_MANAGEMENT_CONNECTIONS",
          "200",
          Parse.number(0, 1_000_000_000),
          "Most connections to that port open at once, for some tens of scrapers, balancers and browsers; more are closed as they come.");
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
          Parse.millis(10, Parse.DAY_MS),
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

  static final List<Setting<?>> ALL =
      List.of(
          GATEWAY_HOST,
          GATEWAY_PORT,
          GATEWAY_MANAGEMENT_HOST,
          GATEWAY_MANAGEMENT_PORT,
          GATEWAY_MANAGEMENT_CONNECTIONS,
          GATEWAY_PUBLIC_URL,
          GATEWAY_TLS_CERT,
          GATEWAY_TLS_KEY,
          GATEWAY_RELOAD_MS,
          GATEWAY_EVENT_LOOPS,
          GATEWAY_TRANSPORT);

  private ServerKeys() {}
}
