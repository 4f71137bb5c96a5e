package dev.kaneogateway.doctor;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.KaneoSchema;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Kaneo's database: there, Kaneo's, open to the gateway's role, indexed, and on time. */
final class DatabaseCheckup implements Doctor.Checkup {
  /** Sessions and codes end by the gateway's clock; a person notices minutes, a device seconds. */
  private static final Duration SKEW_NOTICED = Duration.ofSeconds(2);

  private static final Duration SKEW_HARMFUL = Duration.ofSeconds(30);

  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  /**
   * Looked up by hand: {@code to_regclass} fails of a schema that the role may not use. Row-level
   * security without a policy for the role hides every row, which looks as if none were there.
   */
  private static final String RIGHTS =
      """
      SELECT 'USAGE' AS rights, 'the schema public' AS what, 'everything' AS purpose, 0 AS place
      WHERE current_schema() IS NULL
      UNION ALL
      SELECT string_agg(r, ', ' ORDER BY nth), t, min(purpose), place FROM (VALUES
        (1, 'user', 'SELECT', 'bans and names'),
        (2, 'session', 'SELECT', 'looking sessions up'),
        (3, 'session', 'INSERT,DELETE', 'sign-in and sign-out of devices'),
        (4, 'apikey', 'SELECT', 'looking API keys up'),
        (5, 'apikey', 'UPDATE', 'counting their use, which GATEWAY_KEY_USAGE=false ends'),
        (6, 'device_code', 'SELECT,INSERT,UPDATE,DELETE', 'sign-in of devices'))
          AS wanted(place, t, rs, purpose),
        unnest(string_to_array(rs, ',')) WITH ORDINALITY AS each(r, nth),
        pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = COALESCE(current_schema(), 'public') AND c.relname = t
        AND ($1 OR (t, r) <> ('apikey', 'UPDATE'))
        AND (NOT has_table_privilege(c.oid, r) OR row_security_active(c.oid) AND NOT EXISTS (
          SELECT 1 FROM pg_policy p, unnest(p.polroles) AS whose
          WHERE p.polrelid = c.oid AND p.polpermissive
            AND (whose = 0 OR pg_has_role(whose, 'USAGE'))))
      GROUP BY place, t ORDER BY place
      """;

  private static final String INDEXES =
      """
      SELECT t, c FROM (VALUES ('apikey', 'key'), ('session', 'token'), ('device_code', 'device_code'),
        ('device_code', 'user_code')) AS wanted(t, c)
      WHERE to_regclass(quote_ident(t)) IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass(quote_ident(t)) AND i.indisvalid AND a.attname = c)
      """;

  private static final String SERVER =
      """
      SELECT timezone('utc', clock_timestamp()), pg_is_in_recovery(), current_setting('server_version'),
        current_setting('transaction_read_only')::boolean
      """;

  private static final String OWN_SCHEMA =
      """
      SELECT COALESCE(has_schema_privilege(own, 'CREATE'), has_database_privilege(current_database(), 'CREATE'))
        OR has_schema_privilege(own, 'USAGE') AND 2 = (SELECT count(*) FROM pg_class c
          WHERE c.relnamespace = own AND c.relname IN ('device_request', 'redemption')
            AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
            AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
      FROM CAST(to_regnamespace('kaneo_gateway') AS oid) AS own
      """;

  private static final String MIGRATIONS =
      "SELECT count(*), max(created_at) FROM drizzle.__drizzle_migrations";

  private final Pool pool;
  private final boolean keyUsage;
  private final TriggersCheck triggers;
  private final Clock clock;

  DatabaseCheckup(Vertx vertx, Pool pool, Settings settings, Clock clock) {
    this.pool = pool;
    this.keyUsage = settings.credentials().keyUsage();
    this.triggers = new TriggersCheck(vertx, pool, settings);
    this.clock = clock;
  }

