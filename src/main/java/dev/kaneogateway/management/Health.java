package dev.kaneogateway.management;

import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** Which parts are well, and since when. Safe from any thread. */
public final class Health {
  private final Clock clock;
  private final Map<String, Part> parts = new ConcurrentSkipListMap<>();

  private record Part(boolean well, boolean needed, String detail, Instant since) {}

  public Health(Clock clock) {
    this.clock = clock;
  }

  /** Notes the state of a part; its time changes only when its state does. */
  public void report(String part, boolean well, String detail) {
    put(part, well, true, detail);
  }

  /** Notes the state of a part that readiness does not hang on. */
  public void note(String part, boolean well, String detail) {
    put(part, well, false, detail);
  }

  private void put(String part, boolean well, boolean needed, String detail) {
    parts.compute(
        part,
        (name, before) ->
            new Part(
                well,
                needed,
                detail,
                before != null && before.well() == well ? before.since() : clock.instant()));
  }

  /** Whether every part that is needed is well. */
  public boolean isReady() {
    return !parts.isEmpty()
        && parts.values().stream().allMatch(part -> part.well() || !part.needed());
  }

  /** Whether one part was well when last looked at. */
  public boolean isUp(String part) {
    Part known = parts.get(part);
    return known != null && known.well();
  }

  /** Each part with its state, what is wrong, and since when. */
  public JsonObject toJson() {
    JsonObject all = new JsonObject();
    parts.forEach(
        (name, part) -> {
          JsonObject one =
              new JsonObject()
                  .put("status", part.well() ? "up" : "down")
                  .put("since", part.since().toString());
          if (!part.detail().isEmpty()) {
            one.put("detail", part.detail());
          }
          all.put(name, one);
        });
    return new JsonObject().put("status", isReady() ? "ready" : "not ready").put("parts", all);
  }
}
