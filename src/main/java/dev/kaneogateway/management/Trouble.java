package dev.kaneogateway.management;

import dev.kaneogateway.metrics.Tally;

/** What can go wrong with requests, in an operator's words, and how to mend it. */
enum Trouble {
  UPSTREAM_REFUSED(
      Tally.UPSTREAM_REFUSED,
      "Kaneo took no connection",
      "See that Kaneo runs and listens at KANEO_UPSTREAM_URL."),
  UPSTREAM_UNRESOLVED(
      Tally.UPSTREAM_UNRESOLVED,
      "The name of Kaneo did not resolve",
      "See the name in KANEO_UPSTREAM_URL, and whether this machine's DNS knows it."),
  UPSTREAM_BUSY(
      Tally.UPSTREAM_BUSY,
      "No connection to Kaneo was free in time",
      "Find what makes Kaneo slow, or raise GATEWAY_UPSTREAM_CONNECTIONS."),
  UPSTREAM_BROKEN(
      Tally.UPSTREAM_BROKEN,
      "Kaneo broke off",
      "Kaneo's log tells whether it crashed. GATEWAY_UPSTREAM_KEEP_ALIVE_MS must be shorter than Kaneo's own."),
  UPSTREAM_SILENT(
      Tally.UPSTREAM_SILENT,
      "Kaneo did not answer in time",
      "See what Kaneo waits for, mostly its database; GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_MS is how long the gateway waits."),
  UPSTREAM_NONSENSE(
      Tally.UPSTREAM_NONSENSE,
      "What answered was no HTTP",
      "See what listens at KANEO_UPSTREAM_URL: another program, or one that wants https."),
  UNJUDGED(
      Tally.UNJUDGED,
      "A credential could not be judged, so its request got 503",
      "See PostgreSQL's load, locks and connections; the gateway's log says what it answered."),
  LOOKUP_FAILED(
      Tally.LOOKUP_FAILURES,
      "A statement for credentials failed",
      "The gateway's log says why: a connection, a right, or GATEWAY_LOOKUP_TIMEOUT_MS."),
  LIMITED(
      Tally.LIMITED,
      "A limit refused a request with 429",
      "Find the address in the access log. Raise that limit for honest clients, block others."),
  MALFORMED(
      Tally.MALFORMED,
      "A connection brought bytes that are no HTTP request",
      "A scanner, or TLS spoken to a plain port; the access log has the address."),
  LOG_LINES_DROPPED(
      Tally.LOG_LINES_DROPPED,
      "A log line was dropped, since the output did not take it in time",
      "See what reads the gateway's standard output; GATEWAY_ACCESS_LOG=false or a higher GATEWAY_LOG_LEVEL writes less."),
  USER_CODE_UNKNOWN(
      Tally.USER_CODES_UNKNOWN,
      "A user code that nobody has was tried",
      "One or two are typing errors; many are somebody guessing: find the address in the access log and block it.");

  final Tally tally;
  final String what;
  final String remedy;

  Trouble(Tally tally, String what, String remedy) {
    this.tally = tally;
    this.what = what;
    this.remedy = remedy;
  }

  /** What to do about a part that is down. */
  static String remedyFor(String kind) {
    return switch (kind) {
      case "database" ->
          "See that PostgreSQL runs and lets the gateway in; the command check says what is wrong with DATABASE_URL.";
      case "kaneo" ->
          "See that Kaneo runs and listens at this KANEO_UPSTREAM_URL, and what it logged.";
      case "web" -> "See that the web app is served at this KANEO_WEB_UPSTREAM_URL.";
      case "redis" ->
          "See that Redis runs and lets the gateway in; the command check says what is wrong with REDIS_URL.";
      case "event loops" ->
          "A thread dump (jcmd PID Thread.print) shows what they wait for: report it as a bug, then restart the gateway.";
      case "revocation" ->
          "Credentials are asked about more often meanwhile. The command triggers status says what is missing.";
      default -> "The gateway's log says more.";
    };
  }
}
