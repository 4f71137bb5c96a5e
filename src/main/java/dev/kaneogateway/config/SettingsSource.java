package dev.kaneogateway.config;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.DuplicateKeyException;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Where the texts of settings come from: the environment over an environment file over the
 * gateway's own YAML file. Collects problems instead of stopping at the first.
 */
final class SettingsSource {
  /** What the gateway's own settings begin with, and none of Kaneo's. */
  private static final String OWN = "GATEWAY_";

  /**
   * What Java makes of the environment's bytes beyond ASCII where no locale is set, as in many
   * containers: with it a password is wrong that Kaneo reads.
   */
  private static final char UNREADABLE = '\uFFFD';

  private final Map<String, String> texts = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();
  private final List<String> doubts = new ArrayList<>();
  private final Set<Setting<?>> derived = new HashSet<>();
  private final SettingsTexts files;
  private boolean unreadable;

  SettingsSource(
      Map<String, String> environment,
      Optional<Path> environmentFile,
      Optional<Path> file,
      SettingsTexts files) {
    this.files = files;
    file.ifPresent(this::readYaml);
    environmentFile.ifPresent(path -> readEnvironmentFile(path, environment));
    environment.forEach(
        (name, value) -> {
          if (isRead(name)) {
            putUnlessBlank(name, value.strip());
            if (value.indexOf(UNREADABLE) >= 0) {
              problems.add(
                  name
                      + " has letters that Java cannot read in this locale: set LC_ALL=C.UTF-8,"
                      + " or put it into the file of --env-file");
            }
          } else if (name.startsWith(OWN) && SettingNames.nearest(name).isPresent()) {
            // Not any other: whoever runs containers makes names of a service's name.
            doubts.add(SettingNames.notASetting(name));
          }
        });
    if (texts.containsKey("POSTGRES_PASSWORD")) {
      derive(KaneoKeys.DATABASE_URL, databaseOfParts());
    }
    if (has(KaneoKeys.KANEO_CLIENT_URL)) {
      derive(
          KaneoKeys.KANEO_API_URL,
          text(KaneoKeys.KANEO_CLIENT_URL).replaceFirst("/$", "") + "/api");
    }
  }

  /** Kaneo's image makes these itself when its environment file leaves them out. */
  private void derive(Setting<?> setting, String text) {
    if (!has(setting)) {
      texts.put(setting.name(), text);
      derived.add(setting);
    }
  }

  private void putUnlessBlank(String name, String value) {
    if (!value.isBlank()) {
      texts.put(name, value);
    }
  }

  private static boolean isRead(String name) {
    return name.startsWith("POSTGRES_") || SettingNames.KNOWN.contains(name);
  }

  private boolean has(Setting<?> setting) {
    return !texts.getOrDefault(setting.name(), "").isEmpty();
  }

