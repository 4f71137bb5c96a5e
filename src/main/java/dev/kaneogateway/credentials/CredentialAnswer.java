package dev.kaneogateway.credentials;

/** Answers a {@link CredentialQuestion}. */
public record CredentialAnswer(Verdict verdict) {}
