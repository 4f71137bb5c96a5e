package dev.kaneogateway.credentials;

import java.util.List;

/** Asks the {@link CredentialVerticle} which of some credentials still hold. */
record StandingQuestion(List<Identity> identities) {}
