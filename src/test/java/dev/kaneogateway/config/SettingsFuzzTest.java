package dev.kaneogateway.config;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A settings file of any text gives settings or problems, never an exception. */
class SettingsFuzzTest {

  @FuzzTest(maxDuration = "5m")
  void anyFileGivesSettingsOrProblems(byte[] bytes) throws IOException {
    Path file = Files.createTempFile("settings", ".yaml");
    try {
      Files.write(file, bytes);
      for (boolean yaml : new boolean[] {true, false}) {
        SettingsSource source =
            new SettingsSource(
                Map.of(),
                yaml ? Optional.empty() : Optional.of(file),
                yaml ? Optional.of(file) : Optional.empty(),
                new SettingsTexts());
        Keys.ALL.forEach(source::read);
        source.problems().forEach(problem -> assertTrue(!problem.isBlank()));
      }
    } finally {
      Files.delete(file);
    }
  }
}
