/**
 * The JSON endpoints that devices and programs talk to (RFC 8628, 6749, 7009, 8414). Leaves the
 * grant to {@code device} and the page to {@code pages}.
 */
@NullMarked
package dev.kaneogateway.oauth;

import org.jspecify.annotations.NullMarked;
