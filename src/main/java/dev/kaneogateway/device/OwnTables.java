package dev.kaneogateway.device;

import dev.kaneogateway.db.OwnSchema;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;

/** Where the device sign-in keeps what Kaneo's table cannot hold: two tables of its own schema. */
final class OwnTables {
  private static final String INSUFFICIENT_PRIVILEGE = "42501";
  private static final String UNDEFINED_TABLE = "42P01";
  private static final String UNDEFINED_SCHEMA = "3F000";

  private static final String CREATE =
      OwnSchema.CREATE
          + """
          ;
          CREATE TABLE IF NOT EXISTS kaneo_gateway.device_request (
            device_code_id text PRIMARY KEY, ip_address text, user_agent text,
            created_at timestamp NOT NULL);
          CREATE INDEX IF NOT EXISTS device_request_created_at
            ON kaneo_gateway.device_request (created_at);
          CREATE TABLE IF NOT EXISTS kaneo_gateway.redemption (
            code_digest text PRIMARY KEY, client_id text NOT NULL, session_id text NOT NULL,
            user_code text NOT NULL, user_id text NOT NULL, scope text,
            since timestamp NOT NULL, delivered boolean NOT NULL);
          CREATE INDEX IF NOT EXISTS redemption_user_code
            ON kaneo_gateway.redemption (user_code);
          CREATE INDEX IF NOT EXISTS redemption_since ON kaneo_gateway.redemption (since)
          """;

  /** Whether the role may use them; fails if they are not there. */
  private static final String USABLE =
      """
      SELECT bool_and(has_table_privilege('kaneo_gateway.' || name, privilege))
      FROM unnest(ARRAY['device_request', 'redemption']) AS name,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
      """;

  private OwnTables() {}

  /**
   * Creates what is missing; false where the role may not. Fails while nobody can say, as with a
   * database that only reads for now.
   */
  static Future<Boolean> create(Pool pool) {
    return pool.query(CREATE)
        .execute()
        .map(true)
        // Somebody who may may have made them for a role that may only use them.
        .recover(
            refused ->
                pool.query(USABLE)
                    .execute()
                    .map(rows -> rows.iterator().next().getBoolean(0))
                    .otherwise(false)
                    .compose(
                        usable ->
                            usable || isState(refused, INSUFFICIENT_PRIVILEGE)
                                ? Future.succeededFuture(usable)
                                : Future.failedFuture(refused)));
  }

  /** Whether a statement failed since somebody has dropped them. */
  static boolean areGone(Throwable failure) {
    return isState(failure, UNDEFINED_TABLE) || isState(failure, UNDEFINED_SCHEMA);
  }

  private static boolean isState(Throwable failure, String state) {
    return failure instanceof PgException refused && state.equals(refused.getSqlState());
  }
}
