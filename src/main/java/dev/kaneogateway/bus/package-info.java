/**
 * Typed requests over the event bus: an address with its question and answer types, one codec for
 * immutable records, failures mapped once. The only room that says EventBus.
 */
@NullMarked
package dev.kaneogateway.bus;

import org.jspecify.annotations.NullMarked;
