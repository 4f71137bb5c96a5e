/**
 * {@code check}: looks at everything an installation hangs on, and says of each part what was
 * found, why it matters and how to mend it. Changes nothing that it does not undo.
 */
@NullMarked
package dev.kaneogateway.doctor;

import org.jspecify.annotations.NullMarked;
