package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Every target has a canonical path that is its own canonical path, save for double escapes. */
class PathsFuzzTest {

  private static final PathPatterns PATTERNS =
      new PathPatterns(List.of("/api/health", "/api/x/:id", "/api/auth/*"));

  @FuzzTest(maxDuration = "5m")
  void everyTargetHasAPath(byte[] bytes) {
    String path = CanonicalPath.of("/" + new String(bytes, StandardCharsets.ISO_8859_1));
    assertTrue(path.startsWith("/"));
    assertTrue(!path.contains("/../") && !path.endsWith("/..") || path.contains("%"), path);
    PATTERNS.match(path);
  }
}
