package dev.kaneogateway.pages;

import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of a form as a browser posts them; what is missing, repeated or garbled is empty. */
final class Form {
  private final Map<String, List<String>> fields;

  private Form(Map<String, List<String>> fields) {
    this.fields = fields;
  }

  static boolean isForm(@Nullable String contentType) {
    return contentType != null
        && contentType
            .split(";", 2)[0]
            .strip()
            .equalsIgnoreCase("application/x-www-form-urlencoded");
  }

  static Form of(Buffer body) {
    return decoded(body.toString(StandardCharsets.UTF_8), false);
  }

  /** The query of a request target. */
  static Form ofQuery(String target) {
    return decoded(target, true);
  }

  private static Form decoded(String text, boolean hasPath) {
    try {
      return new Form(
          new QueryStringDecoder(text, StandardCharsets.UTF_8, hasPath, 100, true).parameters());
    } catch (IllegalArgumentException e) {
      return new Form(Map.of());
    }
  }

  String get(String name) {
    List<String> values = fields.getOrDefault(name, List.of());
    return values.size() == 1 ? values.get(0).replace("\0", "") : "";
  }
}
