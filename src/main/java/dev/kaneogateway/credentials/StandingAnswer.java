package dev.kaneogateway.credentials;

import java.util.Map;

/**
 * Answers a {@link StandingQuestion}.
 *
 * @param standing those that hold, by their labels, as they are now; the others do not
 */
record StandingAnswer(Map<String, Identity> standing) {}
