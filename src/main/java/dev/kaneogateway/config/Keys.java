package dev.kaneogateway.config;

import java.util.List;
import java.util.stream.Stream;

/**
 * Every setting there is, once, by subject: the source of the README's table and of
 * conf/gateway.yaml.
 */
final class Keys {
  /** In the order in which an operator should read them. */
  static final List<Setting<?>> ALL =
      Stream.of(
              KaneoKeys.ALL,
              ServerKeys.ALL,
              ClientKeys.ALL,
              UpstreamKeys.ALL,
              CredentialKeys.ALL,
              LimitKeys.ALL,
              DeviceKeys.ALL,
              OperationKeys.ALL)
          .<Setting<?>>flatMap(List::stream)
          .toList();

  private Keys() {}
}
