/**
 * Turns a request's credential into an identity or a refusal (RFC 6750), exactly as Kaneo would.
 * Leaves the proof to {@code credentials} and the cookie to Kaneo.
 */
@NullMarked
package dev.kaneogateway.auth;

import org.jspecify.annotations.NullMarked;
