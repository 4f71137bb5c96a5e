package dev.kaneogateway.web;

import dev.kaneogateway.metrics.RequestMeters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The bounded stand-in for a request's path in metrics and logs: the first of a fixed list of
 * patterns that it fits, else {@code /api/*} or {@code /*}. Patterns are those of {@link
 * PathPatterns}. Immutable; looks up by the second segment in place, for this runs for every
 * request.
 */
public final class PathTemplates {
  /** What the gateway itself answers. */
  private static final List<String> OWN =
      List.of(
          "/api/auth/device",
          "/api/auth/device/code",
          "/api/auth/device/token",
          "/api/auth/device/approve",
          "/api/auth/device/deny",
          "/api/auth/device/revoke",
          "/api/auth/.well-known/oauth-authorization-server",
          "/api/auth/.well-known/openid-configuration",
          "/device",
          "/device/approve",
          "/device/confirm",
          "/device/result",
          "/device/style.css",
          "/device/sign-in",
          "/device/sign-out",
          "/device/signed-in",
          "/device/decision",
          "/.well-known/*");

  private static final String API = "/api/";

  private final Template[] outsideApi;
  private final Template[][] bySegment;
  private final String[] segments;
  private final Template[] loose;
  private final RequestMeters.Path otherApi;
  private final RequestMeters.Path other;
  private final RequestMeters.Path none;

  private record Template(PathPatterns pattern, RequestMeters.Path path) {}

  /**
   * @param patterns what else is told apart, the first that fits first
   */
  public PathTemplates(RequestMeters meters, List<String> patterns) {
    List<String> all = new ArrayList<>(OWN);
    all.addAll(patterns);
    List<Template> outside = new ArrayList<>();
    List<Template> unbound = new ArrayList<>();
    Map<String, List<Template>> bound = new LinkedHashMap<>();
    for (String pattern : all) {
      Template template = new Template(new PathPatterns(List.of(pattern)), meters.path(pattern));
      String segment = segmentOf(pattern);
      if (!pattern.startsWith(API)) {
        outside.add(template);
      } else if (segment.contains("*") || segment.startsWith(":")) {
        unbound.add(template);
      } else {
        bound.computeIfAbsent(segment, first -> new ArrayList<>()).add(template);
      }
    }
    this.outsideApi = outside.toArray(Template[]::new);
    this.loose = unbound.toArray(Template[]::new);
    int size = Integer.highestOneBit(Math.max(1, bound.size()) * 4);
    this.segments = new String[size];
    this.bySegment = new Template[size][];
    bound.forEach(
        (segment, templates) -> {
          int slot = hash(segment, 0, segment.length()) & (size - 1);
          while (bySegment[slot] != null) {
            slot = (slot + 1) & (size - 1);
          }
          segments[slot] = segment;
          bySegment[slot] = templates.toArray(Template[]::new);
        });
    this.otherApi = meters.path("/api/*");
    this.other = meters.path("/*");
    this.none = meters.path("-");
  }

  /** The template of a canonical path; of none if there was no sound head. */
  public RequestMeters.Path of(String path) {
    if (!path.startsWith(API)) {
      if (path.isEmpty()) {
        return none;
      }
      RequestMeters.Path found = first(outsideApi, path);
      return found != null ? found : path.equals("/api") ? otherApi : other;
    }
    int end = path.indexOf('/', API.length());
    end = end < 0 ? path.length() : end;
    int slot = hash(path, API.length(), end) & (segments.length - 1);
    while (bySegment[slot] != null) {
      String segment = segments[slot];
      if (segment.length() == end - API.length() && path.startsWith(segment, API.length())) {
        RequestMeters.Path found = first(bySegment[slot], path);
        if (found != null) {
          return found;
        }
        break;
      }
      slot = (slot + 1) & (segments.length - 1);
    }
    RequestMeters.Path found = first(loose, path);
    return found != null ? found : otherApi;
  }

  private static RequestMeters.@Nullable Path first(Template[] templates, String path) {
    for (Template template : templates) {
      if (template.pattern().match(path)) {
        return template.path();
      }
    }
    return null;
  }

  private static String segmentOf(String pattern) {
    if (!pattern.startsWith(API)) {
      return "";
    }
    int end = pattern.indexOf('/', API.length());
    return pattern.substring(API.length(), end < 0 ? pattern.length() : end);
  }

  private static int hash(String text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text.charAt(i);
    }
    return hash ^ (hash >>> 7);
  }
}
