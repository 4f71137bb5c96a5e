package dev.kaneogateway.limits;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;
import io.vertx.core.tracing.TracingPolicy;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.PoolOptions;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.impl.RedisStandaloneConnection;
import io.vertx.redis.client.impl.RedisURI;
import io.vertx.redis.client.impl.types.ErrorType;
import io.vertx.redis.client.impl.types.NumberType;
import io.vertx.redis.client.impl.types.SimpleStringType;
import java.io.IOException;
import java.util.regex.Pattern;

/**
 * The client's connection to Redis, with ears of our own. The client's parser makes room for as
 * much as it is told will come, which can be more than the heap, and can be sent round in circles
 * for ever. What a gateway asks is answered in lines, so more than a line is never kept here, and
 * what answers otherwise is no Redis. Confined to one event loop.
 */
final class RedisLink {
  private static final int LONGEST_LINE = 4096;
  private static final int MOST_AWAITED = 2048;
  private static final Pattern NUMBER = Pattern.compile(":-?\\d{1,18}");

  private final NetSocket socket;
  private final RedisStandaloneConnection connection;
  private boolean bulk;
  private boolean over;

  private RedisLink(Vertx vertx, NetSocket socket, RedisURI uri) {
    this.socket = socket;
    this.connection =
        new RedisStandaloneConnection(
            (VertxInternal) vertx,
            (ContextInternal) vertx.getOrCreateContext(),
            null,
            socket,
            new PoolOptions(),
            MOST_AWAITED,
            uri,
            null,
            TracingPolicy.IGNORE);
    connection.handler(unasked -> broken(new IOException("it speaks unasked")));
    RecordParser lines = RecordParser.newDelimited("\r\n", line -> read(line.toString()));
    lines.maxRecordSize(LONGEST_LINE).exceptionHandler(tooLong -> noRedis());
    socket.handler(lines).closeHandler(connection::end).exceptionHandler(this::broken);
  }

  /** Of the protocol's second version, whose greeting has no answer but a line. */
  static Future<RedisConnection> connect(Vertx vertx, NetClient client, String url) {
    RedisURI uri = new RedisURI(url);
    return client
        .connect(
            new ConnectOptions()
                .setRemoteAddress(uri.socketAddress())
                .setSslOptions(new ClientSSLOptions().setHostnameVerificationAlgorithm("HTTPS")))
        .compose(
            socket ->
                uri.ssl() ? socket.upgradeToSsl().map(socket) : Future.succeededFuture(socket))
        .compose(socket -> greeted(new RedisLink(vertx, socket, uri).connection));
  }

  private static Future<RedisConnection> greeted(RedisStandaloneConnection connection) {
    RedisURI uri = connection.uri();
    Future<?> allowed = Future.succeededFuture();
    if (uri.password() != null) {
      Request auth = Request.cmd(Command.AUTH);
      // Only since version 6 is there a user.
      Request named = uri.user() == null || uri.user().isEmpty() ? auth : auth.arg(uri.user());
      allowed = connection.send(named.arg(uri.password()));
    }
    if (uri.select() != null) {
      allowed =
          allowed.compose(go -> connection.send(Request.cmd(Command.SELECT).arg(uri.select())));
    }
    return allowed.map(connection);
  }

  private void read(String line) {
    if (bulk) {
      bulk = false;
      connection.handle(SimpleStringType.create(line));
    } else if (NUMBER.matcher(line).matches()) {
      connection.handle(NumberType.create(Long.valueOf(line.substring(1))));
    } else if (line.startsWith("+")) {
      connection.handle(SimpleStringType.create(line.substring(1)));
    } else if (line.startsWith("-")) {
      connection.handle(ErrorType.create(line.substring(1)));
    } else if (line.startsWith("$")) {
      bulk = true;
    } else {
      noRedis();
    }
  }

  private void noRedis() {
    broken(new IOException("it does not answer as Redis does"));
  }

  private void broken(Throwable reason) {
    if (!over) {
      over = true;
      // Has been told with its reason then.
      socket.closeHandler(null);
      connection.fail(reason);
      socket.close();
    }
  }
}
