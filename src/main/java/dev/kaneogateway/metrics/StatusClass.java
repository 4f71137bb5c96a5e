package dev.kaneogateway.metrics;

/** The first digit of a status as a label. */
enum StatusClass {
  OTHER("other"),
  INFORMATIONAL("1xx"),
  SUCCESSFUL("2xx"),
  REDIRECTION("3xx"),
  CLIENT_ERROR("4xx"),
  SERVER_ERROR("5xx");

  private static final StatusClass[] ALL = values();
  private final String label;

  StatusClass(String label) {
    this.label = label;
  }

  static StatusClass of(int status) {
    int first = status / 100;
    return first > 0 && first < ALL.length ? ALL[first] : OTHER;
  }

  String label() {
    return label;
  }

  static int count() {
    return ALL.length;
  }
}
