package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.ClearTextHttp2;
import dev.kaneogateway.fixtures.Http2Peer;
import dev.kaneogateway.fixtures.OnEventLoop;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.StreamResetException;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SelfSignedCertificate;
import io.vertx.junit5.VertxExtension;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2 clients in front of an HTTP/1.1 Kaneo. */
@ExtendWith(VertxExtension.class)
class Http2IT {
  /** Held until the end of a test: Vert.x closes a client that nobody holds. */
  private final List<HttpClient> clients = new ArrayList<>();

  private ScriptedUpstream kaneo;

  @BeforeEach
  void start() throws Exception {
    kaneo = ScriptedUpstream.friendly();
  }

  @AfterEach
  void stop() throws Exception {
    kaneo.close();
  }

  @Test
  void clearTextHttp2PassesRequestsBodiesAndJoinsCookies(Vertx vertx) throws Exception {
    kaneo.script(
        (head, connection) -> {
          String body = "";
          if (head.toLowerCase(Locale.ROOT).contains("transfer-encoding: chunked")) {
            StringBuilder read = new StringBuilder();
            while (!read.toString().endsWith("0\r\n\r\n")) {
              read.append(new String(connection.read(1), StandardCharsets.ISO_8859_1));
            }
            body = read.toString().replace("\r\n", "|");
          }
          connection.write(
              "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body);
          return true;
        });
    try (RunningGateway gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port())) {
      HttpClient client = client(vertx, ClearTextHttp2.options());
      assertEquals("", send(vertx, client, gateway.port(), HttpMethod.GET, false, null));
      String head = kaneo.nextHead();
      assertTrue(head.contains("cookie: a=1; b=2\r\n"), head);
      assertTrue(!head.toLowerCase(Locale.ROOT).contains("transfer-encoding"), head);
      assertTrue(head.contains("host: 127.0.0.1:" + gateway.port()), head);
      assertEquals("3|abc|0||", send(vertx, client, gateway.port(), HttpMethod.POST, false, "abc"));
      kaneo.nextHead();
    }
  }

  @Test
  void anAnswerInFullIsNoClientThatLeftAndKeepsKaneosConnection(Vertx vertx) throws Exception {
    Set<Thread> connections = ConcurrentHashMap.newKeySet();
    kaneo.script(
        (head, connection) -> {
          connections.add(Thread.currentThread());
          connection.write(ScriptedUpstream.ok("hello"));
          return true;
        });
    try (RunningGateway gateway =
        RunningGateway.start(
            TestDatabase.createEmpty(), kaneo.port(), "GATEWAY_EVENT_LOOPS", "1")) {
      HttpClient client = client(vertx, ClearTextHttp2.options());
      for (int i = 0; i < 5; i++) {
        assertEquals("hello", send(vertx, client, gateway.port(), HttpMethod.GET, false, null));
      }
      assertEquals(1, connections.size());
    }
  }

