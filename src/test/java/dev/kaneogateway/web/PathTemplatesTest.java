package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.metrics.GatewayMetrics;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathTemplatesTest {
  private static final List<String> PATTERNS =
      List.of(
          "/api/health", "/api/asset/:id", "/api/auth/*", "/api/mcp*", "/api/task/*", "/public/:x");

  private final GatewayMetrics metrics = new GatewayMetrics();
  private final PathTemplates templates = new PathTemplates(metrics.requests(), PATTERNS);

  @AfterEach
  void close() {
    metrics.close();
  }

  @ParameterizedTest
  @CsvSource({
    "/api/health, /api/health",
    "/api/healthy, /api/*",
    "/api/asset/42, /api/asset/:id",
    "/api/asset/42/more, /api/*",
    "/api/auth/sign-in/email, /api/auth/*",
    "/api/auth/device/token, /api/auth/device/token",
    "/api/mcp/register, /api/mcp*",
    "/api/mcpx, /api/mcp*",
    "/api/task, /api/task/*",
    "/api/task/1/2/3, /api/task/*",
    "/api/tasks, /api/*",
    "/api/, /api/*",
    "/api, /api/*",
    "/apix, /*",
    "/, /*",
    "/device, /device",
    "/device/approve, /device/approve",
    "/device/else, /*",
    "/public/a, /public/:x",
    "/.well-known/oauth-protected-resource/api/mcp, /.well-known/*",
    "'', -"
  })
  void aPathHasTheFirstTemplateThatItFits(String path, String template) {
    assertEquals(template, templates.of(path).template());
  }

  @Test
  void aMillionRandomPathsHaveNoMoreTemplatesThanTheList() {
    Random random = new Random(7);
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 1_000_000; i++) {
      String path = (random.nextBoolean() ? "/api/" : "/") + Long.toString(random.nextLong(), 36);
      seen.add(templates.of(path + "/" + random.nextInt()).template());
    }
    assertTrue(seen.size() <= 16 + PATTERNS.size() + 3, seen::toString);
  }
}
