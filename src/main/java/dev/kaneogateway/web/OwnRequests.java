package dev.kaneogateway.web;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.time.Duration;

/** Requests that the gateway makes for itself, as against those it carries. */
public final class OwnRequests {
  private OwnRequests() {}

  /** A request to a path of an origin, to be answered in time. */
  public static RequestOptions to(URI origin, HttpMethod method, String path, Duration timeout) {
    boolean ssl = "https".equals(origin.getScheme());
    return new RequestOptions()
        .setMethod(method)
        .setHost(origin.getHost())
        .setPort(origin.getPort() >= 0 ? origin.getPort() : ssl ? 443 : 80)
        .setSsl(ssl)
        .setURI(path)
        .setTimeout(timeout.toMillis());
  }
}
