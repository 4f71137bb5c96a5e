package dev.kaneogateway.credentials;

import dev.kaneogateway.bus.Address;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.db.KaneoSchema;
import dev.kaneogateway.metrics.GatewayMetrics;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the questions to PostgreSQL about credentials. A question that comes while statements are
 * under way waits and leaves with all others of that moment in the next one; equal ones that wait
 * are asked once. One instance, on one event loop.
 */
public final class CredentialVerticle extends VerticleBase {
  static final Address<CredentialQuestion, CredentialAnswer> ADDRESS = new Address<>("credentials");

  /** Fails when PostgreSQL cannot answer. */
  static final Address<StandingQuestion, StandingAnswer> STANDING =
      new Address<>("credentials.standing");

  /** More statements at once would only split what one can ask. */
  private static final int STATEMENTS_AT_ONCE = 2;

  /** Statements may run so far ahead of their pace: a few misses need not wait for each other. */
  private static final long AHEAD_NANOS = 50_000_000;

  private static final long SCHEMA_RETRY_MS = 500;

  /** An update of Kaneo may change its tables while the gateway runs. */
  private static final long SCHEMA_AGAIN_MS = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(CredentialVerticle.class);

  private final Bus bus;
  private final Pool pool;
  private final CredentialCache cache;
  private final Settings.Credentials settings;
  private final GatewayMetrics metrics;
  private final Clock clock;
  private final LinkedHashMap<CredentialQuestion, Promise<CredentialAnswer>> waiting =
      new LinkedHashMap<>();
  private @Nullable KaneoSchema known;
  private @Nullable CredentialStatement statement;
  private int statementsUnderWay;

  /** When the next statement is due by the pace. */
  private long dueNanos = System.nanoTime();

  private boolean paused;
  private boolean away;
  private boolean stopped;
  private String lastComplaint = "";

  public CredentialVerticle(
      Bus bus,
      Pool pool,
      CredentialCache cache,
      Settings.Credentials settings,
      GatewayMetrics metrics,
      Clock clock) {
    this.bus = bus;
    this.pool = pool;
    this.cache = cache;
    this.settings = settings;
    this.metrics = metrics;
    this.clock = clock;
  }

  @Override
  public Future<?> start() {
    metrics.gauge(
        "credential_lookups_waiting", "Credentials waiting for PostgreSQL.", waiting::size);
    // The first requests need not meet a gateway that knows nothing yet; nor need one without a
    // database wait long.
    Future<?> learnt =
        learnSchema()
            .timeout(settings.lookupTimeout().toMillis(), TimeUnit.MILLISECONDS)
            .otherwiseEmpty();
    return Future.all(
        bus.answer(ADDRESS, this::judge), bus.answer(STANDING, this::stillStanding), learnt);
  }

  @Override
  public Future<?> stop() {
    stopped = true;
    return Future.succeededFuture();
  }

  private Future<StandingAnswer> stillStanding(StandingQuestion question) {
    CredentialStatement current = statement;
    return current == null
        ? Future.failedFuture("the database is not known yet")
        : current
            .standing(question.identities())
            .timeout(settings.lookupTimeout().toMillis(), TimeUnit.MILLISECONDS)
            .map(StandingAnswer::new);
  }

  private Future<CredentialAnswer> judge(CredentialQuestion question) {
    Future<CredentialAnswer> answer = ask(question);
    // Who can do without PostgreSQL need not wait for it; the question still shows its return.
    return away && question.canDoWithout() && cache.isConfirmed(question.digest())
        ? Future.succeededFuture(new CredentialAnswer(Verdict.UNKNOWN))
        : answer;
  }

  private Future<CredentialAnswer> ask(CredentialQuestion question) {
    // A statement under way may have read before what this request comes after, so only one that
    // has not left yet is shared.
    Promise<CredentialAnswer> queued = waiting.get(question);
    if (queued != null) {
      return queued.future();
    }
    if (statement == null || waiting.size() >= settings.lookupQueue()) {
      return Future.succeededFuture(new CredentialAnswer(Verdict.UNKNOWN));
    }
    Promise<CredentialAnswer> answer = Promise.promise();
    waiting.put(question, answer);
    askWaiting();
    return answer.future();
  }

