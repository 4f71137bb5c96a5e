package dev.kaneogateway.management;

import dev.kaneogateway.metrics.Totals;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * The last things that went wrong, newest first; what happens again soon is counted, not listed
 * again. Confined to one event loop.
 */
final class RecentProblems {
  private static final int KEPT = 20;

  /** Pauses shorter than this do not make two troubles of one. */
  private static final Duration SAME = Duration.ofMinutes(1);

  private final Deque<Problem> problems = new ArrayDeque<>();

  /**
   * One of them.
   *
   * @param key what makes another the same
   * @param times how often it happened; 0 for a state
   * @param lasting whether it is a state that has not ended
   */
  record Problem(
      String key,
      String what,
      String remedy,
      Instant since,
      Instant last,
      double times,
      boolean lasting) {}

  /** Notes what was counted between two readings. */
  void counted(Totals before, Totals now) {
    for (Trouble trouble : Trouble.values()) {
      double times = now.since(before, trouble.tally);
      if (times > 0) {
        Problem known = take(trouble.name(), now.at().minus(SAME));
        problems.addFirst(
            new Problem(
                trouble.name(),
                trouble.what,
                trouble.remedy,
                known == null ? now.at() : known.since(),
                now.at(),
                times + (known == null ? 0 : known.times()),
                false));
        trim();
      }
    }
  }

  /** Notes which parts are down, and ends the troubles of those that are not. */
  void saw(List<Health.Part> parts, Instant now) {
    for (Health.Part part : parts) {
      boolean missed = part.state() == Health.State.DOWN;
      Problem known =
          problems.stream()
              .filter(each -> each.lasting() && each.key().equals(part.name()))
              .findFirst()
              .orElse(null);
      if (missed && known == null) {
        problems.addFirst(
            new Problem(
                part.name(),
                part.name() + " " + part.detail(),
                Trouble.remedyFor(part.kind()),
                part.since(),
                now,
                0,
                true));
        trim();
      } else if (!missed && known != null) {
        end(known, part.since());
      }
    }
    for (Problem problem : List.copyOf(problems)) {
      if (problem.lasting() && parts.stream().noneMatch(p -> p.name().equals(problem.key()))) {
        end(problem, now);
      }
    }
  }

  private void end(Problem problem, Instant at) {
    problems.remove(problem);
    problems.addFirst(
        new Problem(
            problem.key(), problem.what(), problem.remedy(), problem.since(), at, 0, false));
  }

  private @org.jspecify.annotations.Nullable Problem take(String key, Instant notBefore) {
    for (Problem problem : problems) {
      if (problem.key().equals(key) && problem.last().isAfter(notBefore)) {
        problems.remove(problem);
        return problem;
      }
    }
    return null;
  }

  private void trim() {
    while (problems.size() > KEPT) {
      problems.removeLast();
    }
  }

  /** Newest first. */
  List<Problem> all() {
    return List.copyOf(problems);
  }
}
