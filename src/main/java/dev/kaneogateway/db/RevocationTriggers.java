package dev.kaneogateway.db;

import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The triggers by which Kaneo's tables tell of every change to a credential. They name none of the
 * tables' columns, so Kaneo's migrations never meet them; what they send is an id and a digest, and
 * no write can fail of them. Safe from any thread.
 *
 * <p>What they send on {@link #CHANNEL}: {@code apikey <digest> <id>}, {@code session <digest>
 * <id>}, {@code user - <id>}, with the digest as Kaneo's {@code apikey.key} has it; {@code all}
 * when anything may have changed.
 */
public final class RevocationTriggers {
  /** Where changes are told. */
  public static final String CHANNEL = "kaneo_gateway";

  /** What is told when anything may have changed. */
  static final String ALL = "all";

  private static final List<String> TABLES = List.of("apikey", "session", "user");
  private static final List<String> NAMES =
      List.of("kaneo_gateway_credential", "kaneo_gateway_truncate");

  /**
   * What uses up or describes a credential without ending it is left out, so that counting its use
   * tells nobody.
   */
  private static final String SOURCE =
      """

      DECLARE
        idle constant text[] := ARRAY['last_request', 'request_count', 'remaining', 'last_refill_at',
          'updated_at', 'name', 'metadata', 'ip_address', 'user_agent', 'active_organization_id',
          'active_team_id'];
        was jsonb; is_now jsonb; subject jsonb; digest text := '-';
      BEGIN
        -- A full queue would fail the write at its commit; gateways mistrust one that fills.
        IF pg_notification_queue_usage() > 0.5 THEN RETURN NULL; END IF;
        IF TG_OP = 'TRUNCATE' THEN
          PERFORM pg_notify('kaneo_gateway', 'all');
          RETURN NULL;
        END IF;
        IF TG_OP <> 'INSERT' THEN was := to_jsonb(OLD) - idle; END IF;
        IF TG_OP <> 'DELETE' THEN is_now := to_jsonb(NEW) - idle; END IF;
        IF TG_TABLE_NAME = 'user' THEN
          IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE'
            AND was -> 'id' = is_now -> 'id'
            AND was -> 'banned' IS NOT DISTINCT FROM is_now -> 'banned'
            AND was -> 'ban_expires' IS NOT DISTINCT FROM is_now -> 'ban_expires' THEN
            RETURN NULL;
          END IF;
        ELSIF was IS NOT DISTINCT FROM is_now THEN
          RETURN NULL;
        END IF;
        subject := coalesce(was, is_now);
        IF TG_TABLE_NAME = 'apikey' THEN
          digest := coalesce(is_now ->> 'key', '-');
        ELSIF TG_TABLE_NAME = 'session' AND is_now ? 'token' THEN
          digest := rtrim(translate(
            encode(sha256(convert_to(is_now ->> 'token', 'UTF8')), 'base64'), '+/', '-_'), '=');
        END IF;
        IF length(subject ->> 'id') < 1000 AND length(digest) < 1000 THEN
          PERFORM pg_notify('kaneo_gateway', TG_TABLE_NAME || ' ' || digest || ' ' || (subject ->> 'id'));
        ELSE
          PERFORM pg_notify('kaneo_gateway', 'all');
        END IF;
        RETURN NULL;
      EXCEPTION WHEN OTHERS THEN
        RAISE WARNING 'kaneo_gateway is not told of a change of %: %', TG_TABLE_NAME, SQLERRM;
        RETURN NULL;
      END
      """;

  private static final String FUNCTION =
      "CREATE OR REPLACE FUNCTION kaneo_gateway.notify_change() RETURNS trigger LANGUAGE plpgsql"
          + " SET search_path = pg_catalog AS $$"
          + SOURCE
          + "$$";

