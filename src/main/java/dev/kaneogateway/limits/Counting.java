package dev.kaneogateway.limits;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.metrics.GatewayMetrics;

/**
 * What all limits count with.
 *
 * @param mostKeys how many keys each limit remembers; the ones seen least are forgotten
 * @param shared where the counts of all gateways come together
 */
record Counting(int mostKeys, Ticker ticker, GatewayMetrics metrics, SharedCounts shared) {}
