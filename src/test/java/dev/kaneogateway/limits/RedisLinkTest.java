package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.fixtures.RedisServer;
import dev.kaneogateway.fixtures.RunningGateway;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetServer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedisLinkTest {
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    RunningGateway.await(vertx.close());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*1000000000\r\n",
        "*-18446744072709551616\r\n",
        "%1000000000\r\n",
        "~1000000000\r\n",
        ">1000000000\r\n",
        "|1000000000\r\n",
        "=500000000\r\n",
        ":a number\r\n",
        "\r\n",
        "+PONG\r\n+PONG\r\n",
        "$500000000\r\nPONG\r\n*1000000000\r\n",
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
      })
  void whatAnswersAsNoRedisIsHungUpOn(String answer) throws Exception {
    hungUpAfter(answer);
  }

  @Test
  void anAnswerWithoutEndIsNotKept() throws Exception {
    hungUpAfter("+" + "o".repeat(100_000));
  }

  private void hungUpAfter(String answer) {
    Promise<Void> hungUp = Promise.promise();
    NetServer server =
        RunningGateway.await(
            vertx
                .createNetServer()
                .connectHandler(
                    socket -> {
                      socket.closeHandler(hungUp::complete);
                      socket.handler(asked -> socket.write(answer));
                    })
                .listen(0, "127.0.0.1"));
    Future<Response> answered =
        link("redis://127.0.0.1:" + server.actualPort())
            .compose(link -> link.send(Request.cmd(Command.PING)));
    RunningGateway.await(hungUp.future());
    assertEquals(answer.startsWith("+PONG") || answer.startsWith("$"), answered.succeeded());
  }

  @Test
  void userPasswordAndDatabaseOfTheAddressAreUsed() throws Exception {
    try (RedisServer redis = new RedisServer("secret")) {
      String address = redis.url().replace("//", "//:secret@") + "/3";
      RedisConnection link = RunningGateway.await(link(address));
      RunningGateway.await(link.send(Request.cmd(Command.SET).arg("key").arg("value")));
      assertEquals(
          "value", RunningGateway.await(link.send(Request.cmd(Command.GET).arg("key"))).toString());
      assertEquals("$-1", redis.askAs("secret", "GET", "key"));
    }
  }

  private Future<RedisConnection> link(String url) {
    Promise<RedisConnection> made = Promise.promise();
    vertx.runOnContext(
        go -> RedisLink.connect(vertx, vertx.createNetClient(), url).onComplete(made));
    return made.future();
  }
}
