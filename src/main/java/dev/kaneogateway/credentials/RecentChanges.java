package dev.kaneogateway.credentials;

/**
 * What changed lately, so that a lookup that was under way can tell whether its answer may be older
 * than a change of the very credential. Safe from any thread.
 */
final class RecentChanges {
  /** A lookup during which more than these changed is taken as touched. */
  private static final int KEPT = 4096;

  private static final Object ALL = new Object();

  private final Object[] kept = new Object[KEPT];
  private volatile long count;

  /** A key, a session or a user changed. */
  void add(String id) {
    keep(id);
  }

  private synchronized void keep(Object change) {
    kept[(int) (count % KEPT)] = change;
    count++;
  }

  /** Anything may have changed. */
  void addAll() {
    keep(ALL);
  }

  /** How many changes there were. */
  long count() {
    return count;
  }

  /** Whether one of the changes since a count may have touched a credential. */
  boolean touchedSince(long before, Identity identity) {
    return count != before && isAmongThose(before, identity);
  }

  private synchronized boolean isAmongThose(long before, Identity identity) {
    if (count - before > KEPT) {
      return true;
    }
    for (long i = before; i < count; i++) {
      Object changed = kept[(int) (i % KEPT)];
      if (changed == ALL
          || changed.equals(identity.credentialId())
          || changed.equals(identity.userId())) {
        return true;
      }
    }
    return false;
  }
}
