package dev.kaneogateway.limits;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.Ceiling;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.web.Exchange;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * How much may be under way at once: what comes above is refused at once, rather than have
 * everything wait longer and longer. WebSockets and event streams live for hours, so they count
 * apart from requests that end soon. One for the life of the process; safe from any thread.
 */
public final class Ceilings {
  private final Places requests;
  private final Places streams;
  private final Means means;
  private volatile int upstreamConnections;

  Ceilings(Settings settings, Counting counting, Means means) {
    this.means = means;
    GatewayMetrics metrics = counting.metrics();
    this.requests = places(Ceiling.REQUESTS, Ceiling.REQUESTS_PER_ADDRESS, counting);
    this.streams = places(Ceiling.STREAMS, Ceiling.STREAMS_PER_ADDRESS, counting);
    renew(settings);
    metrics.gauge(
        "requests_counted",
        "Requests that count towards GATEWAY_IN_FLIGHT.",
        () -> requests.taken());
    metrics.gauge(
        "streams_open",
        "WebSockets and event streams, which count towards GATEWAY_STREAMS.",
        () -> streams.taken());
  }

  private static Places places(Ceiling inAll, Ceiling perAddress, Counting counting) {
    GatewayMetrics metrics = counting.metrics();
    return new Places(
        () -> metrics.refusals().shed(inAll), () -> metrics.refusals().shed(perAddress), counting);
  }

  /** Takes up changed settings; what is under way stays. */
  void renew(Settings next) {
    Settings.Ceilings settings = next.ceilings();
    upstreamConnections = means.upstreamConnections(next.upstream());
    requests.number(means.requests(settings.requests()), settings.requestsPerAddress());
    streams.number(
        means.beside(next.upstream()).streams(settings.streams()), settings.streamsPerAddress());
  }

  /** How many connections for requests there may be to each Kaneo, over all event loops. */
  public int upstreamConnections() {
    return upstreamConnections;
  }

  /** Gives a request its place until it ends; or says that there is none. */
  @Nullable Overload enter(Exchange exchange, String client) {
    return occupy(exchange, requests.take(client));
  }

  /** Moves a request that turns out to be a WebSocket or an event stream to a place for those. */
  public @Nullable Overload livesLong(Exchange exchange) {
    return occupy(exchange, streams.take(ClientKey.of(exchange.origin())));
  }

  private static @Nullable Overload occupy(Exchange exchange, @Nullable Runnable leaving) {
    if (leaving == null) {
      // Not all at the same moment.
      return new Overload(Duration.ofSeconds(1 + ThreadLocalRandom.current().nextInt(3)));
    }
    exchange.place().taken(leaving);
    return null;
  }
}
