package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Counter;

/** The device authorization grant and the pages a person sees of it. Safe from any thread. */
public final class DeviceMeters {
  private final Meters meters;

  DeviceMeters(Meters meters) {
    this.meters = meters;
  }

  /** Has the outcomes that a step can have exposed before the first. */
  public void outcomes(String step, Iterable<String> outcomes) {
    outcomes.forEach(outcome -> stepCounter(step, outcome));
  }

  /** Counts a step by its outcome; both come from enumerations. */
  public void step(String step, String outcome) {
    stepCounter(step, outcome).increment();
  }

  private Counter stepCounter(String step, String outcome) {
    return meters.counter(
        "device_steps",
        "Steps of the device authorization grant, by outcome.",
        "step",
        step,
        "outcome",
        outcome);
  }

  /** Has the pages there are exposed before the first of them is shown. */
  public void pages(Iterable<String> views) {
    views.forEach(view -> pageCounter(view, "shown"));
  }

  /** Counts a page that was shown, by its view and what that meant to the person. */
  public void page(String view, String outcome) {
    pageCounter(view, outcome).increment();
  }

  private Counter pageCounter(String view, String outcome) {
    return meters.counter(
        "pages",
        "Pages of the device sign-in by view and outcome.",
        "page",
        view,
        "outcome",
        outcome);
  }
}
