package dev.kaneogateway.pages;

import dev.kaneogateway.auth.Person;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.device.DeviceAnswer;
import dev.kaneogateway.device.DeviceQuestion;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.limits.ClientKey;
import dev.kaneogateway.limits.DeviceLimits;
import dev.kaneogateway.limits.Excess;
import dev.kaneogateway.web.Exchange;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;

/** Finds what a user code stands for, and slows down who guesses (RFC 8628 §5.1). */
final class CodeSearch {
  private final Bus bus;
  private final DeviceLimits limits;
  private final Duration patience;

  /** A guess too many. */
  static final class TooManyTries extends Exception {
    private final Excess excess;

    TooManyTries(Excess excess) {
      super("too many tries", null, false, false);
      this.excess = excess;
    }

    Excess excess() {
      return excess;
    }
  }

  CodeSearch(Bus bus, DeviceLimits limits, Duration patience) {
    this.bus = bus;
    this.limits = limits;
    this.patience = patience;
  }

  /**
   * The request of a code, if there is one; fails with {@link TooManyTries}, or as the bus does.
   */
  Future<Optional<DeviceAnswer.Request>> find(
      Exchange exchange, Person.SignedIn person, String code, boolean claim) {
    String address = ClientKey.ofAddress(exchange.origin().address());
    if (limits.isGuessing(person.userId(), address)) {
      return Future.failedFuture(new TooManyTries(limits.guesses(person.userId(), address)));
    }
    Optional<String> claimant = claim ? Optional.of(person.userId()) : Optional.empty();
    return bus.ask(DeviceVerticle.LOOK, new DeviceQuestion.Look(code, claimant), patience)
        .compose(
            looked -> {
              // To a stranger a code of others, or an ended one, is as wrong as one nobody has.
              boolean right =
                  looked
                      .request()
                      .filter(
                          r ->
                              r.isOpenFor(person.userId())
                                  || r.owner().map(person.userId()::equals).orElse(false))
                      .isPresent();
              if (!right && !limits.guessed(person.userId(), address)) {
                return Future.failedFuture(
                    new TooManyTries(limits.guesses(person.userId(), address)));
              }
              return Future.succeededFuture(looked.request());
            });
  }
}
