package dev.kaneogateway;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.db.RevocationTriggers;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * {@code triggers install|status|remove}: whether Kaneo's tables tell the gateways of every change
 * to a credential.
 */
final class TriggersCommand {
  private static final long PATIENCE_S = 15;

  private final Vertx vertx;
  private final Settings settings;

  /**
   * What came of it.
   *
   * @param well whether things are as they were asked to be
   * @param line for the operator
   */
  record Outcome(boolean well, String line) {}

  /** What can be asked for. */
  enum Action {
    INSTALL,
    STATUS,
    REMOVE;

    /** The action of a word; fails with what would be one. */
    static Action of(String word) {
      try {
        return valueOf(word.toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("triggers needs install, status or remove", e);
      }
    }
  }

  TriggersCommand(Vertx vertx, Settings settings) {
    this.vertx = vertx;
    this.settings = settings;
  }

  /**
   * Does it and looks at the result; never fails. The pool is left to the end of the process: one
   * that is closed while it connects never says that it is.
   */
  Future<Outcome> run(Action action) {
    Pool pool = Database.pool(vertx, settings.database());
    Future<?> done =
        switch (action) {
          case INSTALL -> RevocationTriggers.install(pool);
          case REMOVE -> RevocationTriggers.remove(pool);
          case STATUS -> Future.succeededFuture();
        };
    return done.compose(changed -> RevocationTriggers.status(pool))
        .timeout(PATIENCE_S, TimeUnit.SECONDS)
        .map(status -> outcome(action, status))
        .otherwise(failure -> new Outcome(false, "triggers: " + remedy(action, failure)));
  }

  private static Outcome outcome(Action action, RevocationTriggers.Status status) {
    String tables =
        status.found().entrySet().stream()
            .map(one -> one.getKey() + " " + (one.getValue() ? "yes" : "no"))
            .collect(Collectors.joining(", "));
    if (status.complete()) {
      return new Outcome(
          action != Action.REMOVE,
          "triggers: installed (" + tables + "); running gateways take notice within a second");
    }
    if (status.absent()) {
      return new Outcome(
          action == Action.REMOVE,
          "triggers: not installed; a revocation is seen within GATEWAY_CACHE_TTL_MS");
    }
    return new Outcome(
        false, "triggers: installed in part (" + tables + "); run triggers install again");
  }

  private static String remedy(Action action, Throwable failure) {
    String message =
        failure instanceof TimeoutException
            ? "no answer within " + PATIENCE_S + " s"
            : String.valueOf(failure.getMessage());
    return "cannot "
        + (action == Action.STATUS ? "be looked at" : "be changed")
        + " ("
        + message.lines().findFirst().orElse("")
        + "); check DATABASE_URL, and that its role owns Kaneo's tables and may create a schema";
  }
}
