package dev.kaneogateway.oauth;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a request body, form-encoded (RFC 6749 appendix B) or a flat JSON object as
 * Kaneo's clients send it. None may be repeated (§3.2); unknown ones are ignored; one without a
 * value is as if omitted (§3.1). The query string of the request is never looked at.
 */
final class Parameters {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(com.fasterxml.jackson.core.StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final Map<String, String> values;

  private Parameters(Map<String, String> values) {
    this.values = values;
  }

  /** Reads a body of a media type; says which of the two it should have been otherwise. */
  static Parameters read(@Nullable String contentType, Buffer body) throws OAuthException {
    String type =
        contentType == null ? "" : contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    return switch (type) {
      case "application/x-www-form-urlencoded" -> form(text(body));
      case "application/json" -> json(text(body));
      default ->
          throw new OAuthException(
              415, "invalid_request", "Send application/x-www-form-urlencoded or application/json");
    };
  }

  private static String text(Buffer body) throws OAuthException {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body.getBytes())).toString();
      if (text.indexOf('\0') >= 0) {
        throw OAuthException.invalidRequest("The body has a NUL character");
      }
      return text;
    } catch (CharacterCodingException e) {
      throw OAuthException.invalidRequest("The body is not UTF-8");
    }
  }

  private static Parameters form(String body) throws OAuthException {
    Map<String, List<String>> decoded;
    try {
      // The decoder overlooks what is beyond a number; there are fewer than characters.
      int most = body.length() + 1;
      decoded =
          new QueryStringDecoder(body, StandardCharsets.UTF_8, false, most, true).parameters();
    } catch (IllegalArgumentException e) {
      throw OAuthException.invalidRequest("The form is not well encoded");
    }
    Map<String, String> values = new HashMap<>();
    for (Map.Entry<String, List<String>> parameter : decoded.entrySet()) {
      if (parameter.getValue().size() > 1) {
        throw OAuthException.invalidRequest("A parameter is repeated");
      }
      values.put(parameter.getKey(), parameter.getValue().get(0));
    }
    return new Parameters(values);
  }

  private static Parameters json(String text) throws OAuthException {
    // RFC 8259 §8.1 leaves it to us, and Kaneo passes a byte order mark over.
    String body = text.startsWith("\uFEFF") ? text.substring(1) : text;
    Map<String, String> values = new HashMap<>();
    try (JsonParser parser = JSON.createParser(body)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw OAuthException.invalidRequest("The body is not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        switch (parser.nextToken()) {
          case VALUE_STRING -> values.put(name, parser.getText());
          case VALUE_NULL -> {
            // As if omitted.
          }
          case START_OBJECT, START_ARRAY -> {
            parser.skipChildren();
            values.put(name, "\0");
          }
          default -> values.put(name, "\0");
        }
      }
      if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
        throw OAuthException.invalidRequest("The body is not one JSON object");
      }
    } catch (IOException e) {
      throw OAuthException.invalidRequest("The body is not JSON, or repeats a member");
    }
    return new Parameters(values);
  }

  /** A parameter that has a value. */
  Optional<String> optional(String name) throws OAuthException {
    String value = values.get(name);
    if (value == null || value.isEmpty()) {
      return Optional.empty();
    }
    // What was no string in JSON; a real NUL was refused with the body, or came by an escape.
    if (value.indexOf('\0') >= 0) {
      throw OAuthException.invalidRequest(name + " must be a string");
    }
    return Optional.of(value);
  }

  String required(String name) throws OAuthException {
    return optional(name)
        .orElseThrow(() -> OAuthException.invalidRequest("The parameter " + name + " is missing"));
  }
}
