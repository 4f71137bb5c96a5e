package dev.kaneogateway.db;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Pool;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class KaneoSchemaIT {
  @Test
  void whatTheRoleMayNotReadIsNotTakenForMissing(Vertx vertx) {
    TestDatabase database = TestDatabase.create();
    String role = "reader_of_" + database.name();
    database.execute("CREATE ROLE " + role + " LOGIN PASSWORD 'pw'");
    database.execute("GRANT SELECT ON \"user\" TO " + role);
    database.execute("GRANT SELECT (id, token, user_id) ON session TO " + role);
    String url = database.url().replaceAll("//[^@]*@", "//" + role + ":pw@");
    Pool pool = Database.pool(vertx, new Settings.Database(url, 1));
    KaneoSchema schema = RunningGateway.await(KaneoSchema.probe(pool));
    assertFalse(schema.usable());
    assertEquals("does not let the role read apikey, session", schema.fault());
    assertEquals(List.of(), schema.missingForDevices());
    assertTrue(schema.remedy().startsWith("GRANT SELECT"), schema.remedy());
  }

  /** Each lookup reads these too where they are, so a role that may not cannot look up anything. */
  @Test
  void bansThatTheRoleMayNotReadAreTold(Vertx vertx) {
    TestDatabase database = TestDatabase.create();
    String role = "reader_without_bans_of_" + database.name();
    database.execute("CREATE ROLE " + role + " LOGIN PASSWORD 'pw'");
    database.execute("GRANT SELECT ON session, apikey, device_code TO " + role);
    database.execute("GRANT SELECT (id, name, email, banned) ON \"user\" TO " + role);
    String url = database.url().replaceAll("//[^@]*@", "//" + role + ":pw@");
    Pool pool = Database.pool(vertx, new Settings.Database(url, 1));
    assertEquals(
        "does not let the role read user", RunningGateway.await(KaneoSchema.probe(pool)).fault());
    database.execute("GRANT SELECT (ban_expires) ON \"user\" TO " + role);
    assertTrue(RunningGateway.await(KaneoSchema.probe(pool)).usable());
    // A Kaneo that cannot ban has no such columns.
    database.execute("ALTER TABLE \"user\" DROP COLUMN banned, DROP COLUMN ban_expires");
    assertTrue(RunningGateway.await(KaneoSchema.probe(pool)).usable());
  }

  /** Of two Kaneos in one database, the other would refuse whoever is this one's. */
  @Test
  void theTablesAreThoseOfTheSchemaThatTheUrlNames(Vertx vertx) {
    TestDatabase database = TestDatabase.create();
    database.execute("ALTER SCHEMA public RENAME TO other; CREATE SCHEMA public");
    String url = database.url() + "?options=-c+search_path%3D";
    assertFalse(isUsable(vertx, url + "public"));
    assertTrue(isUsable(vertx, url + "other"));
  }

  private static boolean isUsable(Vertx vertx, String url) {
    Pool pool = Database.pool(vertx, new Settings.Database(url, 1));
    return RunningGateway.await(Database.repeatable(vertx, () -> KaneoSchema.probe(pool))).usable();
  }
}
