package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import org.junit.jupiter.api.Test;

class PlaceTest {
  private final Place place = new Place();
  private int left;
  private int otherLeft;

  private void end() {
    Runnable leaving = place.over();
    assertNotNull(leaving);
    leaving.run();
  }

  @Test
  void isLeftWhenTheExchangeIsOver() {
    place.taken(() -> left++);
    place.until(Future.succeededFuture());
    assertEquals(0, left);
    end();
    assertEquals(1, left);
    assertNull(place.over(), "only once");
  }

  @Test
  void isKeptUntilAllThatItWaitsForIsKnown() {
    Promise<String> first = Promise.promise();
    Promise<String> second = Promise.promise();
    place.taken(() -> left++);
    place.until(first.future());
    place.until(second.future());
    end();
    first.complete("known");
    assertEquals(0, left);
    second.fail("and this");
    assertEquals(1, left);
  }

  @Test
  void isLeftForAnother() {
    place.taken(() -> left++);
    place.taken(() -> otherLeft++);
    assertEquals(1, left);
    end();
    assertEquals(1, left);
    assertEquals(1, otherLeft);
  }

  @Test
  void isHandedOverForGood() {
    place.taken(() -> left++);
    Runnable handed = place.handOver();
    assertNotNull(handed);
    assertNull(place.over());
    assertEquals(0, left);
    handed.run();
    assertEquals(1, left);
  }

  @Test
  void isNotTakenByOneThatIsOver() {
    assertNull(place.over());
    place.taken(() -> left++);
    assertEquals(1, left);
  }
}
