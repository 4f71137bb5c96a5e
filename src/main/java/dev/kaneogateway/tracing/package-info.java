/**
 * Which trace a request belongs to (W3C Trace Context) and the spans that the gateway adds to it.
 * The only room that says OpenTelemetry.
 */
@NullMarked
package dev.kaneogateway.tracing;

import org.jspecify.annotations.NullMarked;
