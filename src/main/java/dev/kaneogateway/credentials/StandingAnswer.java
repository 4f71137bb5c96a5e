package dev.kaneogateway.credentials;

import java.util.Set;

/**
 * Answers a {@link StandingQuestion}.
 *
 * @param labels of those that hold; the others do not
 */
record StandingAnswer(Set<String> labels) {}
