/**
 * Connections to Kaneo: the few parts of an HTTP/1.1 client that a proxy needs, on Netty's decoder.
 */
@NullMarked
package dev.kaneogateway.upstream;

import org.jspecify.annotations.NullMarked;
