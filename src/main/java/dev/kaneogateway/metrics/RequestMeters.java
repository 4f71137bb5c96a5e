package dev.kaneogateway.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What is measured of every request. Found by the ordinals of enumerations, so that a request costs
 * a few additions and no allocation. Safe from any thread.
 */
public final class RequestMeters {
  private final MeterRegistry registry;
  private final Traces traces;
  private final boolean measured;
  private final Map<String, Path> paths = new ConcurrentHashMap<>();
  private final AtomicReferenceArray<Timer> durations =
      new AtomicReferenceArray<>(Route.values().length * StatusClass.count());
  private final AtomicReferenceArray<Timer> upstream =
      new AtomicReferenceArray<>(Route.values().length * StatusClass.count());
  private final LongAdder[] bytesIn = new LongAdder[Route.values().length];
  private final LongAdder[] bytesOut = new LongAdder[Route.values().length];
  private final LongAdder inFlight = new LongAdder();

  RequestMeters(MeterRegistry registry, Traces traces, boolean measured) {
    this.registry = registry;
    this.traces = traces;
    this.measured = measured;
    for (Route route : Route.values()) {
      for (StatusClass status : StatusClass.values()) {
        // Known beforehand, so that the first 5xx of a route is seen as a step from 0.
        if (status.ordinal() > StatusClass.INFORMATIONAL.ordinal()) {
          duration(route, status);
          if (route.isKaneos()) {
            upstream(route, status);
          }
        }
      }
      bytesIn[route.ordinal()] = bytes("http_request_body", "Bytes of requests' bodies.", route);
      bytesOut[route.ordinal()] = bytes("http_response_body", "Bytes of answers' bodies.", route);
    }
  }

  /** The counters of one path template; templates come from settings, never from a request. */
  public final class Path {
    private final String template;
    private volatile @Nullable AtomicReferenceArray<Counter> counters;

    private Path(String template) {
      this.template = template;
    }

    /** The value of the {@code path} label. */
    public String template() {
      return template;
    }

    private Counter counter(
        Method method, StatusClass status, CredentialKind kind, Outcome outcome) {
      AtomicReferenceArray<Counter> all = counters;
      if (all == null) {
        all =
            new AtomicReferenceArray<>(
                Method.count() * StatusClass.count() * CredentialKind.count() * Outcome.count());
        counters = all;
      }
      int index =
          ((method.ordinal() * StatusClass.count() + status.ordinal()) * CredentialKind.count()
                      + kind.ordinal())
                  * Outcome.count()
              + outcome.ordinal();
      Counter counter = all.get(index);
      if (counter == null) {
        counter =
            Counter.builder(GatewayMetrics.PREFIX + "http_requests")
                .description("Requests by path template, and how they ended.")
                .tag("path", template)
                .tag("method", method.label())
                .tag("status", status.label())
                .tag("credential", kind.label())
                .tag("outcome", outcome.label())
                .register(registry);
        all.set(index, counter);
      }
      return counter;
    }
  }

  /** The counters of a template, the same at each call. Not for every request. */
  public Path path(String template) {
    return paths.computeIfAbsent(template, Path::new);
  }

  /** A request's head was read. */
  public void started() {
    inFlight.increment();
  }

  /** What is known of a request at its end. */
  public interface Ended {
    Route route();

    String method();

    int status();

    CredentialKind credentialKind();

    Outcome outcome();

    long durationNanos();

    long bytesIn();

    long bytesOut();

    String traceId();

    String spanId();
  }

  /** Counts a request that is over. */
  public void ended(Ended request, Path path) {
    inFlight.decrement();
    if (!measured) {
      return;
    }
    Route route = request.route();
    StatusClass status = StatusClass.of(request.status());
    path.counter(Method.of(request.method()), status, request.credentialKind(), request.outcome())
        .increment();
    bytesIn[route.ordinal()].add(request.bytesIn());
    bytesOut[route.ordinal()].add(request.bytesOut());
    traces.enter(request.traceId(), request.spanId());
    duration(route, status).record(request.durationNanos(), TimeUnit.NANOSECONDS);
    traces.leave();
  }

  /** Kaneo began its answer. */
  public void upstreamAnswered(Route route, int status, long nanos, String traceId, String spanId) {
    if (!measured) {
      return;
    }
    traces.enter(traceId, spanId);
    upstream(route, StatusClass.of(status)).record(nanos, TimeUnit.NANOSECONDS);
    traces.leave();
  }

  long inFlight() {
    return inFlight.sum();
  }

  private Timer duration(Route route, StatusClass status) {
    return timer(
        durations,
        "http_request_duration",
        "Requests from their head to the end of their answer.",
        route,
        status);
  }

  private Timer upstream(Route route, StatusClass status) {
    return timer(
        upstream,
        "upstream_response",
        "From asking Kaneo to the head of its answer.",
        route,
        status);
  }

  private Timer timer(
      AtomicReferenceArray<Timer> known,
      String name,
      String description,
      Route route,
      StatusClass status) {
    int index = route.ordinal() * StatusClass.count() + status.ordinal();
    Timer timer = known.get(index);
    if (timer == null) {
      timer =
          Timer.builder(GatewayMetrics.PREFIX + name)
              .description(description)
              .tag("route", route.label())
              .tag("status", status.label())
              .serviceLevelObjectives(GatewayMetrics.LATENCY_BUCKETS)
              .register(registry);
      known.set(index, timer);
    }
    return timer;
  }

  private LongAdder bytes(String name, String description, Route route) {
    LongAdder adder = new LongAdder();
    FunctionCounter.builder(GatewayMetrics.PREFIX + name, adder, LongAdder::sum)
        .description(description)
        .baseUnit("bytes")
        .tag("route", route.label())
        .register(registry);
    return adder;
  }
}
