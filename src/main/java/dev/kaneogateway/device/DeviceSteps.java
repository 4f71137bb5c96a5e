package dev.kaneogateway.device;

import dev.kaneogateway.metrics.DeviceMeters;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Counts what came of each step of the grant. Safe from any thread. */
final class DeviceSteps {
  static final String UNANSWERED = "unanswered";

  private final DeviceMeters meters;

  DeviceSteps(DeviceMeters meters) {
    this.meters = meters;
    // A counter that is there from the start shows its first event as a step from 0.
    meters.outcomes("start", List.of("made", UNANSWERED));
    meters.outcomes("look", List.of("found", "unknown", UNANSWERED));
    meters.outcomes("poll", labels(DeviceAnswer.PollState.values()));
    meters.outcomes("approve", labels(DeviceAnswer.Outcome.values()));
    meters.outcomes("deny", labels(DeviceAnswer.Outcome.values()));
    meters.outcomes("revoke", List.of("revoked", "no_session", UNANSWERED));
  }

  void count(String step, String outcome) {
    meters.step(step, outcome);
  }

  void count(String step, Enum<?> outcome) {
    meters.step(step, label(outcome));
  }

  private static List<String> labels(Enum<?>[] outcomes) {
    return Stream.concat(Stream.of(UNANSWERED), Arrays.stream(outcomes).map(DeviceSteps::label))
        .toList();
  }

  private static String label(Enum<?> outcome) {
    return outcome.name().toLowerCase(Locale.ROOT);
  }
}
