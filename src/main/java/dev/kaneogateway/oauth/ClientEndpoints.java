package dev.kaneogateway.oauth;

import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.Credentials;
import dev.kaneogateway.credentials.SessionTokens;
import dev.kaneogateway.device.DeviceAnswer;
import dev.kaneogateway.device.DeviceQuestion;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.limits.DeviceLimits;
import dev.kaneogateway.limits.Excess;
import dev.kaneogateway.web.Exchange;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What devices and programs ask for: a code (RFC 8628 §3.1), a token for it (§3.4), and the end of
 * that token (RFC 7009). One for each event loop.
 */
final class ClientEndpoints {
  private static final String GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code";

  /** A person is shown it; and matching it takes stack by its words. */
  private static final int LONGEST_SCOPE = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(ClientEndpoints.class);

  private final Settings settings;
  private final Bus bus;
  private final SessionTokens sessionTokens;
  private final Credentials credentials;
  private final DeviceLimits limits;
  private final Set<String> clientIds;
  private final OAuthAnswers answers;
  private final Duration patience;

  ClientEndpoints(
      Settings settings,
      Bus bus,
      SessionTokens sessionTokens,
      Credentials credentials,
      DeviceLimits limits,
      OAuthAnswers answers) {
    this.settings = settings;
    this.bus = bus;
    this.sessionTokens = sessionTokens;
    this.credentials = credentials;
    this.limits = limits;
    this.clientIds = Set.copyOf(settings.device().clientIds());
    this.answers = answers;
    this.patience = DeviceVerticle.patience(settings.device());
  }

  Future<JsonObject> start(Exchange exchange, Parameters parameters) throws OAuthException {
    String clientId = client(parameters);
    Optional<String> scope = parameters.optional("scope");
    if (scope.isPresent() && scope.get().length() > LONGEST_SCOPE) {
      throw new OAuthException(400, "invalid_scope", "The scope is too long");
    }
    if (scope.isPresent()
        && !scope
            .get()
            .matches("[\\x21\\x23-\\x5B\\x5D-\\x7E]+( [\\x21\\x23-\\x5B\\x5D-\\x7E]+)*")) {
      throw new OAuthException(400, "invalid_scope", "The scope has characters that no scope has");
    }
    Excess excess = limits.codes().attempt(exchange.origin());
    if (excess != null) {
      return Future.failedFuture(answers.tooMany("Too many codes were asked for", excess));
    }
    return bus.ask(
            DeviceVerticle.START,
            new DeviceQuestion.Start(
                clientId, scope, exchange.origin().address(), software(exchange)),
            patience)
        .map(
            started -> {
              String uri = settings.kaneo().publicUrl() + "/device";
              return new JsonObject()
                  .put("device_code", started.deviceCode())
                  .put("user_code", started.userCode())
                  .put("verification_uri", uri)
                  .put("verification_uri_complete", uri + "?user_code=" + started.userCode())
                  .put("expires_in", started.expiresInSeconds())
                  .put("interval", started.intervalSeconds());
            });
  }

  Future<JsonObject> token(Exchange exchange, Parameters parameters) throws OAuthException {
    if (!parameters.required("grant_type").equals(GRANT_TYPE)) {
      throw new OAuthException(
          400, "unsupported_grant_type", "Only " + GRANT_TYPE + " is supported");
    }
    String deviceCode = parameters.required("device_code");
    String clientId = client(parameters);
    DeviceQuestion.Poll poll =
        new DeviceQuestion.Poll(
            clientId, deviceCode, exchange.origin().address(), software(exchange));
    return bus.ask(DeviceVerticle.POLL, poll, patience)
        .otherwise(
            unanswered -> {
              // To most clients any other error is the end of the sign-in (RFC 8628 §3.5).
              exchange.trouble("the database did not answer, so the device was told to wait");
              return DeviceAnswer.Polled.PENDING;
            })
        .compose(
            polled -> {
              Excess excess =
                  polled.state() == DeviceAnswer.PollState.INVALID
                      ? limits.unknownPolls().attempt(exchange.origin())
                      : null;
              return excess == null
                  ? answers.polled(exchange, polled, done -> note(poll, polled.token(), done))
                  : Future.failedFuture(
                      answers.slowDown("Too many unknown codes were polled", excess));
            });
  }

  /** Nobody waits for this; what is not noted, the next poll of the code finds undelivered. */
  private void note(DeviceQuestion.Poll poll, String token, boolean delivered) {
    bus.ask(DeviceVerticle.DELIVERY, new DeviceQuestion.Delivery(poll, token, delivered), patience)
        .onFailure(failure -> LOG.debug("nobody else knows whether a token was delivered"));
  }

  Future<JsonObject> revoke(Exchange exchange, Parameters parameters) throws OAuthException {
    // Whoever holds the token may hand it back; an unknown one is as good as revoked (RFC 7009
    // §2.2).
    String token = sessionTokens.bareToken(parameters.required("token")).orElse("");
    return bus.ask(DeviceVerticle.REVOKE, new DeviceQuestion.Revoke(token), patience)
        .onSuccess(revoked -> revoked.sessionId().ifPresent(credentials::sessionEnded))
        .map(new JsonObject());
  }

  private String client(Parameters parameters) throws OAuthException {
    String clientId = parameters.required("client_id");
    if (!clientIds.contains(clientId)) {
      throw new OAuthException(400, "invalid_client", "Invalid client ID");
    }
    return clientId;
  }

  private static String software(Exchange exchange) {
    String agent = exchange.request().getHeader("User-Agent");
    return agent == null ? "" : agent.substring(0, Math.min(agent.length(), 256));
  }
}
