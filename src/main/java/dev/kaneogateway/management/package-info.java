/** The second port: metrics, liveness, readiness. */
@NullMarked
package dev.kaneogateway.management;

import org.jspecify.annotations.NullMarked;
