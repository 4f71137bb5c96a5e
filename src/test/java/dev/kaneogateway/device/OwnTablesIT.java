package dev.kaneogateway.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.db.Database;
import dev.kaneogateway.db.RevocationTriggers;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Pool;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class OwnTablesIT {
  private TestDatabase database;
  private Pool pool;

  @BeforeEach
  void create(Vertx vertx) {
    database = TestDatabase.create();
    pool = Database.pool(vertx, new Settings.Database(database.url(), 12));
  }

  @AfterEach
  void close() {
    RunningGateway.await(pool.close());
  }

  @Test
  void gatewaysAndTriggersThatMakeTheSchemaAtOnceTakeTurns() {
    for (int round = 0; round < 10; round++) {
      database.execute("DROP SCHEMA IF EXISTS kaneo_gateway CASCADE");
      List<Future<?>> all = new ArrayList<>();
      for (int each = 0; each < 4; each++) {
        all.add(OwnTables.create(pool));
        all.add(RevocationTriggers.install(pool));
      }
      RunningGateway.await(Future.join(all));
      assertTrue(RunningGateway.await(RevocationTriggers.status(pool)).complete());
    }
  }

  @Test
  void triggersThatGoLeaveTheTables() {
    RunningGateway.await(RevocationTriggers.install(pool));
    assertTrue(RunningGateway.await(OwnTables.create(pool)));
    RunningGateway.await(RevocationTriggers.remove(pool));
    assertEquals(
        "2", database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'kaneo_gateway'"));
  }

  @Test
  void triggersThatWereAloneLeaveNothing() {
    RunningGateway.await(RevocationTriggers.install(pool));
    RunningGateway.await(RevocationTriggers.remove(pool));
    assertEquals(
        "0", database.query("SELECT count(*) FROM pg_namespace WHERE nspname = 'kaneo_gateway'"));
  }

  @Test
  void aSchemaThatWasMadeForTheRoleIsUsed(Vertx vertx) {
    String role = "owner_of_" + database.name();
    database.execute("CREATE ROLE " + role + " LOGIN PASSWORD 'pw'");
    database.execute("CREATE SCHEMA kaneo_gateway AUTHORIZATION " + role);
    String url = database.url().replaceAll("//[^@]*@", "//" + role + ":pw@");
    Pool theirs = Database.pool(vertx, new Settings.Database(url, 1));
    assertTrue(RunningGateway.await(OwnTables.create(theirs)));
  }

  @Test
  void tablesThatTheRoleMayOnlyReadAreNotUsed(Vertx vertx) {
    assertTrue(RunningGateway.await(OwnTables.create(pool)));
    String role = "reader_of_" + database.name();
    database.execute("CREATE ROLE " + role + " LOGIN PASSWORD 'pw'");
    database.execute("GRANT USAGE ON SCHEMA kaneo_gateway TO " + role);
    String onAll = " ON ALL TABLES IN SCHEMA kaneo_gateway TO " + role;
    database.execute("GRANT SELECT" + onAll);
    String url = database.url().replaceAll("//[^@]*@", "//" + role + ":pw@");
    Pool theirs = Database.pool(vertx, new Settings.Database(url, 1));
    assertFalse(RunningGateway.await(OwnTables.create(theirs)));
    database.execute("GRANT INSERT, UPDATE, DELETE" + onAll);
    assertTrue(RunningGateway.await(OwnTables.create(theirs)));
  }
}
