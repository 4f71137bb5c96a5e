package dev.kaneogateway.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import dev.kaneogateway.fixtures.Trusting;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.net.SelfSignedCertificate;
import java.util.Collections;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many streams of one connection over TLS, each with a body both ways. */
@Timeout(60)
class Http2WritabilityIT {
  private static final int ROUNDS = 5;
  private static final int STREAMS = 20;
  private static final int BODY = 100_000;
  private static final int PIECE = 100;

  @Test
  void noStreamWaitsForEver() throws Exception {
    SelfSignedCertificate certificate = SelfSignedCertificate.create("localhost");
    try (ScriptedUpstream kaneo =
            new ScriptedUpstream(
                (head, connection) -> {
                  connection.write(
                      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
                          + BODY
                          + "\r\n\r\n");
                  for (int n = 0; n < BODY; n += PIECE) {
                    connection.read(PIECE);
                    connection.write("y".repeat(PIECE));
                  }
                  return true;
                });
        RunningGateway gateway =
            RunningGateway.start(
                TestDatabase.createEmpty(),
                kaneo.port(),
                "GATEWAY_TLS_CERT",
                certificate.certificatePath(),
                "GATEWAY_TLS_KEY",
                certificate.privateKeyPath())) {
      HttpClient client = Trusting.anybodyOverHttp2(gateway.vertx());
      for (int round = 0; round < ROUNDS; round++) {
        assertEquals(
            Collections.nCopies(STREAMS, BODY),
            RunningGateway.await(
                Future.all(
                        IntStream.range(0, STREAMS)
                            .mapToObj(
                                n ->
                                    client
                                        .request(HttpMethod.POST, gateway.port(), "localhost", "/x")
                                        .compose(Http2WritabilityIT::upload)
                                        .compose(HttpClientResponse::body)
                                        .map(Buffer::length))
                            .toList())
                    .map(all -> all.<Integer>list())));
      }
    }
  }

  private static Future<HttpClientResponse> upload(HttpClientRequest request) {
    request.setChunked(true);
    for (int n = PIECE; n < BODY; n += PIECE) {
      request.write(Buffer.buffer("x".repeat(PIECE)));
    }
    request.end(Buffer.buffer("x".repeat(PIECE)));
    return request.response();
  }
}