  /** As deploy/kaneo-entrypoint.sh in Kaneo's image makes it. */
  private String databaseOfParts() {
    return "postgresql://"
        + encoded(texts.getOrDefault("POSTGRES_USER", "kaneo"))
        + ":"
        + encoded(texts.getOrDefault("POSTGRES_PASSWORD", ""))
        + "@"
        + texts.getOrDefault("POSTGRES_HOST", "postgres")
        + ":"
        + texts.getOrDefault("POSTGRES_PORT", "5432")
        + "/"
        + encoded(texts.getOrDefault("POSTGRES_DB", "kaneo"));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /**
   * Takes back what a running gateway cannot take up.
   *
   * @return the names of the settings that stay as they were
   */
  List<String> keepFixed(SettingsSource running) {
    List<String> kept = new ArrayList<>();
    for (Setting<?> setting : Keys.ALL) {
      String before = running.text(setting);
      if (!setting.live() && !before.equals(text(setting))) {
        texts.put(setting.name(), before);
        kept.add(setting.name());
      }
    }
    return kept;
  }

  /** The names of the settings that differ from another source's. */
  List<String> changedSince(SettingsSource other) {
    return Keys.ALL.stream()
        .filter(setting -> !text(setting).equals(other.text(setting)))
        .map(Setting::name)
        .toList();
  }

  private String text(Setting<?> setting) {
    return texts.getOrDefault(setting.name(), setting.defaultText());
  }

  List<String> problems() {
    return problems;
  }

  /** Names that somebody may have misspelt, or that are another's: no reason not to start. */
  List<String> doubts() {
    return doubts;
  }

  /** The value of a setting, or null after its problem was noted. */
  <T> @org.jspecify.annotations.Nullable T read(Setting<T> setting) {
    String text = text(setting);
    try {
      return setting.parser().apply(text);
    } catch (IllegalArgumentException e) {
      if (setting.equals(KaneoKeys.KANEO_API_URL) && derived.contains(setting)) {
        return null; // Told of KANEO_CLIENT_URL.
      }
      if (text.isEmpty() && unreadable) {
        return null; // It may be in the file that was told of.
      }
      problems.add(
          text.isEmpty()
              ? setting.name() + " is not set: " + e.getMessage()
              : setting.name() + " has the value " + shown(setting, text) + ": " + e.getMessage());
      return null;
    }
  }

  /** People put passwords before the @ of any address, and tokens behind its question mark. */
  private String shown(Setting<?> setting, String text) {
    if (setting.secret()) {
      return derived.contains(setting) ? "that POSTGRES_* make (hidden)" : "(hidden)";
    }
    return "'"
        + text.replaceFirst("(?s)^(\\w+://)?.*@", "$1(hidden)@")
            .replaceFirst("(?s)(://[^?]*[?]).+", "$1(hidden)")
        + "'";
  }

  private void readYaml(Path path) {
    Object document;
    try {
      document =
          new Load(LoadSettings.builder().setAllowDuplicateKeys(false).build())
              .loadFromString(files.read(path));
    } catch (CharacterCodingException e) {
      unreadable(notUtf8(path));
      return;
    } catch (IOException e) {
      unreadable(path + " cannot be read: check that it exists and may be read by this user");
      return;
    } catch (DuplicateKeyException e) {
      unreadable(path + " has a name for the second time" + line(e) + ": take away one of them");
      return;
    } catch (MarkedYamlEngineException e) {
      unreadable(path + " is not YAML" + line(e) + ": does a value need quotes?");
      return;
    } catch (YamlEngineException e) {
      unreadable(path + " is not YAML: " + firstLine(e.getMessage()));
      return;
    }
    if (document == null) {
      return;
    }
    if (!(document instanceof Map<?, ?> map)) {
      problems.add(path + " must hold lines of the form NAME: value");
      return;
    }
    map.forEach(
        (key, value) -> {
          String name = String.valueOf(key);
          if (!SettingNames.KNOWN.contains(name)) {
            problems.add(path + ": " + SettingNames.notASetting(name));
          } else if (value instanceof List<?> list) {
            texts.put(name, list.stream().map(String::valueOf).collect(Collectors.joining(",")));
          } else if (value instanceof Map) {
            problems.add(path + ": " + name + " must be a single value or a list");
          } else if (value != null) {
            texts.put(name, String.valueOf(value).strip());
          }
        });
  }

  /** Kaneo's own environment file; names that do not begin as ours do are Kaneo's. */
  private void readEnvironmentFile(Path path, Map<String, String> environment) {
    EnvironmentFile read;
    try {
      read = EnvironmentFile.parse(files.read(path), environment);
    } catch (CharacterCodingException e) {
      unreadable(notUtf8(path));
      return;
    } catch (IOException e) {
      unreadable(path + " cannot be read: check that it exists and may be read by this user");
      return;
    }
    read.values()
        .forEach(
            (name, value) -> {
              if (isRead(name)) {
                putUnlessBlank(name, value);
                if (read.incomplete().contains(name)) {
                  // Not which: it may be a piece of a password.
                  doubts.add(
                      path
                          + ": "
                          + name
                          + " has a $ before what is no variable set anywhere, so it is taken as it"
                          + " stands; Compose would drop it unless the value is between ' and '");
                }
              } else if (name.startsWith(OWN)) {
                doubts.add(path + ": " + SettingNames.notASetting(name));
              }
            });
  }

  private void unreadable(String problem) {
    problems.add(problem);
    unreadable = true;
  }

  private static String notUtf8(Path path) {
    return path + " is not in UTF-8: save it in that encoding";
  }

  /** Where it is; what else the parser says has the line itself, which may hold a secret. */
  private static String line(MarkedYamlEngineException e) {
    return e.getProblemMark().map(mark -> " at line " + (mark.getLine() + 1)).orElse("");
  }

  private static String firstLine(@org.jspecify.annotations.Nullable String message) {
    return message == null ? "unreadable" : message.lines().findFirst().orElse("unreadable");
  }
}
