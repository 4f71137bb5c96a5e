/**
 * Everything in one process on embedded PostgreSQL with a sample Kaneo: for the first look and for
 * tests. Nothing of it runs in production, and nothing of it is in the jar.
 */
@NullMarked
package dev.kaneogateway.demo;

import org.jspecify.annotations.NullMarked;
