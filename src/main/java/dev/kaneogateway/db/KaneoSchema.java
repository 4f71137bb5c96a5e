package dev.kaneogateway.db;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which of Kaneo's tables and columns this database has, as far as the gateway needs them. Asked
 * for once at start, because Kaneo versions differ.
 *
 * @param apiKeyOwner SQL for the owner of an {@code apikey} row {@code k}
 * @param apiKeyLimit SQL for the two numbers an {@code apikey} row {@code k} limits itself to:
 *     requests, and milliseconds; both null if it does not
 * @param missing what the gateway cannot do without, as {@code table.column}; empty if all is well
 */
public record KaneoSchema(String apiKeyOwner, String apiKeyLimit, List<String> missing) {
  /**
   * SQL for the people, to be read from like a table, with {@code id}, {@code banned} and {@code
   * ban_expires}. A Kaneo that cannot ban has no such columns: a name that the inner query does not
   * find in {@code "user"} is looked up outside of it, and is null there. PostgreSQL looks again
   * when the table changes, so that an update of Kaneo needs no restart of the gateway.
   */
  public static final String PEOPLE =
      "(SELECT person.* FROM (SELECT NULL::boolean AS banned, NULL::timestamp AS ban_expires) AS unbanned,"
          + " LATERAL (SELECT id, banned, ban_expires FROM \"user\") AS person)";

  private static final Map<String, List<String>> NEEDED =
      Map.of(
          "apikey", List.of("id", "key", "enabled", "expires_at"),
          "session", List.of("id", "token", "user_id", "expires_at"),
          "user", List.of("id"));

  /** Reads the catalogue; fails as the database does. */
  public static Future<KaneoSchema> probe(SqlClient client) {
    return client
        .query(
            "SELECT table_name, column_name FROM information_schema.columns"
                + " WHERE table_schema = current_schema()"
                + " AND table_name IN ('user', 'session', 'apikey', 'device_code')")
        .execute()
        .map(
            rows -> {
              Map<String, Set<String>> columns = new HashMap<>();
              for (Row row : rows) {
                columns
                    .computeIfAbsent(row.getString(0), table -> new HashSet<>())
                    .add(row.getString(1));
              }
              return of(columns);
            });
  }

  private static KaneoSchema of(Map<String, Set<String>> columns) {
    List<String> missing = new ArrayList<>();
    NEEDED.forEach(
        (table, needed) -> {
          Set<String> present = columns.getOrDefault(table, Set.of());
          needed.stream()
              .filter(c -> !present.contains(c))
              .forEach(c -> missing.add(table + "." + c));
        });
    Set<String> apikey = columns.getOrDefault("apikey", Set.of());
    boolean reference = apikey.contains("reference_id");
    boolean user = apikey.contains("user_id");
    if (!reference && !user) {
      missing.add("apikey.reference_id");
    }
    String owner =
        reference && user
            ? "COALESCE(k.reference_id, k.user_id)"
            : reference ? "k.reference_id" : "k.user_id";
    boolean limits =
        apikey.containsAll(
            List.of("rate_limit_enabled", "rate_limit_max", "rate_limit_time_window"));
    String limit =
        limits
            ? "CASE WHEN k.rate_limit_enabled THEN k.rate_limit_max END::bigint,"
                + " k.rate_limit_time_window::bigint"
            : "NULL::bigint, NULL::bigint";
    return new KaneoSchema(owner, limit, missing.stream().sorted().toList());
  }

  /** Whether the gateway can serve this schema. */
  public boolean usable() {
    return missing.isEmpty();
  }
}
