package dev.kaneogateway.demo;

import dev.kaneogateway.credentials.TokenDigest;

/** The people and credentials of the demo: known to everybody, good for nothing else. */
public final class DemoSeed {
  public static final String EMAIL = "demo@example.com";
  public static final String PASSWORD = "demo-password";
  public static final String USER_ID = "demoUser";
  public static final String API_KEY =
      "demoKeyDemoKeyDemoKeyDemoKeyDemoKeyDemoKeyDemoKeyDemoKeyDemoKeyX";
  public static final String READ_ONLY_KEY =
      "readKeyReadKeyReadKeyReadKeyReadKeyReadKeyReadKeyReadKeyReadKeyX";
  public static final String EXPIRED_KEY =
      "goneKeyGoneKeyGoneKeyGoneKeyGoneKeyGoneKeyGoneKeyGoneKeyGoneKeyX";
  public static final String SESSION_TOKEN = "demoSessionTokenDemoSessionToken";
  public static final String AUTH_SECRET = "demo-secret-demo-secret-demo-secret-demo";

  private DemoSeed() {}

  static String sql() {
    return "INSERT INTO \"user\" (id, name, email, email_verified, role) VALUES ('"
        + USER_ID
        + "', 'Demo Person', '"
        + EMAIL
        + "', true, 'admin');"
        + key("demoKey", "Demo key", API_KEY, "NULL", "NULL")
        + key(
            "readKey",
            "Read-only key",
            READ_ONLY_KEY,
            "NULL",
            "'{\"task\":[\"read\"],\"project\":[\"read\"]}'")
        + key(
            "goneKey",
            "Expired key",
            EXPIRED_KEY,
            "timezone('utc', now()) - interval '1 day'",
            "NULL")
        + "INSERT INTO session (id, token, user_id, expires_at, updated_at) VALUES ('demoSession', '"
        + SESSION_TOKEN
        + "', '"
        + USER_ID
        + "', timezone('utc', now()) + interval '7 days', timezone('utc', now()));";
  }

  private static String key(
      String id, String name, String key, String expiresAt, String permissions) {
    return "INSERT INTO apikey (id, name, start, key, reference_id, expires_at, created_at, updated_at, permissions) VALUES ('"
        + id
        + "', '"
        + name
        + "', '"
        + key.substring(0, 6)
        + "', '"
        + TokenDigest.of(key).base64Url()
        + "', '"
        + USER_ID
        + "', "
        + expiresAt
        + ", timezone('utc', now()), timezone('utc', now()), "
        + permissions
        + ");";
  }
}
