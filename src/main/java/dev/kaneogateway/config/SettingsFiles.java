package dev.kaneogateway.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where the settings of a running gateway come from, to be read again when something changed there.
 * Reads files, so not for an event loop; safe from any other thread.
 */
public final class SettingsFiles {
  private final Map<String, String> environment;
  private final Optional<Path> environmentFile;
  private final Optional<Path> file;
  private final SettingsTexts texts = new SettingsTexts();
  private SettingsSource taken;

  /**
   * What a new reading brought.
   *
   * @param settings what holds from now on
   * @param changed the names of the settings taken up
   * @param needRestart the names of those that changed too and wait for a restart
   */
  public record Change(Settings settings, List<String> changed, List<String> needRestart) {}

  /**
   * @param environment wins over both files
   * @param environmentFile Kaneo's environment file, if the operator names one
   * @param file the gateway's YAML file, if there is one
   */
  public SettingsFiles(
      Map<String, String> environment, Optional<Path> environmentFile, Optional<Path> file) {
    this.environment = environment;
    this.environmentFile = environmentFile;
    this.file = file;
    this.taken = new SettingsSource(environment, environmentFile, file, texts);
  }

  /**
   * The settings to start with.
   *
   * @throws SettingsException with every problem found
   */
  public synchronized Settings read() throws SettingsException {
    return SettingsReader.read(taken);
  }

  /**
   * Reads everything again; settings that only a start takes up stay as they are.
   *
   * @throws SettingsException with every problem found; then nothing is taken up
   */
  public synchronized Change readAgain() throws SettingsException {
    SettingsSource now = new SettingsSource(environment, environmentFile, file, texts);
    SettingsReader.read(now);
    List<String> kept = now.keepFixed(taken);
    List<String> changed = now.changedSince(taken);
    Settings settings = SettingsReader.read(now);
    taken = now;
    return new Change(settings, changed, kept);
  }

  /** Of what was read last: names in the environment that may be misspelt, each with a remedy. */
  public synchronized List<String> doubts() {
    return List.copyOf(taken.doubts());
  }

  /** The files there are. */
  public List<Path> paths() {
    return Stream.of(environmentFile, file).flatMap(Optional::stream).toList();
  }
}
