/**
 * The HTTP vocabulary every surface shares: what a request is judged by, client address behind
 * trusted proxies, request id, problem answers, time limits. Knows no credentials and no Kaneo.
 */
@NullMarked
package dev.kaneogateway.web;

import org.jspecify.annotations.NullMarked;
