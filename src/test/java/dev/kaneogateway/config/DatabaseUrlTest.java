package dev.kaneogateway.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
  @ParameterizedTest
  @CsvSource({
    "postgresql://kaneo:pw@db:6543/kaneo, db, 6543, kaneo, kaneo, pw",
    "postgres://kaneo:p%40w@db/kaneo, db, 5432, kaneo, kaneo, p@w",
    "postgres://kaneo:a+$&=;:!(b@db/kaneo?schema=public, db, 5432, kaneo, kaneo, a+$&=;:!(b",
    "postgres://kaneo:p@w@db/kaneo, db, 5432, kaneo, kaneo, p@w",
    "postgres://kaneo:p?w@db/kaneo, db, 5432, kaneo, kaneo, p?w",
    "postgres://db/kaneo?application_name=me@home, db, 5432, kaneo, '', ''",
    "postgres://u:w@db/kaneo?application_name=me@home/x, db, 5432, kaneo, u, w",
    "postgres://[::1]:5433/kaneo, ::1, 5433, kaneo, '', ''",
    "postgres://u@[fe80::1]/k%20k, fe80::1, 5432, k k, u, ''",
    "postgres://u:w@/kaneo?host=/run/postgresql, /run/postgresql, 5432, kaneo, u, w",
    "postgres://db/kaneo?user=me&password=it%2Bs&port=7, db, 7, kaneo, me, it+s",
    "postgres://me:w@db, db, 5432, me, me, w",
    "postgres://me:w@db/, db, 5432, me, me, w",
    "postgres://m%65:w@db?application_name=me@home/x, db, 5432, me, me, w",
    "postgres://u:w@db/kaneo?sslmode=&sslrootcert=&sslcert=, db, 5432, kaneo, u, w",
    "postgres://u:w@db/kaneo?user=&password=&host=&port=, db, 5432, kaneo, u, w",
    "postgres://u:w@db/kaneo#kept=out, db, 5432, kaneo, u, w"
  })
  void isReadAsKaneosDriverReadsIt(
      String text, String host, int port, String database, String user, String password) {
    DatabaseUrl url = DatabaseUrl.parse(text);
    assertEquals(host, url.host());
    assertEquals(port, url.port());
    assertEquals(database, url.database());
    assertEquals(user, url.user());
    assertEquals(password, url.password());
    assertEquals(DatabaseUrl.Tls.DISABLE, url.tls());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mysql://kaneo:hidden@db/kaneo",
        "postgres://db",
        "postgres://:hidden@db/",
        "postgres://kaneo:hidden@db?sslrootcert=/nowhere",
        "postgres://kaneo:hidden@one,two/kaneo",
        "postgres://kaneo:hidden@db:99999/kaneo",
        "postgres://kaneo:hidden@db:x/kaneo",
        "postgres://kaneo:hidden@db/kaneo?sslmode=bogus",
        "postgres://kaneo:hidden@db/kaneo?sslrootcert=/nowhere",
        "postgres://kaneo:hidden@db/kaneo?sslkey=/nowhere"
      })
  void whatCannotBeUsedIsToldWithoutThePassword(String text) {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> DatabaseUrl.parse(text));
    assertFalse(refused.getMessage().contains("hidden"));
  }

  /** A piece of it would be taken for the host, and told when that cannot be found. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://u:my@Secret/Part@host/kaneo",
        "postgresql://u:my@Secret/Part@host/kaneo?sslmode=require",
        "postgresql://u:my@Secret#x/Part@host/kaneo",
        "postgresql://u:my@Secret?x/Part@host/kaneo",
        "postgresql://u:my@Secret/x?Part@host/kaneo",
        "postgresql://u:Secret/Part@host/kaneo",
        "postgresql://u:5432/SecretPart@host/kaneo"
      })
  void aPasswordThatEndsTooEarlyIsToBeEncoded(String text) {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> DatabaseUrl.parse(text));
    assertTrue(refused.getMessage().contains("percent-encode the password"), refused::getMessage);
    assertFalse(refused.getMessage().contains("Secret"), refused::getMessage);
  }

  @Test
  void optionsForPostgresqlAreReadAsAFormHasThem() {
    DatabaseUrl url = DatabaseUrl.parse("postgres://db/kaneo?options=-c+a%3Db%2Bc");
    assertEquals("-c a=b+c", url.options().orElseThrow());
  }

  @Test
  void tellsNobodyWhatIsInIt() {
    assertEquals("DatabaseUrl", DatabaseUrl.parse("postgres://kaneo:hidden@db/kaneo").toString());
  }
}
