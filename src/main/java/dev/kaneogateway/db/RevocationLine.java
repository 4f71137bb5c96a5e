package dev.kaneogateway.db;

import static java.util.Objects.requireNonNull;

import dev.kaneogateway.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.CloseFuture;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgNotification;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection of its own on which PostgreSQL tells of changed credentials. It is trusted only as
 * long as a heart beats: a notification sent over another connection that comes, from a server that
 * is no standby and has all {@linkplain RevocationTriggers triggers}. Confined to the context that
 * starts it; connects again for ever.
 */
public final class RevocationLine {
  private static final long RECONNECT_MS = 500;

  private final Vertx vertx;
  private final Pool pool;
  private final PgConnectOptions options;
  private final Duration interval;
  private final Duration patience;
  private final Listener listener;
  private final String beatPrefix = "beat " + UUID.randomUUID() + " ";
  private @Nullable ContextInternal context;
  private @Nullable PgConnection connection;
  private long beatsSent;
  private long firstBeat;
  private long lastHeard;
  private long lastSentNanos;
  private @Nullable String triggers;
  private boolean asking;
  private boolean trusted;
  private @Nullable Reason told;
  private boolean closed;

  /** What the line tells, on its context. */
  public interface Listener {
    /** Every change from now on will be told; what was read before this may be stale. */
    void listening();

    /** While listening: every change up to a moment of {@link System#nanoTime} has been told. */
    void proven(long nanos);

    /** Changes may go untold from now on. Told once for each loss, and once at the start. */
    void deaf(Reason reason);

    /** A credential changed: a payload of {@link RevocationTriggers}. */
    void changed(String payload);
  }

  /** Why changes go untold. */
  public enum Reason {
    /** The triggers are not, or not all, installed. */
    NO_TRIGGERS,
    /** There is no connection, or it is silent. */
    NO_CONNECTION,
    /** The server is a standby, its queue fills, or a pooler between swallows notifications. */
    NO_NOTIFICATIONS
  }

  /**
   * @param pool over which beats are sent
   * @param interval between the beats
   * @param patience how long a beat may take; a change can go unseen for both together
   */
  public RevocationLine(
      Vertx vertx,
      Pool pool,
      Settings.Database database,
      Duration interval,
      Duration patience,
      Listener listener) {
    this.vertx = vertx;
    this.pool = pool;
    this.options = Database.options(database.url());
    this.interval = interval;
    this.patience = patience;
    this.listener = listener;
  }

  /** Connects now and after every loss, on the current context. */
  public void start() {
    context = (ContextInternal) vertx.getOrCreateContext();
    distrust(Reason.NO_CONNECTION);
    connect();
  }

  /** Hangs up for good. */
  public Future<Void> close() {
    closed = true;
    PgConnection open = connection;
    connection = null;
    return open == null ? Future.succeededFuture() : open.close();
  }

  private void connect() {
    if (closed) {
      return;
    }
    Future<PgConnection> connecting = connectApart();
    connecting
        .timeout(patience.toMillis(), TimeUnit.MILLISECONDS)
        .compose(
            fresh ->
                // From the beginning: nobody listening, the driver would print a stack trace.
                fresh
                    .exceptionHandler(broken -> lost(fresh))
                    .query("LISTEN " + RevocationTriggers.CHANNEL)
                    .execute()
                    .timeout(patience.toMillis(), TimeUnit.MILLISECONDS)
                    .map(fresh)
                    .onFailure(failure -> fresh.close()))
        .onSuccess(this::connected)
        .onFailure(
            failure -> {
              // One that comes after all is not waited for.
              connecting.onSuccess(PgConnection::close);
              distrust(Reason.NO_CONNECTION);
              connectLater();
            });
  }

