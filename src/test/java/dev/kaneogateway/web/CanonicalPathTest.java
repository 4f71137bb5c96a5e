package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CanonicalPathTest {
  @ParameterizedTest
  @CsvSource({
    "/api/project?x=/../, /api/project",
    "/api/project#f, /api/project",
    "/api/./project, /api/project",
    "/api/health/../project, /api/project",
    "/api/health/%2e%2E/project, /api/project",
    "/api/health/.%2e/project, /api/project",
    "/api/health/.., /api/",
    "/../../api/x, /api/x",
    "/api\\..\\web, /web",
    "/api/%70roject, /api/project",
    "/api/a%2Fb, /api/a%2Fb",
    "/api//project, /api//project",
    "/api/%2570roject, /api/%2570roject",
    "/api/..., /api/...",
    "/.well-known/x, /.well-known/x",
    "/api/%zz, /api/%zz",
    "/api/%, /api/%",
    "/, /"
  })
  void isThePathThatKaneoSees(String target, String path) {
    assertEquals(path, CanonicalPath.of(target));
  }

  @Property
  void neverFailsAndIsAlwaysAPath(@ForAll @CharRange(from = '!', to = '~') String rest) {
    assertTrue(CanonicalPath.of("/" + rest).startsWith("/"));
  }
}
