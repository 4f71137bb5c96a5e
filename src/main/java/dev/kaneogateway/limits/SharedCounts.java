package dev.kaneogateway.limits;

/** Where the counts of all gateways come together. Safe from any thread. */
public interface SharedCounts {
  /** Every gateway counts for itself. */
  SharedCounts NONE =
      new SharedCounts() {
        @Override
        public void taken(Tokens tokens) {
          // Nobody else wants to know.
        }

        @Override
        public void givenBack(Tokens tokens) {
          // Nobody else wants to know.
        }
      };

  /** Takes note that a token was taken here; returns at once, whatever becomes of it. */
  void taken(Tokens tokens);

  /** Takes note that a token was given back here; returns at once, whatever becomes of it. */
  void givenBack(Tokens tokens);
}