  /** RFC 9113 §8.1: reset without an error it would count as whole. */
  @ParameterizedTest
  @ValueSource(strings = {"", "0\r\n: b\r\n\r\n"})
  void aBrokenOffAnswerIsResetWithAnError(String rest, Vertx vertx) throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write(
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n" + rest);
          return false;
        });
    try (RunningGateway gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port())) {
      HttpClient client = client(vertx, ClearTextHttp2.options());
      AssertionError failure =
          assertThrows(
              AssertionError.class,
              () -> send(vertx, client, gateway.port(), HttpMethod.GET, false, null));
      StreamResetException reset = (StreamResetException) failure.getCause().getCause();
      assertEquals(Http2Error.INTERNAL_ERROR.code(), reset.getCode());
    }
  }

  /** HTTP/2 cannot pass such a field on: its client would wait for ever. */
  @ParameterizedTest
  @ValueSource(strings = {": b", ":status: 500"})
  void anAnswerWithAFieldWithoutANameIsNone(String field, Vertx vertx) throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + field + "\r\n\r\n");
          return true;
        });
    try (RunningGateway gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port())) {
      HttpClient client = client(vertx, ClearTextHttp2.options());
      String answer = send(vertx, client, gateway.port(), HttpMethod.POST, false, null);
      assertTrue(answer.contains("bad_gateway"), answer);
    }
  }

  /** RFC 9113 §8.1.1: a body after the head that was asked for is an error to strict clients. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/notification",
        "/api/health?a=%00#x",
        "/api/auth/device/code",
        "/api/auth/device",
        "/.well-known/oauth-authorization-server/api/auth",
        "/device",
        "/device/style.css"
      })
  void whereOnlyTheHeadIsAskedForNoBodyFollows(String path) throws Exception {
    try (RunningGateway gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port());
        Http2Peer client = new Http2Peer(gateway.port())) {
      client.frame(
          Http2Peer.HEADERS,
          Http2Peer.END_STREAM | Http2Peer.END_HEADERS,
          1,
          Http2Peer.request("HEAD", path));
      List<Http2Peer.Frame> answer = new ArrayList<>();
      Http2Peer.Frame frame;
      do {
        frame = client.await(next -> next.isEnd() || next.stream() == 1);
        answer.add(frame);
      } while (!frame.isEnd() && (frame.flags() & Http2Peer.END_STREAM) == 0);
      assertEquals(Http2Peer.HEADERS, answer.get(0).type(), answer.toString());
      assertTrue(
          answer.stream().skip(1).allMatch(more -> more.payload().length == 0), answer.toString());
    }
  }

  @Test
  void earlyHintsPassInLowerCase(Vertx vertx) throws Exception {
    kaneo.script(
        (head, connection) -> {
          connection.write(
              "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nLink: </a>; rel=preload\r\n\r\n");
          connection.write(ScriptedUpstream.ok("hello"));
          return true;
        });
    try (RunningGateway gateway = RunningGateway.start(TestDatabase.createEmpty(), kaneo.port())) {
      HttpClient client = client(vertx, ClearTextHttp2.options());
      Promise<MultiMap> hint = Promise.promise();
      Future<String> body =
          OnEventLoop.run(
              vertx,
              () ->
                  client
                      .request(HttpMethod.GET, gateway.port(), "127.0.0.1", "/api/health")
                      .compose(request -> request.earlyHintsHandler(hint::complete).send())
                      .compose(HttpClientResponse::body)
                      .map(Buffer::toString));
      assertEquals("hello", RunningGateway.await(body));
      MultiMap hints = RunningGateway.await(hint.future());
      assertEquals("</a>; rel=preload", hints.get("link"));
      // Strict clients take it for an error: it tells of no answer that is there.
      assertFalse(hints.contains("content-length"), hints.toString());
    }
  }

  @Test
  void tlsNegotiatesHttp2AndTakesUpAChangedCertificate(Vertx vertx, @TempDir Path directory)
      throws Exception {
    SelfSignedCertificate first = SelfSignedCertificate.create("localhost");
    SelfSignedCertificate second = SelfSignedCertificate.create("localhost");
    Path cert = Files.copy(Path.of(first.certificatePath()), directory.resolve("cert.pem"));
    Path key = Files.copy(Path.of(first.privateKeyPath()), directory.resolve("key.pem"));
    try (RunningGateway gateway =
        RunningGateway.start(
            TestDatabase.createEmpty(),
            kaneo.port(),
            "GATEWAY_TLS_CERT",
            cert.toString(),
            "GATEWAY_TLS_KEY",
            key.toString(),
            "GATEWAY_RELOAD_MS",
            "100")) {
      assertEquals(
          "hello", send(vertx, trusting(vertx, first), gateway.port(), HttpMethod.GET, true, null));
      Files.copy(Path.of(second.certificatePath()), cert, StandardCopyOption.REPLACE_EXISTING);
      Files.copy(Path.of(second.privateKeyPath()), key, StandardCopyOption.REPLACE_EXISTING);
      Await.until(
          "the second certificate",
          () ->
              RunningGateway.await(
                  request(
                          vertx,
                          trusting(vertx, second),
                          gateway.port(),
                          HttpMethod.GET,
                          true,
                          null)
                      .map(true)
                      .otherwise(false)));
    }
  }

  private HttpClient client(Vertx vertx, HttpClientOptions options) {
    HttpClient client = vertx.createHttpClient(options);
    clients.add(client);
    return client;
  }

  private HttpClient trusting(Vertx vertx, SelfSignedCertificate certificate) {
    return client(
        vertx,
        new HttpClientOptions()
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setSsl(true)
            .setUseAlpn(true)
            .setVerifyHost(false)
            .setTrustOptions(new PemTrustOptions().addCertPath(certificate.certificatePath())));
  }

  private static String send(
      Vertx vertx, HttpClient client, int port, HttpMethod method, boolean ssl, String body) {
    return RunningGateway.await(request(vertx, client, port, method, ssl, body)).toString();
  }

  private static Future<Buffer> request(
      Vertx vertx, HttpClient client, int port, HttpMethod method, boolean ssl, String body) {
    return OnEventLoop.run(vertx, () -> ask(client, port, method, ssl, body));
  }

  private static Future<Buffer> ask(
      HttpClient client, int port, HttpMethod method, boolean ssl, String body) {
    return client
        .request(
            new RequestOptions()
                .setHost("127.0.0.1")
                .setPort(port)
                .setSsl(ssl)
                .setURI("/x")
                .setMethod(method))
        .compose(
            request -> {
              request.headers().add("cookie", "a=1").add("cookie", "b=2");
              Future<HttpClientResponse> answer = request.response();
              if (body == null) {
                request.end();
              } else {
                request.setChunked(true);
                request.write(body).onSuccess(written -> request.end());
              }
              return answer;
            })
        .compose(
            answer -> {
              assertEquals(HttpVersion.HTTP_2, answer.version());
              return answer.body();
            });
  }
}
