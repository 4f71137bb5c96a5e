package dev.kaneogateway.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When the gateway says that it wants to be asked. */
class HealthTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private Instant now = Instant.parse("2026-11-25T03:00:00Z");
  private final Health health =
      new Health(
          new Clock() {
            @Override
            public Instant instant() {
              return now;
            }

            @Override
            public ZoneOffset getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
              return this;
            }
          });

  @Test
  void isNotReadyBeforeAnythingWasLookedAt() {
    assertFalse(health.isReady());
  }

  @Test
  void isReadyWhenEveryPartIsWell() {
    health.report("database", true, "");
    kaneo("a", true);
    assertTrue(health.isReady());
  }

  @Test
  void oneKaneoOfTwoIsEnough() {
    kaneo("a", true);
    kaneo("b", false);
    later(Duration.ofHours(1));
    assertTrue(health.isReady());
    assertTrue(health.isUp("kaneo"));
    assertEquals("down", part("kaneo b").getString("status"));
  }

  @Test
  void aKaneoDoesNotStandInForTheWebApp() {
    kaneo("a", true);
    health.reportOneOf("web", "c", false, Duration.ZERO, "does not answer");
    assertFalse(health.isReady());
  }

  @Test
  void aPauseIsBorneNoLongerWhereTheClockIsSetBack() {
    kaneo("a", true);
    kaneo("a", false);
    later(Duration.ofHours(-3));
    kaneo("a", false);
    assertEquals(now.toString(), part("kaneo a").getString("since"));
    later(PATIENCE);
    assertFalse(health.isReady());
  }

  @Test
  void aPauseThatTheGatewayBridgesLeavesItReady() {
    kaneo("a", true);
    later(Duration.ofMinutes(1));
    kaneo("a", false);
    later(PATIENCE.minusMillis(1));
    assertTrue(health.isReady());
    assertFalse(health.isUp("kaneo"));
    later(Duration.ofMillis(1));
    assertFalse(health.isReady());
    kaneo("a", true);
    assertTrue(health.isReady());
  }

  @Test
  void whatWasNeverWellIsNotWaitedFor() {
    kaneo("a", false);
    assertFalse(health.isReady());
  }

  @Test
  void aPartThatIsOnlyNotedIsNotNeeded() {
    kaneo("a", true);
    health.note("revocation", false, "no triggers");
    assertTrue(health.isReady());
    assertEquals("no triggers", part("revocation").getString("detail"));
  }

  @Test
  void aPartThatNobodySetUpIsUnusedAndNotDown() {
    kaneo("a", true);
    health.unused("revocation", "no triggers");
    assertTrue(health.isReady());
    assertEquals("unused", part("revocation").getString("status"));
    assertEquals("no triggers", part("revocation").getString("detail"));
  }

  @Test
  void aPartThatWasThereIsMissed() {
    health.note("revocation", true, "");
    later(Duration.ofMinutes(5));
    health.unused("revocation", "no triggers");
    assertEquals("down", part("revocation").getString("status"));
    assertEquals("2026-11-25T03:05:00Z", part("revocation").getString("since"));
  }

  @Test
  void aStopIsNotWaitedFor() {
    kaneo("a", true);
    health.report("gateway", false, "stopping");
    assertFalse(health.isReady());
  }

  @Test
  void aStateKeepsTheTimeItBegan() {
    kaneo("a", true);
    later(Duration.ofMinutes(5));
    kaneo("a", true);
    assertEquals("2026-11-25T03:00:00Z", part("kaneo a").getString("since"));
    kaneo("a", false);
    assertEquals("2026-11-25T03:05:00Z", part("kaneo a").getString("since"));
  }

  @Test
  void aKaneoThatTheSettingsNoLongerNameIsForgotten() {
    kaneo("a", true);
    kaneo("b", false);
    health.report("database", true, "");
    health.keepOnly("kaneo", List.of("b"));
    assertFalse(health.isUp("kaneo"));
    assertTrue(health.isUp("database"));
    assertEquals(null, part("kaneo a"));
  }

  private void kaneo(String name, boolean well) {
    health.reportOneOf("kaneo", name, well, PATIENCE, well ? "" : "does not answer");
  }

  private JsonObject part(String name) {
    return health.toJson().getJsonObject("parts").getJsonObject(name);
  }

  private void later(Duration by) {
    now = now.plus(by);
  }
}
