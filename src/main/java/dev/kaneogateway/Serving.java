package dev.kaneogateway;

import static java.util.Objects.requireNonNull;

import ch.qos.logback.classic.LoggerContext;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.config.SettingsFiles;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.io.PrintStream;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The process while it serves: how it begins, what signals do to it, and how it ends. */
final class Serving {
  /**
   * So soon after the first signal another is the same one: GNU timeout sends one to the process
   * and one to its group, and of a group that a supervisor stops a wrapper may pass its own on. No
   * hand is that fast.
   */
  private static final long SAME_SIGNAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private Serving() {}

  /** Starts the gateway; whether it runs, or the process is ending by a signal already. */
  static boolean begin(SettingsFiles files, Settings settings, PrintStream err) {
    CompletableFuture<Runnable> lookAgain = new CompletableFuture<>();
    // From now on too: the JVM would end of one that comes during the start.
    Signals.on("HUP", () -> lookAgain.thenAccept(Runnable::run));
    // From now on, so that a change during the start is not missed.
    FileWatch watch = new FileWatch(files.paths());
    Vertx vertx = Gateway.vertx(settings);
    AtomicReference<@Nullable Long> stopping = new AtomicReference<>();
    try {
      Gateway gateway =
          Main.await(
              Gateway.start(
                  vertx, settings, Clock.systemUTC(), opening -> stopOnSignal(opening, stopping)));
      whenALoopDies(
          vertx,
          () -> {
            if (stopping.get() == null) {
              LoggerFactory.getLogger(Serving.class)
                  .error("an event loop died; the gateway ends, to be started anew");
              end(Main.NOT_WELL);
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
      return true;
    } catch (CompletionException e) {
      if (stopping.get() != null) {
        // A signal during the last of the start takes its servers away; the process ends by it.
        return true;
      }
      err.println("The gateway cannot start: " + explain(requireNonNull(e.getCause()), settings));
      return false;
    }
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

  /**
   * The first signal stops in good order, the second at once.
   *
   * @param stopping when the first came
   */
  private static void stopOnSignal(Gateway gateway, AtomicReference<@Nullable Long> stopping) {
    for (Signal signal : Signal.values()) {
      Signals.on(
          signal.name(),
          () -> {
            long now = System.nanoTime();
            Long first = stopping.compareAndExchange(null, now);
            if (first == null) {
              stop(gateway);
            } else if (now - first > SAME_SIGNAL_NANOS) {
              // What a shell expects of a process that a signal ended.
              end(128 + signal.number);
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
        .execute(() -> end(Main.NOT_WELL));
    try {
      // A signal asked for this end, so it is a good one.
      gateway.stop().onComplete(stopped -> end(Main.OK));
    } catch (LinkageError lost) {
      System.err.println("The gateway cannot stop in good order: " + lost);
      end(Main.NOT_WELL);
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
