package dev.kaneogateway;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What the command line asks for. */
record Arguments(
    String command,
    TriggersCommand.Action action,
    boolean json,
    Optional<Path> environmentFile,
    Optional<Path> file) {
  static final String USAGE =
      """
      Usage: java -jar kaneo-gateway.jar <command> [options]

      Commands:
        serve       run the gateway
        check       say what is wrong with the settings, the database or Kaneo, and how to mend it
        triggers install | status | remove
                    have Kaneo's tables tell of every changed credential, so that a revocation is seen at once

      Options:
        --config FILE    settings in YAML; default conf/gateway.yaml, if it is there
        --json           what check finds, for programs
        --env-file FILE  Kaneo's environment file, KEY=VALUE lines; the environment wins over it
        --help           this text
        --version        the version

      Every setting is listed in README.md and in conf/gateway.yaml.
      """;

  /**
   * Reads the words of a command line.
   *
   * @throws IllegalArgumentException if they ask for nothing, or for what there is not
   */
  static Arguments parse(List<String> arguments) {
    String command = "";
    TriggersCommand.Action action = TriggersCommand.Action.STATUS;
    boolean json = false;
    Optional<Path> environmentFile = Optional.empty();
    Path usual = Path.of("conf", "gateway.yaml");
    Optional<Path> file = Files.exists(usual) ? Optional.of(usual) : Optional.empty();
    if (arguments.contains("--help") || arguments.contains("-h")) {
      return new Arguments("--help", action, json, environmentFile, file);
    }
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      switch (argument) {
        case "--config" -> file = Optional.of(Path.of(operand(arguments, ++i, argument)));
        case "--env-file" ->
            environmentFile = Optional.of(Path.of(operand(arguments, ++i, argument)));
        case "serve", "check", "--version" -> command = argument;
        case "--json" -> json = true;
        case "triggers" -> {
          command = argument;
          action = TriggersCommand.Action.of(operand(arguments, ++i, argument));
        }
        case "help" -> command = "--help";
        default -> throw new IllegalArgumentException("unknown argument: " + argument);
      }
    }
    if (command.isEmpty()) {
      throw new IllegalArgumentException("no command given");
    }
    return new Arguments(command, action, json, environmentFile, file);
  }

  private static String operand(List<String> arguments, int at, String option) {
    if (at >= arguments.size()) {
      throw new IllegalArgumentException(
          option.startsWith("--")
              ? option + " needs a file"
              : option + " needs install, status or remove");
    }
    return arguments.get(at);
  }
}
