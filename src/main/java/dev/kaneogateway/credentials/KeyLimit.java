package dev.kaneogateway.credentials;

import java.time.Duration;

/**
 * How often an API key may be used by its own row.
 *
 * @param most requests within {@code window}
 */
public record KeyLimit(long most, Duration window) {}
