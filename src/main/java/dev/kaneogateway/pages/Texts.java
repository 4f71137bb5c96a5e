package dev.kaneogateway.pages;

import dev.kaneogateway.web.ClassPath;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What the pages say, in each language there is a file for ({@code pages/texts_xx.properties}). To
 * add a language, add its file and its name to {@link #LANGUAGES}. Immutable.
 */
final class Texts {
  /** The first is spoken to those who understand none. */
  static final List<String> LANGUAGES = List.of("en", "de");

  private final Map<String, JsonObject> byLanguage = new LinkedHashMap<>();

  Texts() {
    for (String language : LANGUAGES) {
      Properties properties = new Properties();
      try {
        properties.load(
            new StringReader(ClassPath.text("/pages/texts_" + language + ".properties")));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      JsonObject texts = new JsonObject();
      properties.forEach((key, text) -> texts.put(String.valueOf(key), String.valueOf(text)));
      byLanguage.put(language, texts);
    }
  }

  JsonObject in(String language) {
    JsonObject texts = byLanguage.get(language);
    return texts == null ? in(LANGUAGES.get(0)) : texts;
  }

  /** The best language for an {@code Accept-Language} (RFC 9110 §12.5.4). */
  static String choose(@Nullable String acceptLanguage) {
    if (acceptLanguage == null || acceptLanguage.length() > 1000) {
      return LANGUAGES.get(0);
    }
    try {
      String best = Locale.lookupTag(Locale.LanguageRange.parse(acceptLanguage), LANGUAGES);
      return best == null ? LANGUAGES.get(0) : best;
    } catch (IllegalArgumentException e) {
      return LANGUAGES.get(0);
    }
  }
}
