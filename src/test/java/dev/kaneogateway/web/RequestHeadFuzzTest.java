package dev.kaneogateway.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.HostAndPort;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** A head of any fields is refused, or one that nobody behind can read differently. */
class RequestHeadFuzzTest {

  @FuzzTest(maxDuration = "5m")
  void isRefusedOrCannotBeMisread(byte[] bytes) {
    String[] lines = new String(bytes, StandardCharsets.ISO_8859_1).split("\n", -1);
    MultiMap headers = MultiMap.caseInsensitiveMultiMap();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      if (colon > 0) {
        headers.add(lines[i].substring(0, colon), lines[i].substring(colon + 1).strip());
      }
    }
    for (HttpVersion version : HttpVersion.values()) {
      RequestHead.Result result = read(version, lines[0], headers);
      if (result instanceof RequestHead.Result.Refused refused) {
        assertTrue(refused.status() == 400 || refused.status() == 501);
      } else if (result instanceof RequestHead.Result.Sound sound) {
        check(version, lines[0], headers, sound.head());
      }
    }
  }

  private static RequestHead.Result read(HttpVersion version, String uri, MultiMap headers) {
    HostAndPort authority = version == HttpVersion.HTTP_2 ? HostAndPort.authority("kaneo") : null;
    return RequestHead.read(version, HttpMethod.GET, uri, authority, headers);
  }

  private static void check(HttpVersion version, String uri, MultiMap headers, RequestHead head) {
    assertTrue(head.target().startsWith("/") && head.path().startsWith("/"));
    assertTrue(head.target().chars().allMatch(c -> c > ' ' && c < 0x7f && c != '#'));
    assertTrue(head.contentLength() < 0 || !head.chunked());
    assertEquals(
        head.chunked(), version == HttpVersion.HTTP_1_1 && headers.contains("Transfer-Encoding"));
    assertTrue(headers.getAll("Content-Length").size() <= 1);
    assertEquals(head.contentLength() >= 0, headers.contains("Content-Length"));
    if (!head.host().isEmpty()) {
      // Whoever reads the whole as a URL finds the same host.
      URI url = URI.create("http://" + head.host() + "/");
      assertEquals(head.host(), url.getRawAuthority());
      assertTrue(url.getUserInfo() == null);
    }
    if (!uri.startsWith("/")) {
      assertTrue(uri.substring(uri.indexOf("://") + 3).startsWith(head.host()));
    }
    if (version == HttpVersion.HTTP_1_1) {
      MultiMap again = MultiMap.caseInsensitiveMultiMap().addAll(headers).set("Host", head.host());
      assertEquals(new RequestHead.Result.Sound(head), read(version, head.target(), again));
    }
  }
}
