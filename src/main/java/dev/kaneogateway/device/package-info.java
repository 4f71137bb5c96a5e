/**
 * The device authorization grant (RFC 8628) as a state machine with a clock: its codes, its
 * statements and the verticle that owns them. Knows no HTTP.
 */
@NullMarked
package dev.kaneogateway.device;

import org.jspecify.annotations.NullMarked;
