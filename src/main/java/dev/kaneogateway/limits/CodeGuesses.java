package dev.kaneogateway.limits;

import dev.kaneogateway.web.TrustedProxies;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.internal.ContextInternal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Tries of user codes (RFC 8628 §5.1), of which wrong ones are limited by person and by address. A
 * try takes its place before anybody looks and gives it back if the code was right, so that many at
 * once find out no more than one after the other, and many right ones hinder nobody: who finds
 * every place taken waits until one that is being looked at is known. Safe from any thread.
 */
public final class CodeGuesses {
  private final RateLimit byUser;
  private final RateLimit byAddress;
  private final Map<Place, Waiting> underWay = new HashMap<>();

  /** A quota, and whose. */
  private record Place(RateLimit limit, String key) {}

  /** Tries of one place: how many are being looked at, and who waits for their outcome. */
  private static final class Waiting {
    private int looking;
    private final Deque<Runnable> queue = new ArrayDeque<>();
  }

  /** A guess too many. */
  public static final class TooMany extends Exception {
    private final Excess excess;

    TooMany(Excess excess) {
      super("too many wrong codes", null, false, false);
      this.excess = excess;
    }

    public Excess excess() {
      return excess;
    }
  }

  CodeGuesses(RateLimit byUser, RateLimit byAddress) {
    this.byUser = byUser;
    this.byAddress = byAddress;
  }

  /**
   * Has a code looked up, if it is not one too many. To be called on a context, on which the look
   * is done and the outcome told.
   *
   * @param user who tries; {@link ClientKey#NOBODY} if nobody is signed in
   * @param right whether what was found means that the code was no guess
   * @return what the look finds; fails with {@link TooMany}, or as the look does, which counts as
   *     no guess
   */
  public <T> Future<T> attempt(
      String user, TrustedProxies.Origin origin, Supplier<Future<T>> look, Predicate<T> right) {
    String address =
        user.equals(ClientKey.NOBODY)
            ? ClientKey.ofAddress(origin.address())
            : whereSignedIn(ClientKey.of(origin));
    List<Place> places = List.of(new Place(byUser, user), new Place(byAddress, address));
    Try<T> attempt = new Try<>(places, look, right, ContextInternal.current());
    attempt.begin();
    return attempt.outcome.future();
  }

  /**
   * Those who are signed in at an address count apart from strangers there, who may be many behind
   * one router, or a foreign page in somebody's browser, and must not lock them out.
   */
  private static String whereSignedIn(String address) {
    return address.equals(ClientKey.NOBODY) ? address : "signed-in " + address;
  }

  private final class Try<T> {
    private final List<Place> places;
    private final Supplier<Future<T>> look;
    private final Predicate<T> right;
    private final ContextInternal context;
    private final Promise<T> outcome;

    Try(List<Place> places, Supplier<Future<T>> look, Predicate<T> right, ContextInternal context) {
      this.places = places;
      this.look = look;
      this.right = right;
      this.context = context;
      this.outcome = context.promise();
    }

    private void begin() {
      try {
        if (take(places, () -> context.runOnContext(again -> begin()))) {
          look.get().onComplete(this::found, this::failed);
        }
      } catch (TooMany e) {
        outcome.fail(e);
      }
    }

    private void found(T what) {
      giveBack(places, right.test(what));
      outcome.complete(what);
    }

    private void failed(Throwable cause) {
      giveBack(places, true);
      outcome.fail(cause);
    }
  }

  /** Takes every place, or none and has {@code again} run once somebody has left one. */
  private synchronized boolean take(List<Place> places, Runnable again) throws TooMany {
    for (int i = 0; i < places.size(); i++) {
      Place place = places.get(i);
      if (!place.limit().attempt(place.key())) {
        places.subList(0, i).forEach(taken -> taken.limit().giveBack(taken.key()));
        Waiting others = underWay.get(place);
        if (others == null) {
          throw new TooMany(place.limit().excess(place.key()));
        }
        others.queue.add(again);
        return false;
      }
    }
    places.forEach(place -> underWay.computeIfAbsent(place, first -> new Waiting()).looking++);
    return true;
  }

  private void giveBack(List<Place> places, boolean tokens) {
    List<Runnable> next = new ArrayList<>();
    synchronized (this) {
      for (Place place : places) {
        if (tokens) {
          place.limit().giveBack(place.key());
        }
        Waiting others = underWay.get(place);
        if (others != null) {
          if (--others.looking == 0) {
            underWay.remove(place);
            // Whoever waits now waits for nobody.
            next.addAll(others.queue);
          } else if (!others.queue.isEmpty()) {
            next.add(others.queue.removeFirst());
          }
        }
      }
    }
    next.forEach(Runnable::run);
  }

  /** How many keys are remembered, roughly. */
  long keys() {
    return byUser.keys() + byAddress.keys();
  }
}
