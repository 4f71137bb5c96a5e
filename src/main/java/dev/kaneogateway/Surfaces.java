package dev.kaneogateway;

import dev.kaneogateway.doctor.Probe;
import dev.kaneogateway.limits.Refusal;
import dev.kaneogateway.limits.RequestLimits;
import dev.kaneogateway.oauth.DeviceEndpoints;
import dev.kaneogateway.pages.DevicePages;
import dev.kaneogateway.proxy.Proxy;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Exchanges;
import dev.kaneogateway.web.Problems;
import dev.kaneogateway.web.RequestHead;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpServerRequest;

/**
 * What answers the requests of one event loop, made from one reading of the settings. When they
 * change others take its place; exchanges under way end where they began.
 */
record Surfaces(
    Exchanges exchanges,
    RequestLimits limits,
    DeviceEndpoints endpoints,
    DevicePages pages,
    Probe probe,
    Proxy proxy) {

  /** Makes the surfaces of an event loop, on it. */
  interface Maker {
    /**
     * Makes them anew.
     *
     * @param client for requests of the gateway's own
     */
    Surfaces make(Vertx loop, HttpClient client);
  }

  /** To be awaited before the first request. */
  Future<?> load() {
    return pages.load();
  }

  /** Begins a request and gives it to the surface that owns its path. */
  void handle(HttpServerRequest request) {
    Exchange exchange = exchanges.begin(request);
    if (exchange == null) {
      return;
    }
    RequestHead head = exchange.head();
    try {
      Refusal refusal = limits.arrived(exchange);
      if (refusal != null) {
        refuse(exchange, refusal);
      } else if (endpoints.owns(head)) {
        endpoints.handle(exchange);
      } else if (pages.owns(head)) {
        pages.handle(exchange);
      } else if (probe.owns(head.path())) {
        probe.handle(exchange);
      } else {
        proxy.handle(exchange);
      }
    } catch (RuntimeException e) {
      Problems.answerFault(exchange, e);
    }
  }

  /** Each surface refuses in the form that its clients understand. */
  private void refuse(Exchange exchange, Refusal refusal) {
    RequestHead head = exchange.head();
    if (endpoints.owns(head)) {
      endpoints.refuse(exchange, refusal);
    } else if (pages.owns(head)) {
      pages.refuse(exchange, refusal);
    } else {
      proxy.refuse(exchange, refusal);
    }
  }

  /** Lets go of what it holds once its last exchange has ended. */
  void retire(Runnable retired) {
    exchanges.whenIdle(
        () -> {
          proxy.close();
          retired.run();
        });
  }
}
