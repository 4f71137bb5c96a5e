package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import dev.kaneogateway.metrics.CredentialKind;
import dev.kaneogateway.web.AccessRecord;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Who the access log says a request was of. */
class AccessLogIT {
  private final BlockingQueue<AccessRecord> records = new LinkedBlockingQueue<>();
  private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
  private final Logger access = context.getLogger("access");
  private final AppenderBase<ILoggingEvent> listener =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          records.add((AccessRecord) event.getArgumentArray()[0]);
        }
      };

  private ScriptedUpstream kaneo;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws Exception {
    listener.setContext(context);
    listener.start();
    access.addAppender(listener);
    kaneo = ScriptedUpstream.friendly();
  }

  @AfterEach
  void stop() throws Exception {
    gateway.close();
    kaneo.close();
    access.detachAppender(listener);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /device",
        "GET /api/auth/device?user_code=ABCDEFGH",
        "POST /api/auth/device/approve",
        "GET /api/task/1"
      })
  void namesThePersonAndTheSessionOfEveryKindOfPath(String line) throws Exception {
    gateway = RunningGateway.start(TestDatabase.create(), kaneo.port());
    AccessRecord record = recordOf(line, "Authorization: Bearer " + DemoSeed.SESSION_TOKEN);
    assertEquals(DemoSeed.USER_ID, record.userId());
    assertEquals("session:demoSession", record.credential());
    assertEquals(CredentialKind.SESSION, record.credentialKind());
  }

  @Test
  void namesThePersonThatKaneoNamesWhereTheSecretIsItsOwn() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write(
              ScriptedUpstream.ok("{\"session\":{\"id\":\"s1\",\"userId\":\"somebody\"}}"));
          return true;
        });
    gateway = RunningGateway.start(TestDatabase.create(), kaneo.port(), "AUTH_SECRET", "");
    AccessRecord record =
        recordOf("GET /device", "Cookie: better-auth.session_token=token.signature");
    assertEquals("somebody", record.userId());
    assertEquals("session:s1", record.credential());
  }

  @Test
  void namesNobodyWhereNobodyIsKnown() throws Exception {
    gateway = RunningGateway.start(TestDatabase.create(), kaneo.port());
    AccessRecord record = recordOf("GET /device", "Authorization: Bearer nobody");
    assertEquals("-", record.userId());
    assertEquals("-", record.credential());
  }

  @Test
  void tellsHowManyBytesAWebSocketCarried() throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write(
              head.startsWith("GET /api/ws/")
                  ? "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello"
                  : ScriptedUpstream.ok(""));
          connection.read(3);
          return false;
        });
    gateway = RunningGateway.start(TestDatabase.create(), kaneo.port());
    Await.until("readiness", gateway::isReady);
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(
              "GET /api/ws/user HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer "
                  + DemoSeed.API_KEY
                  + "\r\n\r\n")
          .readUntil("hello");
      peer.send("you").readAll();
    }
    AccessRecord record = records.poll(10, TimeUnit.SECONDS);
    assertNotNull(record, "no line in the access log");
    assertEquals(
        "101 in=3 out=5",
        record.status() + " in=" + record.bytesIn() + " out=" + record.bytesOut());
  }

  private AccessRecord recordOf(String line, String field) throws Exception {
    String body = line.startsWith("POST") ? "{\"userCode\":\"ABCDEFGH\"}" : "";
    try (RawPeer peer = new RawPeer(gateway.port())) {
      peer.send(
              line
                  + " HTTP/1.1\r\nHost: kaneo.test\r\nConnection: close\r\n"
                  + "Content-Type: application/json\r\nContent-Length: "
                  + body.length()
                  + "\r\n"
                  + field
                  + "\r\n\r\n"
                  + body)
          .readAll();
    }
    AccessRecord record = records.poll(10, TimeUnit.SECONDS);
    assertNotNull(record, "no line in the access log");
    return record;
  }
}
