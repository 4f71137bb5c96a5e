/**
 * What an operator can set: read once from file and environment, checked with every problem
 * reported together, then immutable records. Each room is handed its own record and knows no other.
 */
@NullMarked
package dev.kaneogateway.config;

import org.jspecify.annotations.NullMarked;
