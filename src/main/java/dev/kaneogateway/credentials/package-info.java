/**
 * Who a token stands for, and whether it still does: API keys and sessions, the cache, and the
 * batched lookups in a verticle behind the bus. Knows no HTTP.
 */
@NullMarked
package dev.kaneogateway.credentials;

import org.jspecify.annotations.NullMarked;