  @Override
  public Future<List<Finding>> findings() {
    return KaneoSchema.probe(pool)
        // Of a JVM that has just begun on a busy machine, the first connection may take too long.
        .recover(slow -> KaneoSchema.probe(pool))
        .timeout(Doctor.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .compose(
            schema ->
                schema.missing().isEmpty()
                    ? examine(schema)
                    : Future.succeededFuture(List.of(lacking(schema))),
            failure -> Future.succeededFuture(List.of(unusable(failure))));
  }

  private static Finding unusable(Throwable failure) {
    String reason = Doctor.reason(failure);
    return Finding.problem(
        "database",
        "cannot be used (" + reason + ")",
        "without it no credential can be looked up and no device can sign in.",
        // The driver keeps to itself what is wrong with a certificate. Where PostgreSQL itself
        // speaks, of SSL too, nothing is.
        !(failure instanceof PgException) && reason.contains("SSL")
            ? "check sslmode in DATABASE_URL: PostgreSQL must speak TLS (ssl = on), and for verify-ca and verify-full its certificate must hold today, be of an authority that Java knows or of sslrootcert's, and for verify-full name the host."
            : "check host, port, user and password in DATABASE_URL and that PostgreSQL lets this machine in.");
  }

  private static Finding lacking(KaneoSchema schema) {
    return Finding.problem(
        "database",
        "reachable but " + schema.fault(),
        "the gateway looks credentials up there.",
        schema.remedy() + ".");
  }

  private Future<List<Finding>> examine(KaneoSchema schema) {
    List<Finding> findings = new ArrayList<>();
    findings.add(Finding.ok("database", "reachable, and its tables are Kaneo's"));
    findings.add(devices(schema.missingForDevices()));
    return allowed("database.rights", findings, rights(findings))
        .compose(done -> allowed("database.indexes", findings, indexes(findings)))
        .compose(done -> allowed("database.server", findings, server(findings)))
        .compose(done -> allowed("database.schema", findings, ownSchema(findings)))
        // Only worth knowing; a role may well not read it, and a Kaneo may not have it.
        .compose(done -> migrations(findings).otherwiseEmpty())
        .compose(done -> allowed("triggers", findings, triggers.finding().onSuccess(findings::add)))
        .map(done -> List.copyOf(findings));
  }

  /** A question that the role may not ask says nothing of the others. */
  private static Future<?> allowed(String part, List<Finding> findings, Future<?> question) {
    return question
        .<Object>mapEmpty()
        .recover(
            failure -> {
              if (failure instanceof PgException refused
                  && INSUFFICIENT_PRIVILEGE.equals(refused.getSqlState())) {
                findings.add(
                    Finding.warning(
                        part,
                        "cannot be looked at (" + Doctor.reason(failure) + ")",
                        "what cannot be looked at may be broken.",
                        "GRANT the role in DATABASE_URL what it says, or check with Kaneo's own role."));
                return Future.succeededFuture();
              }
              return Future.failedFuture(failure);
            });
  }

  private static Finding devices(List<String> missing) {
    return missing.isEmpty()
        ? Finding.ok("database.devices", "has what the sign-in of devices needs")
        : Finding.problem(
            "database.devices",
            "lacks " + String.join(", ", missing),
            "no device can sign in: each start and poll fails.",
            "let Kaneo finish its migrations, or update it to a version with device sign-in.");
  }

  private Future<?> rights(List<Finding> findings) {
    return lacking(
            RIGHTS,
            // One that does not count the use of keys needs no right to.
            Tuple.of(keyUsage),
            row -> row.getString(0) + " on " + row.getString(1) + " (for " + row.getString(2) + ")")
        .onSuccess(
            lacking ->
                findings.add(
                    lacking.isEmpty()
                        ? Finding.ok("database.rights", "the role may do what the gateway does")
                        : Finding.problem(
                            "database.rights",
                            "the role may not " + lacking,
                            "what it may not do fails for people: sign-ins of devices, lookups, counting of use.",
                            "GRANT these rights to the role in DATABASE_URL (and CREATE POLICY for it where row-level security is on), or use Kaneo's own.")));
  }

  private Future<?> indexes(List<Finding> findings) {
    return lacking(INDEXES, Tuple.tuple(), row -> row.getString(0) + " (" + row.getString(1) + ")")
        .onSuccess(
            lacking ->
                findings.add(
                    lacking.isEmpty()
                        ? Finding.ok("database.indexes", "every lookup has its index")
                        : Finding.warning(
                            "database.indexes",
                            "there is none on " + lacking,
                            "each lookup reads the whole table, which grows with every key, session and code.",
                            "let Kaneo finish its migrations, or CREATE INDEX CONCURRENTLY on these.")));
  }

  private Future<String> lacking(String query, Tuple parameters, Function<Row, String> name) {
    return pool.preparedQuery(query)
        .execute(parameters)
        .map(rows -> rows.stream().map(name).collect(Collectors.joining(", ")));
  }

  private Future<?> server(List<Finding> findings) {
    Instant asked = clock.instant();
    return pool.query(SERVER)
        .execute()
        .onSuccess(
            rows -> {
              Row row = rows.iterator().next();
              Instant there = row.getLocalDateTime(0).toInstant(ZoneOffset.UTC);
              findings.add(clockFinding(asked, clock.instant(), there));
              findings.add(serverFinding(row));
            });
  }

  private static Finding serverFinding(Row row) {
    if (row.getBoolean(1)) {
      return Finding.problem(
          "database.server",
          "a standby, which only reads",
          "devices cannot sign in, and revocations come late.",
          "point DATABASE_URL at the primary.");
    }
    return row.getBoolean(3)
        ? Finding.problem(
            "database.server",
            "default_transaction_read_only is on",
            "devices cannot sign in, and no use of keys is counted.",
            "ALTER ROLE or ALTER DATABASE … RESET default_transaction_read_only, or take it out of options in DATABASE_URL.")
        : Finding.ok("database.server", "PostgreSQL " + row.getString(2));
  }

  private Future<?> ownSchema(List<Finding> findings) {
    return pool.query(OWN_SCHEMA)
        .execute()
        .onSuccess(
            rows ->
                findings.add(
                    rows.iterator().next().getBoolean(0)
                        ? Finding.ok(
                            "database.schema", "the gateway has or may make its own schema")
                        : Finding.warning(
                            "database.schema",
                            "the role may not create, or not use, the schema kaneo_gateway",
                            "the approval page cannot say from where a device asked, and a token lost on its way stays lost.",
                            "GRANT CREATE ON DATABASE to the role, or create the schema for it; where another role made it, GRANT USAGE on it and SELECT, INSERT, UPDATE and DELETE on all its tables.")));
  }

  private Finding clockFinding(Instant asked, Instant answered, Instant there) {
    Duration way = Duration.between(asked, answered).dividedBy(2);
    Duration skew = Duration.between(asked.plus(way), there).abs();
    String found = "differs from this machine's by " + skew.toMillis() + " ms";
    String why = "sessions, codes and bans end by this machine's clock and are written by both.";
    String mend = "run a time service (chrony, systemd-timesyncd) on both machines.";
    if (skew.compareTo(SKEW_HARMFUL) > 0) {
      return Finding.problem("database.clock", found, why, mend);
    }
    return skew.compareTo(SKEW_NOTICED) > 0
        ? Finding.warning("database.clock", found, why, mend)
        : Finding.ok("database.clock", found);
  }

  private Future<?> migrations(List<Finding> findings) {
    return pool.query(MIGRATIONS)
        .execute()
        .onSuccess(
            rows -> {
              Row row = rows.iterator().next();
              Long last = row.getLong(1);
              findings.add(
                  Finding.ok(
                      "database.migrations",
                      row.getLong(0)
                          + " of Kaneo's, the last of "
                          + (last == null ? "never" : Instant.ofEpochMilli(last).toString())));
            });
  }
}
