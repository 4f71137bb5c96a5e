package dev.kaneogateway.bus;

/** A question that got no answer: nobody was there, time ran out, or the answering side failed. */
public final class BusException extends RuntimeException {
  public BusException(String message) {
    super(message, null, false, false);
  }
}
