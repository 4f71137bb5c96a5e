package dev.kaneogateway;

import static java.util.Objects.requireNonNull;

import ch.qos.logback.classic.LoggerContext;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.config.SettingsException;
import dev.kaneogateway.config.SettingsFiles;
import dev.kaneogateway.doctor.Doctor;
import dev.kaneogateway.doctor.Finding;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.LoggerFactory;

/** The command line. */
public final class Main {
  private static final String USAGE =
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

  /** Where Vert.x has its files; a container whose file system is read-only may have none. */
  private static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));

  private static final int OK = 0;
  private static final int NOT_WELL = 1;
  private static final int USAGE_OR_SETTINGS = 2;

  private Main() {}

  public static void main(String[] arguments) {
    prepareNetty();
    prepareTls();
    int code = run(arguments, System.out, System.err);
    if (code >= 0) {
      System.exit(code);
    }
  }

  /**
   * Sets what Netty is to do unless somebody asks for something else. To be called before any class
   * of it is there. Its events for the JDK's flight recorder take a tenth of a second of each
   * start. It counts memory outside of the heap itself, which needs {@code java.nio} opened, as the
   * jar's manifest does: where there is none left it says so at once, while the JVM would have each
   * event loop sleep and try again, for ever.
   */
  static void prepareNetty() {
    setUnlessSet("io.netty.jfr.enabled", "false");
    setUnlessSet("io.netty.tryReflectionSetAccessible", "true");
  }

  /**
   * Has TLS agree upon keys by curves only, as all clients can. One that asks for a finite field
   * instead would have each of its handshakes cost ten times as much (CVE-2002-20001): 23 ms of an
   * event loop for 1 KB. To be called before TLS is first used.
   */
  private static void prepareTls() {
    setUnlessSet("jdk.tls.namedGroups", "x25519, secp256r1, secp384r1, secp521r1, x448");
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** Runs a command; the exit code, or -1 while the gateway serves. */
  static int run(String[] arguments, PrintStream out, PrintStream err) {
    Arguments parsed;
    try {
      parsed = Arguments.parse(List.of(arguments));
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.print(USAGE);
      return USAGE_OR_SETTINGS;
    }
    switch (parsed.command()) {
      case "--help" -> {
        out.print(USAGE);
        return OK;
      }
      case "--version" -> {
        out.println("kaneo-gateway " + Gateway.version());
        return OK;
      }
      default -> {
        SettingsFiles files =
            new SettingsFiles(System.getenv(), parsed.environmentFile(), parsed.file());
        Settings settings;
        try {
          settings = files.read();
        } catch (SettingsException e) {
          e.problems().forEach(err::println);
          if (parsed.command().equals("check") && parsed.json()) {
            out.println(json(e.problems().stream().map(Finding::ofSettings).toList()));
          }
          return USAGE_OR_SETTINGS;
        }
        files.doubts().forEach(doubt -> err.println("warning: " + doubt));
        LogConfiguration.take(settings.logs());
        if (!Files.isWritable(TEMPORARY) && !TEMPORARY.toFile().mkdirs()) {
          err.println(
              "The gateway cannot start: "
                  + TEMPORARY
                  + " is not writable, and what is unpacked from the jar goes there;"
                  + " let it be, or name another with -Djava.io.tmpdir");
          return NOT_WELL;
        }
        return switch (parsed.command()) {
          case "check" -> check(settings, parsed.json(), out);
          case "triggers" -> triggers(parsed.action(), settings, out);
          default -> serve(files, settings, err);
        };
      }
    }
  }

  /** What was asked for. */
  private record Arguments(
      String command,
      TriggersCommand.Action action,
      boolean json,
      Optional<Path> environmentFile,
      Optional<Path> file) {
    static Arguments parse(List<String> arguments) {
      String command = "";
      TriggersCommand.Action action = TriggersCommand.Action.STATUS;
      boolean json = false;
      Optional<Path> environmentFile = Optional.empty();
      Path usual = Path.of("conf", "gateway.yaml");
      Optional<Path> file = Files.exists(usual) ? Optional.of(usual) : Optional.empty();
      for (int i = 0; i < arguments.size(); i++) {
        String argument = arguments.get(i);
        switch (argument) {
          case "--config" -> file = Optional.of(Path.of(operand(arguments, ++i, argument)));
          case "--env-file" ->
              environmentFile = Optional.of(Path.of(operand(arguments, ++i, argument)));
          case "serve", "check", "--help", "--version" -> command = argument;
          case "--json" -> json = true;
          case "triggers" -> {
            command = argument;
            action = TriggersCommand.Action.of(operand(arguments, ++i, argument));
          }
          case "-h", "help" -> command = "--help";
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

  private static int serve(SettingsFiles files, Settings settings, PrintStream err) {
    CompletableFuture<Runnable> lookAgain = new CompletableFuture<>();
    // From now on too: the JVM would end of one that comes during the start.
    Signals.on("HUP", () -> lookAgain.thenAccept(Runnable::run));
    // From now on, so that a change during the start is not missed.
    FileWatch watch = new FileWatch(files.paths());
    Vertx vertx = Gateway.vertx(settings);
    AtomicBoolean stopping = new AtomicBoolean();
    try {
      Gateway gateway =
          await(
              Gateway.start(
                  vertx, settings, Clock.systemUTC(), opening -> stopOnSignal(opening, stopping)));
      whenALoopDies(
          vertx,
          () -> {
            if (!stopping.get()) {
              LoggerFactory.getLogger(Main.class)
                  .error("an event loop died; the gateway ends, to be started anew");
              end(NOT_WELL);
            }
          });
      Reload reload = new Reload(gateway, files);
      watch.start(vertx, settings.server().reload(), reload::now);
      gateway.announce();
      lookAgain.complete(
          () -> {
            reload.now();
            gateway.reloadCertificate();
          });
      return -1;
    } catch (CompletionException e) {
      if (stopping.get()) {
        // A signal during the last of the start takes its servers away; the process ends by it.
        return -1;
      }
      err.println("The gateway cannot start: " + explain(requireNonNull(e.getCause()), settings));
      return NOT_WELL;
    }
  }

  private static int check(Settings settings, boolean json, PrintStream out) {
    List<Finding> findings =
        await(new Doctor(Vertx.vertx(), settings, Clock.systemUTC()).examine());
    boolean well = isWell(findings);
    if (json) {
      out.println(json(findings));
    } else {
      findings.forEach(finding -> out.println(finding.text()));
    }
    return well ? OK : NOT_WELL;
  }

  private static boolean isWell(List<Finding> findings) {
    return findings.stream().noneMatch(f -> f.state() == Finding.State.PROBLEM);
  }

  private static String json(List<Finding> findings) {
    JsonArray all = new JsonArray();
    findings.forEach(finding -> all.add(finding.json()));
    return new JsonObject().put("well", isWell(findings)).put("findings", all).encodePrettily();
  }

  private static int triggers(TriggersCommand.Action action, Settings settings, PrintStream out) {
    TriggersCommand.Outcome outcome =
        await(new TriggersCommand(Vertx.vertx(), settings).run(action));
    out.println((outcome.well() ? "ok    " : "FAIL  ") + outcome.line());
    return outcome.well() ? OK : NOT_WELL;
  }

  /** The command line has a thread to wait with. */
  static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  /**
   * What is thrown out of io_uring's own turn, such as for want of direct memory, ends the loop.
   * Its clients would hang, and new ones be given to it.
   */
  static void whenALoopDies(Vertx vertx, Runnable action) {
    for (EventExecutor loop : ((VertxInternal) vertx).nettyEventLoopGroup()) {
      loop.terminationFuture().addListener(dead -> action.run());
    }
  }

  /** The first signal stops in good order, the second at once. */
  private static void stopOnSignal(Gateway gateway, AtomicBoolean stopping) {
    for (Signal signal : Signal.values()) {
      Signals.on(
          signal.name(),
          () -> {
            if (stopping.getAndSet(true)) {
              // What a shell expects of a process that a signal ended.
              end(128 + signal.number);
            } else {
              stop(gateway);
            }
          });
    }
  }

  /**
   * Ends in good order, or at least ends: of a jar that was written over, what is not loaded by
   * then is lost, be it here or on any other thread.
   */
  private static void stop(Gateway gateway) {
    CompletableFuture.delayedExecutor(gateway.longestStop().toMillis(), TimeUnit.MILLISECONDS)
        .execute(() -> end(NOT_WELL));
    try {
      // A signal asked for this end, so it is a good one.
      gateway.stop().onComplete(stopped -> end(OK));
    } catch (LinkageError lost) {
      System.err.println("The gateway cannot stop in good order: " + lost);
      end(NOT_WELL);
    }
  }

  private enum Signal {
    INT(2),
    TERM(15);

    private final int number;

    Signal(int number) {
      this.number = number;
    }
  }

  private static void end(int code) {
    try {
      ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
    } finally {
      Runtime.getRuntime().halt(code);
    }
  }

  private static String explain(Throwable cause, Settings settings) {
    String message = String.valueOf(cause.getMessage());
    String hosts =
        settings.server().host()
            + " (GATEWAY_HOST) or "
            + settings.management().host()
            + " (GATEWAY_MANAGEMENT_HOST)";
    String ports = "port " + settings.server().port() + " or " + settings.management().port();
    if (message.contains("in use")) {
      return ports + " is in use; set GATEWAY_PORT or GATEWAY_MANAGEMENT_PORT";
    }
    if (message.contains("Permission denied")) {
      return ports
          + " is not for this user; set GATEWAY_PORT or GATEWAY_MANAGEMENT_PORT to one from 1024 on,"
          + " or give the process CAP_NET_BIND_SERVICE";
    }
    if (message.contains("assign requested address")) {
      return hosts + " is no address of this machine; 0.0.0.0 means all of them";
    }
    if (cause instanceof java.net.UnknownHostException) {
      return hosts + " is no address and no name that resolves";
    }
    return message;
  }
}
