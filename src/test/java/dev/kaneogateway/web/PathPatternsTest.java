package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathPatternsTest {
  private final PathPatterns patterns =
      new PathPatterns(
          List.of("/api/health", "/api/public-project/:id", "/api/auth/*", "/api/mcp*"));

  @ParameterizedTest
  @CsvSource({
    "/api/health, true",
    "/api/health/, false",
    "/api/healthy, false",
    "/api/public-project/1, true",
    "/api/public-project/, false",
    "/api/public-project, false",
    "/api/public-project/1/2, false",
    "/api/auth, true",
    "/api/auth/, true",
    "/api/auth/x/y, true",
    "/api/authx, false",
    "/api/mcp, true",
    "/api/mcp/register, true",
    "/, false"
  })
  void matchesExactlyBySegmentOrByPrefix(String path, boolean match) {
    assertEquals(match, patterns.match(path));
  }
}
