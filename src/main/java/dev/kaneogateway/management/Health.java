package dev.kaneogateway.management;

import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/** Which parts are well, and since when. Safe from any thread. */
public final class Health {
  private final Clock clock;
  private final Map<String, Part> parts = new ConcurrentSkipListMap<>();

  /** How it stands with a part. */
  enum State {
    UP,
    DOWN,
    /** Nobody set it up, so nobody misses it. */
    UNUSED;

    /** Its name for programs and people. */
    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What is known of a part.
   *
   * @param kind what it is one of: any well part of a kind stands in for the others
   * @param needed whether readiness hangs on its kind
   * @param everWell whether it has been well before
   * @param patience how long the gateway serves without it, once it was well
   * @param detail what is wrong; empty if nothing is
   */
  record Part(
      String name,
      String kind,
      State state,
      boolean needed,
      boolean everWell,
      Duration patience,
      String detail,
      Instant since) {
    boolean well() {
      return state == State.UP;
    }

    private boolean lets(Instant now) {
      return well() || !needed || (everWell && now.isBefore(since.plus(patience)));
    }
  }

  public Health(Clock clock) {
    this.clock = clock;
  }

  /** Notes the state of a part; its time changes only when its state does. */
  public void report(String part, boolean well, String detail) {
    put(part, part, state(well), true, Duration.ZERO, detail);
  }

  /** Notes the state of a part without which the gateway goes on for a while. */
  public void report(String part, boolean well, Duration patience, String detail) {
    put(part, part, state(well), true, patience, detail);
  }

  /** The same for one of several of a kind, of which one well is enough. */
  public void reportOneOf(
      String kind, String name, boolean well, Duration patience, String detail) {
    put(kind + " " + name, kind, state(well), true, patience, detail);
  }

  /** Notes the state of a part that readiness does not hang on. */
  public void note(String part, boolean well, String detail) {
    put(part, part, state(well), false, Duration.ZERO, detail);
  }

  /** Notes that such a part is not there; one that was well before is down, since it is missed. */
  public void unused(String part, String detail) {
    put(part, part, State.UNUSED, false, Duration.ZERO, detail);
  }

  private static State state(boolean well) {
    return well ? State.UP : State.DOWN;
  }

  private void put(
      String part, String kind, State seen, boolean needed, Duration patience, String detail) {
    parts.compute(
        part,
        (name, before) -> {
          boolean everWell = seen == State.UP || (before != null && before.everWell());
          State state = seen == State.UNUSED && everWell ? State.DOWN : seen;
          Instant now = clock.instant();
          // Where the clock was set back nothing began later than now, or it would be borne for
          // as much longer.
          boolean still = before != null && before.state() == state && !before.since().isAfter(now);
          Instant since = still ? before.since() : now;
          return new Part(name, kind, state, needed, everWell, patience, detail, since);
        });
  }

  /** Forgets the parts of a kind that are no longer there. */
  public void keepOnly(String kind, Collection<String> names) {
    parts
        .values()
        .removeIf(
            part ->
                part.kind().equals(kind)
                    && names.stream().noneMatch(name -> part.name().equals(kind + " " + name)));
  }

  /** Whether the gateway should be asked: every kind that is needed has a part that will do. */
  public boolean isReady() {
    return !parts.isEmpty() && kindsInTheWay().isEmpty();
  }

  private List<String> kindsInTheWay() {
    Instant now = clock.instant();
    Map<String, Boolean> lets = new LinkedHashMap<>();
    parts.values().forEach(part -> lets.merge(part.kind(), part.lets(now), Boolean::logicalOr));
    List<String> inTheWay = new ArrayList<>();
    lets.forEach(
        (kind, does) -> {
          if (!does) {
            inTheWay.add(kind);
          }
        });
    return inTheWay;
  }

  /** Whether a part, or one of a kind, was well when last looked at. */
  public boolean isUp(String kind) {
    return parts.values().stream().anyMatch(part -> part.kind().equals(kind) && part.well());
  }

  /** What is known of a part, if anything. */
  Optional<Part> part(String name) {
    return Optional.ofNullable(parts.get(name));
  }

  /** What is known of each part, by name. */
  List<Part> parts() {
    return List.copyOf(parts.values());
  }

  /** Each part with its state, what is wrong, and since when. */
  public JsonObject toJson() {
    JsonObject all = new JsonObject();
    for (Part part : parts()) {
      JsonObject one =
          new JsonObject().put("status", part.state().word()).put("since", part.since().toString());
      Optional.of(part.detail())
          .filter(detail -> !detail.isEmpty())
          .ifPresent(detail -> one.put("detail", detail));
      all.put(part.name(), one);
    }
    return new JsonObject().put("status", isReady() ? "ready" : "not ready").put("parts", all);
  }
}
