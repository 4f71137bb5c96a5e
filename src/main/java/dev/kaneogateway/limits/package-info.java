/**
 * How often one may ask and how much may be under way at once, and what is told to who is refused
 * for it. Knows no credentials; who is counted as what is the caller's to say.
 */
@NullMarked
package dev.kaneogateway.limits;

import org.jspecify.annotations.NullMarked;
