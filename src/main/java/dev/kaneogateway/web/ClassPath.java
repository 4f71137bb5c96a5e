package dev.kaneogateway.web;

import com.github.jknack.handlebars.io.ClassPathTemplateLoader;
import io.vertx.core.Vertx;
import io.vertx.ext.web.templ.handlebars.HandlebarsTemplateEngine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Texts and templates that come with the jar. */
public final class ClassPath {
  private ClassPath() {}

  /**
   * Reads templates from a folder of the jar. By itself the engine takes a file of a template's
   * name from the working directory, or unpacks one to disk.
   */
  public static HandlebarsTemplateEngine templates(Vertx vertx, String folder) {
    HandlebarsTemplateEngine engine = HandlebarsTemplateEngine.create(vertx);
    engine.unwrap().with(new ClassPathTemplateLoader(folder, ""));
    return engine;
  }

  /** Reads one text, which blocks: for the time before the first request. */
  public static String text(String name) {
    try (InputStream in = ClassPath.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
