package dev.kaneogateway.auth;

/** Who stands behind a request to a page or endpoint of the gateway's own. */
public sealed interface Person {
  /**
   * Somebody signed in.
   *
   * @param sessionId the session's row id, or a digest standing for it; what a page is bound to
   * @param byCookie whether a browser sent the proof by itself, so that its origin must be checked
   */
  record SignedIn(String userId, String sessionId, boolean byCookie) implements Person {
    /** How the session is written into a log line. */
    String label() {
      return "session:" + sessionId;
    }
  }

  /** A key for machines, which decides nothing for a person. */
  record ApiKeyHolder() implements Person {}

  /** Nobody known. */
  record Anonymous() implements Person {}

  /** Nobody can say now. */
  record Unknown() implements Person {}
}