  /** Of each table with a trigger: how many are there and fire, and which they are. */
  private static final String FOUND =
      "SELECT c.relname, count(*), string_agg(t.oid || '/' || t.xmin, ' ' ORDER BY t.oid)"
          + " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
          + " JOIN pg_namespace n ON n.oid = c.relnamespace"
          + " WHERE n.nspname = current_schema() AND c.relname IN ('apikey', 'session', 'user')"
          + " AND t.tgname IN ('kaneo_gateway_credential', 'kaneo_gateway_truncate')"
          + " AND t.tgenabled IN ('O', 'A')"
          // One of another version of the gateway may tell other things.
          + " AND EXISTS (SELECT 1 FROM pg_proc p WHERE p.oid = t.tgfoid AND p.prosrc = $$"
          + SOURCE
          + "$$)";

  /**
   * One row with true if all of them are there and fire, and with what is another once one was made
   * anew or did not fire for a while.
   */
  static final String COMPLETE =
      "SELECT sum(n) = 6, string_agg(which, ' ' ORDER BY t) FROM ("
          + FOUND
          + " GROUP BY 1) x(t, n, which)";

  /**
   * True where notifications cannot be relied on: a standby, or a queue that somebody lets fill.
   */
  static final String UNRELIABLE = "pg_is_in_recovery() OR pg_notification_queue_usage() > 0.4";

  private RevocationTriggers() {}

  /**
   * Which tables have their triggers.
   *
   * @param found of each of Kaneo's three tables: whether its triggers are there and fire
   */
  public record Status(Map<String, Boolean> found) {
    /** Whether every change is told. */
    public boolean complete() {
      return found.values().stream().allMatch(there -> there);
    }

    /** Whether there is none at all. */
    public boolean absent() {
      return found.values().stream().noneMatch(there -> there);
    }
  }

  /** Puts them in, anew if they are there; all or nothing. */
  public static Future<?> install(Pool pool) {
    List<String> statements = new ArrayList<>();
    statements.add(OwnSchema.CREATE);
    statements.add(FUNCTION);
    for (String table : TABLES) {
      statements.addAll(drop(table));
      statements.add(
          "CREATE TRIGGER kaneo_gateway_credential AFTER INSERT OR UPDATE OR DELETE ON \""
              + table
              + "\" FOR EACH ROW EXECUTE FUNCTION kaneo_gateway.notify_change()");
      statements.add(
          "CREATE TRIGGER kaneo_gateway_truncate AFTER TRUNCATE ON \""
              + table
              + "\" FOR EACH STATEMENT EXECUTE FUNCTION kaneo_gateway.notify_change()");
      // A replica's session, as of logical replication or a restored backup, changes rows as well.
      NAMES.forEach(
          name -> statements.add("ALTER TABLE \"" + table + "\" ENABLE ALWAYS TRIGGER " + name));
    }
    return inOne(pool, statements);
  }

  /** Takes them out and leaves nothing of them; harmless if there are none. */
  public static Future<?> remove(Pool pool) {
    List<String> statements = new ArrayList<>();
    statements.add(OwnSchema.TAKE_TURN);
    TABLES.forEach(table -> statements.addAll(drop(table)));
    statements.add("DROP FUNCTION IF EXISTS kaneo_gateway.notify_change()");
    // The schema stays while the device sign-in keeps its tables in it.
    statements.add(OwnSchema.DROP_EMPTY);
    return inOne(pool, statements);
  }

  public static Future<Status> status(SqlClient client) {
    return client
        .query(FOUND + " GROUP BY 1")
        .execute()
        .map(
            rows -> {
              Map<String, Boolean> found = new TreeMap<>();
              TABLES.forEach(table -> found.put(table, false));
              for (Row row : rows) {
                found.put(row.getString(0), row.getLong(1) == NAMES.size());
              }
              return new Status(found);
            });
  }

  private static List<String> drop(String table) {
    return NAMES.stream()
        .map(name -> "DROP TRIGGER IF EXISTS " + name + " ON \"" + table + "\"")
        .toList();
  }

  private static Future<?> inOne(Pool pool, List<String> statements) {
    return pool.withTransaction(
        connection -> {
          // Kaneo's own statements would queue up behind one that waits for a lock.
          Future<?> done =
              connection
                  .query("SET LOCAL lock_timeout = '3s'; SET LOCAL client_min_messages = warning")
                  .execute();
          for (String statement : statements) {
            done = done.compose(before -> connection.query(statement).execute());
          }
          return done.mapEmpty();
        });
  }
}
