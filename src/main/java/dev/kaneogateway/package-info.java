/**
 * The front door: reads the command line and settings, builds the rooms, deploys verticles, stops
 * them in order. Nothing else knows every room.
 */
@NullMarked
package dev.kaneogateway;

import org.jspecify.annotations.NullMarked;