  /**
   * On a context of its own, on this event loop: the driver makes a client for each connection, and
   * Vert.x 5.0.10 keeps those for as long as the context lasts. At a database that is away, or a
   * standby, it is two a second.
   */
  private Future<PgConnection> connectApart() {
    ContextInternal own = requireNonNull(context);
    Promise<PgConnection> connecting = own.promise();
    ((VertxInternal) vertx)
        .contextBuilder()
        .withEventLoop(own.nettyEventLoop())
        .withCloseFuture(new CloseFuture())
        .build()
        .runOnContext(go -> PgConnection.connect(vertx, options).onComplete(connecting));
    return connecting.future();
  }

  private void connected(PgConnection fresh) {
    if (closed) {
      fresh.close();
      return;
    }
    connection = fresh;
    fresh.notificationHandler(this::heard);
    fresh.closeHandler(gone -> lost(fresh));
    firstBeat = beatsSent + 1;
    lastHeard = 0;
    beat(fresh);
  }

  /**
   * What comes with an answer may be there by chance: a pooler that lends its connections for a
   * transaction gives on what the server says meanwhile, and keeps all else back.
   */
  private void heard(PgNotification notification) {
    String payload = notification.getPayload();
    if (payload.startsWith(beatPrefix)) {
      if (!asking) {
        lastHeard = Long.parseLong(payload.substring(beatPrefix.length()));
        if (trusted && lastHeard == beatsSent) {
          listener.proven(lastSentNanos);
        }
      }
    } else if (!payload.startsWith("beat ")) {
      listener.changed(payload);
    }
  }

  private void beat(PgConnection on) {
    if (connection != on) {
      return;
    }
    asking = true;
    on.query(
            "SELECT x.*, "
                + RevocationTriggers.UNRELIABLE
                + ", pg_is_in_recovery() FROM ("
                + RevocationTriggers.COMPLETE
                + ") x")
        .execute()
        .timeout(patience.toMillis(), TimeUnit.MILLISECONDS)
        .compose(
            rows -> {
              if (connection != on) {
                return Future.failedFuture("no longer listened to");
              }
              asking = false;
              Row row = rows.iterator().next();
              judge(row);
              if (Boolean.TRUE.equals(row.getBoolean(3))) {
                // None can be sent there, and the name may lead to the primary by now.
                connectAgain(on);
                return Future.failedFuture("a standby tells nothing");
              }
              return notifyOfBeat().timeout(patience.toMillis(), TimeUnit.MILLISECONDS);
            })
        .onComplete(
            sent -> vertx.setTimer(interval.toMillis(), id -> beat(on)), failure -> lost(on));
  }

  /**
   * Over another connection, as changes come: what a connection notifies of itself comes with its
   * answer.
   */
  private Future<?> notifyOfBeat() {
    lastSentNanos = System.nanoTime();
    String statement =
        "SELECT pg_notify('"
            + RevocationTriggers.CHANNEL
            + "', '"
            + beatPrefix
            + ++beatsSent
            + "')";
    return Database.repeatable(vertx, () -> pool.query(statement).execute());
  }

  private void judge(Row row) {
    boolean complete = Boolean.TRUE.equals(row.getBoolean(0));
    boolean others = !Objects.equals(triggers, row.getString(1));
    triggers = row.getString(1);
    if (!complete) {
      distrust(Reason.NO_TRIGGERS);
    } else if (row.getBoolean(2) || (beatsSent >= firstBeat && lastHeard < beatsSent)) {
      distrust(Reason.NO_NOTIFICATIONS);
    } else if (!trusted && lastHeard >= firstBeat) {
      trusted = true;
      told = null;
      listener.listening();
    } else if (trusted && others) {
      // Their tables may have come in place of others, as a backup is restored in one transaction.
      listener.changed(RevocationTriggers.ALL);
    }
  }

  private void distrust(Reason reason) {
    if (told != reason) {
      trusted = false;
      told = reason;
      listener.deaf(reason);
    }
  }

  private void lost(PgConnection which) {
    if (connection == which) {
      distrust(Reason.NO_CONNECTION);
      connectAgain(which);
    }
  }

  private void connectAgain(PgConnection instead) {
    connection = null;
    instead.close();
    connectLater();
  }

  private void connectLater() {
    if (!closed) {
      vertx.setTimer(RECONNECT_MS, id -> connect());
    }
  }
}
