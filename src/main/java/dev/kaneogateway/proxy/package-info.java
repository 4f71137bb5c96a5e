/**
 * Carries a request to Kaneo and the answer back (RFC 9110 §7): routes, streams, WebSockets,
 * upstream choice. Judges no credential itself and knows nothing of devices.
 */
@NullMarked
package dev.kaneogateway.proxy;

import org.jspecify.annotations.NullMarked;
