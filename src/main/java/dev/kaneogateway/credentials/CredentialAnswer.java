package dev.kaneogateway.credentials;

/** Answers a {@link CredentialQuestion}. */
record CredentialAnswer(Verdict verdict) {}
