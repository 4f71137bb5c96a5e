package dev.kaneogateway.proxy;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.metrics.Route;
import dev.kaneogateway.web.PathPatterns;
import dev.kaneogateway.web.RequestHead;

/** Which way a path goes. Immutable. */
final class Routes {
  private final PathPatterns publicPaths;
  private final PathPatterns webSocketPaths;

  Routes(Settings.Kaneo kaneo) {
    this.publicPaths = new PathPatterns(kaneo.publicPaths());
    this.webSocketPaths = new PathPatterns(kaneo.webSocketPaths());
  }

  /** The route of a request; what may be read as a path that is guarded is guarded. */
  Route of(RequestHead head) {
    Route route = of(head.path());
    return !head.isReadAlike() && of(head.merged()) == Route.API ? Route.API : route;
  }

  private Route of(String path) {
    if (!path.startsWith("/api/") && !path.equals("/api")) {
      return Route.WEB;
    }
    return publicPaths.match(path) ? Route.PUBLIC : Route.API;
  }

  /** Whether a connection may be upgraded there. */
  boolean allowsWebSocket(String path) {
    return webSocketPaths.match(path);
  }

  /** Whether the API serves a path outside {@code /api}: its OAuth metadata. */
  static boolean isApiServer(String path, Route route) {
    return route != Route.WEB || path.startsWith("/.well-known/");
  }
}
