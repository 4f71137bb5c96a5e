package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.fixtures.ByteCase;
import dev.kaneogateway.fixtures.ByteOutcome;
import dev.kaneogateway.fixtures.RecordingUpstream;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.TestDatabase;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Hostile, odd and plain bytes: refused and hung up on, or one clean request upstream. */
class BytesIT {
  private static RecordingUpstream kaneo;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws IOException {
    kaneo = new RecordingUpstream();
    gateway =
        RunningGateway.start(
            TestDatabase.createEmpty(), kaneo.port(), "TRUSTED_PROXIES", "192.0.2.1");
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    kaneo.close();
  }

  static List<ByteCase> cases() {
    return ByteCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void becomesWhatTheCaseSays(ByteCase one) throws Exception {
    assertEquals("", ByteOutcome.of(one, gateway.port(), kaneo, 10_000).wrong(one));
  }
}
