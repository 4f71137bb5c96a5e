/**
 * The PostgreSQL pool, the probe that says which Kaneo schema this is, and the gateway's own schema
 * with its triggers. Knows no credentials and no HTTP.
 */
@NullMarked
package dev.kaneogateway.db;

import org.jspecify.annotations.NullMarked;
