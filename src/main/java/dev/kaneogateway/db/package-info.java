/**
 * The PostgreSQL pool and the probe that says which Kaneo schema this is. Knows no credentials and
 * no HTTP.
 */
@NullMarked
package dev.kaneogateway.db;

import org.jspecify.annotations.NullMarked;
