package dev.kaneogateway.credentials;

/**
 * What is known of a token. Only {@link Invalid} is a reason to refuse it: a database that cannot
 * answer makes it {@link Unknown}.
 */
public sealed interface Verdict {
  /** It stands for somebody. */
  record Valid(Identity identity) implements Verdict {}

  /** The database says it stands for nobody, or for somebody who is banned. */
  record Invalid() implements Verdict {}

  /** Nobody can say now. */
  record Unknown() implements Verdict {}

  Verdict INVALID = new Invalid();
  Verdict UNKNOWN = new Unknown();
}
