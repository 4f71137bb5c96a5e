package dev.kaneogateway.web;

import dev.kaneogateway.config.Origins;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;

/** Requests that the gateway makes for itself, as against those it carries. */
public final class OwnRequests {
  private static final int CONNECT_TIMEOUT_MS = 3000;

  /** Under Node's 5 s, or Kaneo closes a connection just when it is used. */
  private static final int KEEP_ALIVE_S = 4;

  private OwnRequests() {}

  /** A client for such requests; ends with the context that makes it. */
  public static HttpClient client(Vertx vertx) {
    return vertx.createHttpClient(
        new HttpClientOptions()
            .setConnectTimeout(CONNECT_TIMEOUT_MS)
            .setKeepAliveTimeout(KEEP_ALIVE_S));
  }

  /** A request to a path of the first of some origins that can be reached. */
  public static Future<HttpClientRequest> toOneOf(
      HttpClient client, List<URI> origins, HttpMethod method, String path, Duration timeout) {
    Future<HttpClientRequest> reached = client.request(to(origins.get(0), method, path, timeout));
    for (URI next : origins.subList(1, origins.size())) {
      reached = reached.recover(away -> client.request(to(next, method, path, timeout)));
    }
    return reached;
  }

  /** What keeps an origin from answering, said of it. */
  public static String fault(Throwable failure) {
    return failure instanceof UnknownHostException
        ? "has a name that does not resolve"
        : "does not answer";
  }

  /** A request to a path of an origin, to be answered in time. */
  public static RequestOptions to(URI origin, HttpMethod method, String path, Duration timeout) {
    boolean ssl = "https".equals(origin.getScheme());
    return new RequestOptions()
        .setMethod(method)
        .setHost(origin.getHost())
        .setPort(Origins.port(origin))
        .setSsl(ssl)
        .setURI(path)
        .setTimeout(timeout.toMillis());
  }
}
