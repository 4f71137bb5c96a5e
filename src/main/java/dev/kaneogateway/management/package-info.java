/**
 * The second port: metrics, liveness, readiness; and {@code check}, which tells an operator what is
 * wrong and how to mend it.
 */
@NullMarked
package dev.kaneogateway.management;

import org.jspecify.annotations.NullMarked;
