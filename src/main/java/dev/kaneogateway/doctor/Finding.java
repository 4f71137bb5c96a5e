package dev.kaneogateway.doctor;

import io.vertx.core.json.JsonObject;
import java.util.Locale;

/**
 * One thing looked at.
 *
 * @param state whether it is as it should be
 * @param part what was looked at
 * @param found what was found there
 * @param why why it matters; empty if all is well
 * @param mend what to do about it; empty if all is well
 */
public record Finding(State state, String part, String found, String why, String mend) {
  /** How it stands with a part. */
  public enum State {
    /** As it should be, or merely worth knowing. */
    OK,
    /** It works, but not as well as it could or not for long. */
    WARNING,
    /** Somebody will meet it. */
    PROBLEM
  }

  static Finding ok(String part, String found) {
    return new Finding(State.OK, part, found, "", "");
  }

  static Finding warning(String part, String found, String why, String mend) {
    return new Finding(State.WARNING, part, found, why, mend);
  }

  static Finding problem(String part, String found, String why, String mend) {
    return new Finding(State.PROBLEM, part, found, why, mend);
  }

  /** Of settings that cannot be read, whose problem names its remedy itself. */
  public static Finding ofSettings(String problem) {
    return problem(
        "settings",
        problem,
        "without its settings nothing else can be looked at.",
        "mend what is said there, and check again.");
  }

  /** For people: a line, and two more if something is to be done. */
  public String text() {
    String mark =
        switch (state) {
          case OK -> "ok    ";
          case WARNING -> "WARN  ";
          case PROBLEM -> "FAIL  ";
        };
    String line = mark + part + ": " + found;
    return state == State.OK ? line : line + "\n      why: " + why + "\n      do:  " + mend;
  }

  /** For programs. */
  public JsonObject json() {
    return new JsonObject()
        .put("state", state.name().toLowerCase(Locale.ROOT))
        .put("part", part)
        .put("found", found)
        .put("why", why)
        .put("mend", mend);
  }
}
