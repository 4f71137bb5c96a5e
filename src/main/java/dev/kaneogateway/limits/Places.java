package dev.kaneogateway.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The places for what is under way at once, so many in all and so many for each address. A most of
 * 0 is no ceiling. Safe from any thread.
 */
final class Places {
  /** An address that is quiet for so long has nothing under way, or it counts anew. */
  private static final Duration REMEMBERED = Duration.ofHours(1);

  private final Runnable whenFull;
  private final Runnable whenAddressFull;
  private final AtomicInteger taken = new AtomicInteger();
  private final Cache<String, AtomicInteger> takenByAddress;
  private volatile int most;
  private volatile int mostPerAddress;

  /**
   * No ceiling yet.
   *
   * @param whenFull told of each that finds no place at all
   * @param whenAddressFull told of each that finds none for its address
   */
  Places(Runnable whenFull, Runnable whenAddressFull, Counting counting) {
    this.whenFull = whenFull;
    this.whenAddressFull = whenAddressFull;
    this.takenByAddress =
        Caffeine.newBuilder()
            .maximumSize(counting.mostKeys())
            .ticker(counting.ticker())
            .executor(Runnable::run)
            .expireAfterAccess(REMEMBERED)
            .build();
  }

  /** Sets how many places there are; who has one keeps it. */
  void number(int inAll, int perAddress) {
    most = inAll;
    mostPerAddress = perAddress;
  }

  /** Takes a place and returns what gives it back, once; null if there is none. */
  @Nullable Runnable take(String client) {
    int limit = most;
    if (taken.incrementAndGet() > limit && limit > 0) {
      taken.decrementAndGet();
      whenFull.run();
      return null;
    }
    if (mostPerAddress == 0 || client.equals(ClientKey.NOBODY)) {
      return taken::decrementAndGet;
    }
    AtomicInteger ofAddress = ofAddress(client);
    if (ofAddress.incrementAndGet() > mostPerAddress) {
      ofAddress.decrementAndGet();
      taken.decrementAndGet();
      whenAddressFull.run();
      return null;
    }
    return () -> {
      ofAddress.decrementAndGet();
      taken.decrementAndGet();
    };
  }

  /** How many are taken. */
  int taken() {
    return taken.get();
  }

  private AtomicInteger ofAddress(String client) {
    AtomicInteger known = takenByAddress.getIfPresent(client);
    return known != null ? known : takenByAddress.get(client, first -> new AtomicInteger());
  }
}
