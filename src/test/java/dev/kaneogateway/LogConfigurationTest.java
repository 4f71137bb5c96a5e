package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class LogConfigurationTest {
  @AfterEach
  void asItWas() {
    LogConfiguration.level("info");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "warn WARN WARN WARN",
        "info,credentials=debug INFO DEBUG INFO",
        "credentials=debug,warn WARN DEBUG WARN",
        "credentials=debug INFO DEBUG INFO",
        "access=error,info INFO INFO ERROR"
      })
  void aRoomHasItsOwnLevelInWhateverOrderAndTheRestTheirs(
      String setting, String db, String credentials, String access) {
    LogConfiguration.level(setting);
    assertEquals(db, level("dev.kaneogateway.db.Database"));
    assertEquals(credentials, level("dev.kaneogateway.credentials.CredentialVerticle"));
    assertEquals(access, level("access"));
  }

  private static String level(String logger) {
    return ((Logger) LoggerFactory.getLogger(logger)).getEffectiveLevel().toString();
  }
}
