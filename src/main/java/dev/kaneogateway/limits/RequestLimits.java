package dev.kaneogateway.limits;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.Limit;
import dev.kaneogateway.web.Exchange;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The limits that hold for every request, whatever it asks for. Shared by all event loops; safe
 * from any thread.
 */
public final class RequestLimits {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration QUARTER = Duration.ofMinutes(15);

  private final RequestGroups groups;
  private final RateLimit addresses;
  private final RateLimit signIns;
  private final RateLimit signUps;
  private final RateLimit devices;
  private final RateLimit credentials;
  private final RateLimit failures;
  private final KeyLimits keyLimits;
  private final boolean keysLimitThemselves;

  private final Ceilings ceilings;

  RequestLimits(Settings.RateLimits settings, Ceilings ceilings, Counting counting) {
    this.ceilings = ceilings;
    this.groups = new RequestGroups(settings);
    this.addresses = new RateLimit(Limit.ADDRESS, settings.addressPerMinute(), MINUTE, counting);
    this.signIns = new RateLimit(Limit.SIGN_IN, settings.signInPerQuarter(), QUARTER, counting);
    this.signUps = new RateLimit(Limit.SIGN_UP, settings.signUpPerQuarter(), QUARTER, counting);
    this.devices = new RateLimit(Limit.DEVICE, settings.devicePerMinute(), MINUTE, counting);
    this.credentials =
        new RateLimit(Limit.CREDENTIAL, settings.credentialPerMinute(), MINUTE, counting);
    this.failures =
        new RateLimit(Limit.FAILED_AUTHENTICATION, settings.failedPerMinute(), MINUTE, counting);
    this.keyLimits = new KeyLimits(counting);
    this.keysLimitThemselves = settings.ofKeys();
  }

  /** Counts a request by where it comes from and what it is about; null if it may go on. */
  public @Nullable Refusal arrived(Exchange exchange) {
    String client = ClientKey.of(exchange.origin());
    Excess excess = excess(exchange, client);
    return excess != null ? excess : ceilings.enter(exchange, client);
  }

  private @Nullable Excess excess(Exchange exchange, String client) {
    if (!addresses.attempt(client)) {
      return addresses.excess(client);
    }
    RateLimit group =
        switch (groups.of(exchange.head())) {
          case SIGN_IN -> signIns;
          case SIGN_UP -> signUps;
          case DEVICE -> devices;
          case REST -> null;
        };
    // A preflight guesses at nothing, and refused it would hide why from the page.
    return group == null
            || exchange.request().method().equals(HttpMethod.OPTIONS)
            || group.attempt(client)
        ? null
        : group.excess(client);
  }

  /** Counts a request by whose credential it carries; null if it may go on. */
  public @Nullable Excess authenticated(String credentialLabel) {
    return credentials.attempt(credentialLabel) ? null : credentials.excess(credentialLabel);
  }

  /** Counts a request by what its API key's own row lets; null if it may go on. */
  public @Nullable Excess ofKey(String credentialLabel, long most, Duration window) {
    return keysLimitThemselves ? keyLimits.attempt(credentialLabel, most, window) : null;
  }

  /** Credentials that did not hold, by the key of the client's address. */
  public RateLimit failures() {
    return failures;
  }

  /** How many keys are remembered, roughly. */
  long keys() {
    return addresses.keys()
        + signIns.keys()
        + signUps.keys()
        + devices.keys()
        + credentials.keys()
        + failures.keys()
        + keyLimits.keys();
  }
}
