package dev.kaneogateway.config;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Values of settings, each read once, so that each problem is told once. */
final class SettingsValues {
  private final SettingsSource source;
  private final Map<String, Optional<Object>> read = new HashMap<>();

  SettingsValues(SettingsSource source) {
    this.source = source;
  }

  void touch(Setting<?> setting) {
    if (!read.containsKey(setting.name())) {
      read.put(setting.name(), Optional.ofNullable(source.read(setting)));
    }
  }

  /** What is a number, in the unit its name ends in. */
  Map<String, Number> numbers() {
    Map<String, Number> numbers = new HashMap<>();
    for (Setting<?> setting : Keys.ALL) {
      Object value = requireNonNull(read.get(setting.name())).orElse(null);
      if (value instanceof Number number) {
        numbers.put(setting.name(), number);
      } else if (value instanceof Duration duration) {
        numbers.put(
            setting.name(),
            setting.name().endsWith("_S") ? duration.toSeconds() : duration.toMillis());
      }
    }
    return Map.copyOf(numbers);
  }

  @SuppressWarnings("unchecked")
  <T> T of(Setting<T> setting, T instead) {
    touch(setting);
    return (T) requireNonNull(read.get(setting.name())).orElse(instead);
  }

  @SuppressWarnings("unchecked")
  <T> T of(Setting<T> setting) {
    touch(setting);
    return (T) requireNonNull(read.get(setting.name())).orElseThrow();
  }
}
