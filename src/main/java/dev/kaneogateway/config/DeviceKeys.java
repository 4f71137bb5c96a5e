package dev.kaneogateway.config;

import java.time.Duration;
import java.util.List;

/** The device authorization grant. */
final class DeviceKeys {
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
              "Most wrong user codes from one address in 15 minutes; of people who are signed in as many again.")
          .alive();

  static final List<Setting<?>> ALL =
      List.of(
          GATEWAY_DEVICE_CLIENT_NAMES,
          GATEWAY_DEVICE_CODE_LIFE_S,
          GATEWAY_DEVICE_INTERVAL_S,
          GATEWAY_DEVICE_SESSION_LIFE_S,
          GATEWAY_DEVICE_CODES_PER_MINUTE,
          GATEWAY_DEVICE_UNKNOWN_POLLS_PER_MINUTE,
          GATEWAY_DEVICE_WRONG_CODES_PER_USER,
          GATEWAY_DEVICE_WRONG_CODES_PER_ADDRESS);

  private DeviceKeys() {}
}
