package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.transport.Transport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransportsTest {
  @ParameterizedTest
  @CsvSource({
    "6.1, true",
    "6.1.0-18-amd64, true",
    "6.10.3, true",
    "7.0.1, true",
    "6.0.12, false",
    "5.15.0-91-generic, false",
    "5.4, false",
    "4.18.0-553.el8.x86_64, false",
    "unknown, false",
    "'', false"
  })
  void ioUringIsTakenUnaskedFromLinux61On(String kernel, boolean recent) {
    assertEquals(recent, Transports.isRecent(kernel));
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "io_uring", "epoll"})
  void aUnixSocketIsNotReachedByIoUring(String wanted) {
    assertEquals(Transport.EPOLL, Transports.choose(wanted, true));
  }

  @Test
  void theJdksOwnIsAlwaysThere() {
    assertEquals(Transport.NIO, Transports.choose("nio", false));
  }
}
