/**
 * What an operator can set: read from files and environment, again when those change, checked with
 * every problem reported together, then immutable records.
 */
@NullMarked
package dev.kaneogateway.config;

import org.jspecify.annotations.NullMarked;
