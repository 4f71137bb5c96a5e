package dev.kaneogateway.credentials;

import dev.kaneogateway.db.KaneoSchema;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one statement that judges many tokens at once: as API keys and as sessions, their owners'
 * bans included. Kaneo leaves the keys of an account that is deleted, and nothing but the missing
 * owner tells them from others. Time columns hold UTC without zone.
 */
final class CredentialStatement {
  private final Pool pool;
  private final Clock clock;
  private final String sql;
  private final String standingSql;

  CredentialStatement(Pool pool, KaneoSchema schema, Clock clock) {
    this.pool = pool;
    this.clock = clock;
    this.sql = sql(schema, "k.key", "s.token");
    this.standingSql = sql(schema, "k.id", "s.id");
  }

  private static String sql(KaneoSchema schema, String keyBy, String sessionBy) {
    String owner = schema.apiKeyOwner();
    return "SELECT true, k.key, k.id, "
        + owner
        + ", k.expires_at, u.banned, u.ban_expires, "
        + schema.apiKeyLimit()
        + " FROM apikey k LEFT JOIN "
        + KaneoSchema.PEOPLE
        + " u ON u.id = "
        + owner
        + " WHERE "
        + keyBy
        + " = ANY($1) AND k.enabled AND (u.id IS NOT NULL OR "
        + owner
        + " IS NULL)"
        + " UNION ALL SELECT false, s.token, s.id, s.user_id, s.expires_at, u.banned, u.ban_expires,"
        + " NULL::bigint, NULL::bigint"
        + " FROM session s JOIN "
        + KaneoSchema.PEOPLE
        + " u ON u.id = s.user_id WHERE "
        + sessionBy
        + " = ANY($2)";
  }

  /** Those of some credentials that still hold, by their labels; fails as the database does. */
  Future<Map<String, Identity>> standing(Collection<Identity> identities) {
    return pool.preparedQuery(standingSql)
        .execute(
            Tuple.tuple()
                .addArrayOfString(ids(identities, Identity.Kind.API_KEY))
                .addArrayOfString(ids(identities, Identity.Kind.SESSION)))
        .map(
            rows -> {
              Instant now = clock.instant();
              Map<String, Identity> standing = new HashMap<>();
              for (Row row : rows) {
                Identity identity = valid(row, now);
                if (identity != null) {
                  standing.put(identity.label(), identity);
                }
              }
              return standing;
            });
  }

  private static String[] ids(Collection<Identity> identities, Identity.Kind kind) {
    return identities.stream()
        .filter(identity -> identity.kind() == kind)
        .map(Identity::credentialId)
        .toArray(String[]::new);
  }

  /**
   * The verdicts on all questions; fails as the database does. An API key goes before a session.
   */
  Future<Map<TokenDigest, Verdict>> judge(Collection<CredentialQuestion> questions) {
    String[] keys = new String[questions.size()];
    String[] tokens = new String[questions.size()];
    int n = 0;
    for (CredentialQuestion question : questions) {
      keys[n] = question.digest().base64Url();
      tokens[n++] = question.sessionToken();
    }
    return pool.preparedQuery(sql)
        .execute(Tuple.tuple().addArrayOfString(keys).addArrayOfString(tokens))
        .map(
            rows -> {
              Instant now = clock.instant();
              Map<String, Verdict> byKey = new HashMap<>();
              Map<String, Verdict> byToken = new HashMap<>();
              for (Row row : rows) {
                Identity identity = valid(row, now);
                if (identity != null) {
                  boolean key = identity.kind() == Identity.Kind.API_KEY;
                  (key ? byKey : byToken).put(row.getString(1), new Verdict.Valid(identity));
                }
              }
              Map<TokenDigest, Verdict> verdicts = new HashMap<>();
              for (CredentialQuestion question : questions) {
                Verdict session = byToken.getOrDefault(question.sessionToken(), Verdict.INVALID);
                verdicts.put(
                    question.digest(), byKey.getOrDefault(question.digest().base64Url(), session));
              }
              return verdicts;
            });
  }

  private static @Nullable Identity valid(Row row, Instant now) {
    Optional<Instant> expiresAt = instant(row.getLocalDateTime(4));
    boolean expired = expiresAt.isPresent() && !expiresAt.get().isAfter(now);
    Optional<Instant> banEnds = instant(row.getLocalDateTime(6));
    boolean banned =
        Boolean.TRUE.equals(row.getBoolean(5)) && (banEnds.isEmpty() || banEnds.get().isAfter(now));
    if (expired || banned) {
      return null;
    }
    String owner = row.getString(3);
    return new Identity(
        row.getBoolean(0) ? Identity.Kind.API_KEY : Identity.Kind.SESSION,
        row.getString(2),
        owner == null ? "" : owner,
        expiresAt,
        keyLimit(row.getLong(7), row.getLong(8)));
  }

  private static Optional<KeyLimit> keyLimit(@Nullable Long most, @Nullable Long windowMs) {
    return most == null || windowMs == null || most <= 0 || windowMs <= 0
        ? Optional.empty()
        : Optional.of(new KeyLimit(most, Duration.ofMillis(windowMs)));
  }

  private static Optional<Instant> instant(@Nullable LocalDateTime utc) {
    return Optional.ofNullable(utc).map(time -> time.toInstant(ZoneOffset.UTC));
  }
}
