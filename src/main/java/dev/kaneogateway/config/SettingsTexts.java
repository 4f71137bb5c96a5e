package dev.kaneogateway.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;

/**
 * What is written in the files of the settings. A pipe, as a shell makes of {@code <(decrypt
 * .env)}, gives it once: asked again it is empty, or waits for somebody to write. So what came by
 * one is kept. Blocks on files; for one thread at a time.
 */
final class SettingsTexts {
  private final Map<Path, String> fromPipes = new HashMap<>();

  /** The whole text of a file; fails as {@link Files#readString(Path)} does. */
  String read(Path path) throws IOException {
    String known = fromPipes.get(path);
    if (known != null) {
      return known;
    }
    boolean pipe = Files.readAttributes(path, BasicFileAttributes.class).isOther();
    String text = Files.readString(path);
    if (pipe) {
      fromPipes.put(path, text);
    }
    return text;
  }
}
