package dev.kaneogateway.db;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which of Kaneo's tables and columns this database has, as far as the gateway needs them: Kaneo
 * versions differ, and one may be updated while the gateway runs.
 *
 * @param apiKeyOwner SQL for the owner of an {@code apikey} row {@code k}
 * @param apiKeyLimit SQL for the two numbers an {@code apikey} row {@code k} limits itself to:
 *     requests, and milliseconds; both null if it does not
 * @param missing what the gateway cannot do without, as {@code table.column}; empty if all is well
 * @param unreadable tables with what the gateway cannot do without, which the role may not read
 * @param missingForDevices what only device sign-in cannot do without: {@code device_code} if that
 *     table is not there at all, else as {@code table.column}
 */
public record KaneoSchema(
    String apiKeyOwner,
    String apiKeyLimit,
    List<String> missing,
    List<String> unreadable,
    List<String> missingForDevices) {
  /**
   * SQL for the people, to be read from like a table, with {@code id}, {@code banned} and {@code
   * ban_expires}. A Kaneo that cannot ban has no such columns: a name that the inner query does not
   * find in {@code "user"} is looked up outside of it, and is null there. PostgreSQL looks again
   * when the table changes, so that an update of Kaneo needs no restart of the gateway.
   */
  public static final String PEOPLE =
      "(SELECT person.* FROM (SELECT NULL::boolean AS banned, NULL::timestamp AS ban_expires) AS unbanned,"
          + " LATERAL (SELECT id, banned, ban_expires FROM \"user\") AS person)";

  private static final List<String> NEEDED =
      List.of(
          "apikey.id",
          "apikey.key",
          "apikey.enabled",
          "apikey.expires_at",
          "session.id",
          "session.token",
          "session.user_id",
          "session.expires_at",
          "user.id");

  /** Read by {@link #PEOPLE} where they are there. */
  private static final List<String> BANS = List.of("user.banned", "user.ban_expires");

  private static final List<String> NEEDED_FOR_DEVICES =
      List.of(
          "device_code.id",
          "device_code.device_code",
          "device_code.user_code",
          "device_code.user_id",
          "device_code.expires_at",
          "device_code.status",
          "device_code.last_polled_at",
          "device_code.polling_interval",
          "device_code.client_id",
          "device_code.scope",
          "device_code.created_at",
          "device_code.updated_at",
          "session.created_at",
          "session.updated_at",
          "session.ip_address",
          "session.user_agent",
          "user.name",
          "user.email");

  /**
   * Reads the catalogue itself, which unlike {@code information_schema} shows what the role may not
   * read as well; fails as the database does.
   */
  public static Future<KaneoSchema> probe(SqlClient client) {
    return client
        .query(
            """
            SELECT c.relname || '.' || a.attname,
              has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
            FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
              JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE n.nspname = COALESCE(current_schema(), 'public') AND a.attnum > 0
              AND NOT a.attisdropped AND c.relname IN ('user', 'session', 'apikey', 'device_code')
            """)
        .execute()
        .map(
            rows -> {
              Set<String> present = new HashSet<>();
              Set<String> readable = new HashSet<>();
              for (Row row : rows) {
                present.add(row.getString(0));
                if (Boolean.TRUE.equals(row.getBoolean(1))) {
                  readable.add(row.getString(0));
                }
              }
              return of(present, readable);
            });
  }

  private static KaneoSchema of(Set<String> present, Set<String> readable) {
    List<String> needed = new ArrayList<>(NEEDED);
    BANS.stream().filter(present::contains).forEach(needed::add);
    boolean reference = readable.contains("apikey.reference_id");
    boolean user = readable.contains("apikey.user_id");
    if (!reference && !user) {
      needed.add(present.contains("apikey.user_id") ? "apikey.user_id" : "apikey.reference_id");
    }
    String owner =
        reference && user
            ? "COALESCE(k.reference_id, k.user_id)"
            : reference ? "k.reference_id" : "k.user_id";
    boolean limits =
        readable.containsAll(
            List.of(
                "apikey.rate_limit_enabled",
                "apikey.rate_limit_max",
                "apikey.rate_limit_time_window"));
    String limit =
        limits
            ? "CASE WHEN k.rate_limit_enabled THEN k.rate_limit_max END::bigint,"
                + " k.rate_limit_time_window::bigint"
            : "NULL::bigint, NULL::bigint";
    Set<String> unreadable = new TreeSet<>();
    needed.stream()
        .filter(column -> present.contains(column) && !readable.contains(column))
        .forEach(column -> unreadable.add(column.substring(0, column.indexOf('.'))));
    return new KaneoSchema(
        owner,
        limit,
        lacking(present, needed),
        List.copyOf(unreadable),
        present.stream().anyMatch(column -> column.startsWith("device_code."))
            ? lacking(present, NEEDED_FOR_DEVICES)
            : List.of("device_code"));
  }

  private static List<String> lacking(Set<String> present, List<String> needed) {
    return needed.stream().filter(column -> !present.contains(column)).sorted().toList();
  }

  /** Whether the gateway can serve this schema. */
  public boolean usable() {
    return missing.isEmpty() && unreadable.isEmpty();
  }

  /** What keeps the gateway from serving it, said of the database; empty if nothing does. */
  public String fault() {
    if (!missing.isEmpty()) {
      return "lacks " + String.join(", ", missing);
    }
    return unreadable.isEmpty()
        ? ""
        : "does not let the role read " + String.join(", ", unreadable);
  }

  /** What helps against the fault. */
  public String remedy() {
    return missing.isEmpty()
        ? "GRANT SELECT on these tables, and USAGE on their schema, to the role in DATABASE_URL"
        : "let Kaneo finish its migrations, or point DATABASE_URL at Kaneo's database";
  }
}