  private void askWaiting() {
    CredentialStatement current = statement;
    if (current == null
        || waiting.isEmpty()
        || statementsUnderWay >= STATEMENTS_AT_ONCE
        || !mayAskNow()) {
      return;
    }
    long generation = cache.generation();
    Map<CredentialQuestion, Promise<CredentialAnswer>> batch = new LinkedHashMap<>();
    var oldest = waiting.entrySet().iterator();
    while (oldest.hasNext() && batch.size() < settings.lookupBatch()) {
      var entry = oldest.next();
      batch.put(entry.getKey(), entry.getValue());
      oldest.remove();
    }
    statementsUnderWay++;
    long began = System.nanoTime();
    List<CredentialQuestion> questions = new ArrayList<>(batch.keySet());
    Database.repeatable(vertx, () -> current.judge(questions))
        .timeout(settings.lookupTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .onComplete(
            (verdicts, failure) -> {
              statementsUnderWay--;
              away = failure != null;
              if (failure != null) {
                metrics.credentials().lookupFailed();
                complain("credentials cannot be looked up: " + reason(failure));
              } else {
                metrics.credentials().lookedUp(batch.size(), System.nanoTime() - began);
                recovered();
              }
              batch.forEach(
                  (question, answer) -> {
                    Verdict verdict =
                        failure != null
                            ? Verdict.UNKNOWN
                            : verdicts.getOrDefault(question.digest(), Verdict.UNKNOWN);
                    if (verdict instanceof Verdict.Invalid && question.signed()) {
                      cache.forget(question.digest());
                    } else {
                      cache.put(question.digest(), verdict, generation);
                    }
                    answer.complete(new CredentialAnswer(verdict));
                  });
              askWaiting();
            });
  }

  /** Whether the pace allows a statement now; else it is tried again when it does. */
  private boolean mayAskNow() {
    long now = System.nanoTime();
    long tooSoonBy = dueNanos - now - AHEAD_NANOS;
    if (tooSoonBy > 0) {
      if (!paused) {
        paused = true;
        vertx.setTimer(
            1 + tooSoonBy / 1_000_000,
            id -> {
              paused = false;
              askWaiting();
            });
      }
      return false;
    }
    dueNanos = Math.max(dueNanos, now) + 1_000_000_000 / settings.lookupStatementsPerSecond();
    return true;
  }

  private Future<?> learnSchema() {
    return KaneoSchema.probe(pool)
        .onComplete(
            (schema, failure) -> {
              if (stopped) {
                return;
              }
              if (failure == null && schema.usable()) {
                learnt(schema);
              } else if (statement == null) {
                complain(
                    failure != null
                        ? "the database cannot be reached: " + reason(failure)
                        : "this is not a Kaneo database the gateway can serve; it "
                            + schema.fault()
                            + "; "
                            + schema.remedy());
              }
              vertx.setTimer(
                  statement == null ? SCHEMA_RETRY_MS : SCHEMA_AGAIN_MS, id -> learnSchema());
            });
  }

  private void learnt(KaneoSchema schema) {
    if (statement == null) {
      recovered();
    }
    if (!schema.equals(known)) {
      statement = new CredentialStatement(pool, schema, clock);
      if (known != null) {
        // Whose they are may have been read from the wrong column.
        cache.forget(CredentialChanges.ALL);
      }
      known = schema;
    }
  }

  /**
   * Says a trouble once, not once for every request it spoils. That the pool is closed is none at
   * the end.
   */
  private void complain(String complaint) {
    if (!stopped && !complaint.equals(lastComplaint)) {
      lastComplaint = complaint;
      LOG.error(complaint);
    }
  }

  private void recovered() {
    if (!lastComplaint.isEmpty()) {
      lastComplaint = "";
      LOG.info("credentials are looked up again");
    }
  }

  private static String reason(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }
}
