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

  @ParameterizedTest
  @CsvSource({
    "/api/project?x=%2F/../, /api/project",
    "/api/auth%2Fdevice, /api/auth/device",
    "/api%2fauth/x/..%2Fdevice/, /api/auth/device/",
    "/x//../api/project, /api/project",
    "//api/./project/, /api/project/",
    "/api/health/%2e%2E, /api/",
    "/api/health/., /api/health/",
    "/%2F, /",
    "/../../api, /api",
    "/api/%2570roject, /api/%70roject",
    "/api/%252e%252E/../project, /api/project",
    "/api/..., /api/...",
    "/api/%zz%, /api/%zz%",
    "/.well-known/x, /.well-known/x",
    "/, /"
  })
  void andAsNginxPassesItOn(String target, String path) {
    assertEquals(path, CanonicalPath.merged(target));
  }

  @Property
  void neverFailsAndIsAlwaysAPath(@ForAll @CharRange(from = '!', to = '~') String rest) {
    assertTrue(CanonicalPath.of("/" + rest).startsWith("/"));
    assertTrue(CanonicalPath.merged("/" + rest).startsWith("/"));
  }
}
