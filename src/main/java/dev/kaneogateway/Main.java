package dev.kaneogateway;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.config.SettingsException;
import dev.kaneogateway.config.SettingsFiles;
import dev.kaneogateway.doctor.Doctor;
import dev.kaneogateway.doctor.Finding;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.PrintStream;
import java.time.Clock;
import java.util.List;

/** The command line. */
public final class Main {
  static final int OK = 0;
  static final int NOT_WELL = 1;
  private static final int USAGE_OR_SETTINGS = 2;

  /** No exit code: the process goes on. */
  private static final int SERVING = -1;

  private Main() {}

  public static void main(String[] arguments) {
    prepareNetty();
    prepareFiles();
    prepareTls();
    int code = run(arguments, System.out, System.err);
    if (code != SERVING) {
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
   * Has Vert.x unpack nothing from the jar: all here reads it in place. A container whose file
   * system is read-only, or a full disk, then takes from the gateway no more than Netty's
   * transports. To be called before any class of Vert.x is there.
   */
  private static void prepareFiles() {
    setUnlessSet("vertx.disableFileCPResolving", "true");
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

  /** Runs a command; the exit code, or {@link #SERVING}. */
  static int run(String[] arguments, PrintStream out, PrintStream err) {
    Arguments parsed;
    try {
      parsed = Arguments.parse(List.of(arguments));
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.print(Arguments.USAGE);
      return USAGE_OR_SETTINGS;
    }
    return switch (parsed.command()) {
      case "--help" -> {
        out.print(Arguments.USAGE);
        yield OK;
      }
      case "--version" -> {
        out.println("kaneo-gateway " + Gateway.version());
        yield OK;
      }
      default -> runWithSettings(parsed, out, err);
    };
  }

  private static int runWithSettings(Arguments parsed, PrintStream out, PrintStream err) {
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
    LogConfiguration.take(settings.logs(), parsed.command().equals("serve"));
    return switch (parsed.command()) {
      case "check" -> check(settings, parsed.json(), out);
      case "triggers" -> triggers(parsed.action(), settings, out);
      default -> Serving.begin(files, settings, err) ? SERVING : NOT_WELL;
    };
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
}
