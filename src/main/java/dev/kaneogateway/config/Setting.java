package dev.kaneogateway.config;

import java.util.function.Function;

/**
 * One thing an operator can set: its name (the same in the environment and in the file), the text
 * it defaults to, the one sentence the README prints, and how its text becomes a value.
 *
 * @param name environment variable and file key alike
 * @param defaultText what an absent or empty setting means; empty when there is no default
 * @param help what it does, in the operator's words
 * @param secret whether its value may never be printed
 * @param live whether a change is taken up by a running gateway
 * @param parser turns text into the value; throws {@link IllegalArgumentException} whose message
 *     says what would be right
 */
record Setting<T>(
    String name,
    String defaultText,
    String help,
    boolean secret,
    boolean live,
    Function<String, T> parser) {

  static <T> Setting<T> of(
      String name, String defaultText, Function<String, T> parser, String help) {
    return new Setting<>(name, defaultText, help, false, false, parser);
  }

  static <T> Setting<T> secret(String name, Function<String, T> parser, String help) {
    return new Setting<>(name, "", help, true, false, parser);
  }

  /** Whether its value is a number, or a time whose unit the name tells. */
  boolean isNumeric() {
    return !secret
        && !defaultText.isEmpty()
        && defaultText.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /** The same, taken up by a running gateway. */
  Setting<T> alive() {
    return new Setting<>(name, defaultText, help, secret, true, parser);
  }
}
