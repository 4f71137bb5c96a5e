package dev.kaneogateway.pages;

import dev.kaneogateway.auth.Person;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.device.DeviceAnswer;
import dev.kaneogateway.device.DeviceQuestion;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.limits.CodeGuesses;
import dev.kaneogateway.web.Exchange;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;

/** Finds what a user code stands for, and slows down who guesses (RFC 8628 §5.1). */
final class CodeSearch {
  private final Bus bus;
  private final CodeGuesses guesses;
  private final Duration patience;

  CodeSearch(Bus bus, CodeGuesses guesses, Duration patience) {
    this.bus = bus;
    this.guesses = guesses;
    this.patience = patience;
  }

  /** What there is of a code; fails with {@link CodeGuesses.TooMany}, or as the bus does. */
  Future<DeviceAnswer.Looked> find(
      Exchange exchange, Person.SignedIn person, String code, boolean claim) {
    String user = person.userId();
    Optional<String> claimant = claim ? Optional.of(user) : Optional.empty();
    // To a stranger a code of others, or an ended one, is as wrong as one nobody has.
    var looked =
        guesses.attempt(
            user,
            exchange.origin(),
            () -> bus.ask(DeviceVerticle.LOOK, new DeviceQuestion.Look(code, claimant), patience),
            found ->
                found.isOf(user)
                    || found.request().filter(request -> request.isOpenFor(user)).isPresent());
    return exchange.place().until(looked);
  }
}
