package dev.kaneogateway.oauth;

/**
 * A refusal as RFC 6749 §5.2 words it: a code that programs read, a description that people read.
 * Carries no stack, for it is an answer and no accident.
 */
final class OAuthException extends Exception {
  private final int status;
  private final String error;

  OAuthException(int status, String error, String description) {
    super(description, null, false, false);
    this.status = status;
    this.error = error;
  }

  static OAuthException invalidRequest(String description) {
    return new OAuthException(400, "invalid_request", description);
  }

  int status() {
    return status;
  }

  String error() {
    return error;
  }

  String description() {
    return String.valueOf(getMessage());
  }
}
