package dev.kaneogateway.config;

import java.util.List;

/** Settings that cannot be used: every problem found, each a line an operator can act on. */
public final class SettingsException extends Exception {
  private final transient List<String> problems;

  public SettingsException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /** One line each: name, value (never a secret's) and remedy. */
  public List<String> problems() {
    return problems;
  }
}
