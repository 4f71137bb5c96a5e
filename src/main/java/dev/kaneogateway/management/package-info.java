/** The second port: the status page, metrics, liveness, readiness. */
@NullMarked
package dev.kaneogateway.management;

import org.jspecify.annotations.NullMarked;
