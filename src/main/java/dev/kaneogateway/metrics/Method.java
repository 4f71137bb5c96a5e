package dev.kaneogateway.metrics;

/** A request's method as a label: those of RFC 9110 and PATCH, and one for all else. */
enum Method {
  GET,
  HEAD,
  POST,
  PUT,
  PATCH,
  DELETE,
  OPTIONS,
  TRACE,
  OTHER;

  private static final Method[] ALL = values();

  static Method of(String name) {
    return switch (name) {
      case "GET" -> GET;
      case "HEAD" -> HEAD;
      case "POST" -> POST;
      case "PUT" -> PUT;
      case "PATCH" -> PATCH;
      case "DELETE" -> DELETE;
      case "OPTIONS" -> OPTIONS;
      case "TRACE" -> TRACE;
      default -> OTHER;
    };
  }

  String label() {
    return this == OTHER ? "other" : name();
  }

  static int count() {
    return ALL.length;
  }
}
