package dev.kaneogateway.bus;

/**
 * Where questions of one type are answered with another.
 *
 * @param name the event bus address
 */
@SuppressWarnings("UnusedTypeParameter") // they tie a question's type to its answer's
public record Address<Q extends Record, A>(String name) {}
