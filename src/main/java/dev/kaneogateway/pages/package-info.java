/**
 * The HTML that a person sees while a device signs in: Handlebars, without script. Leaves the grant
 * to {@code device} and the proof of who it is to {@code auth}.
 */
@NullMarked
package dev.kaneogateway.pages;

import org.jspecify.annotations.NullMarked;
