/** The one list of everything measured: name, unit, labels, meaning. */
@NullMarked
package dev.kaneogateway.metrics;

import org.jspecify.annotations.NullMarked;
