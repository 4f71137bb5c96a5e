package dev.kaneogateway.db;

import dev.kaneogateway.config.DatabaseUrl;
import dev.kaneogateway.config.Settings;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgException;
import io.vertx.pgclient.SslMode;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.impl.SocketConnectionBase;
import io.vertx.sqlclient.internal.SqlConnectionInternal;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Opens the pool of connections to Kaneo's PostgreSQL. */
public final class Database {
  /** A database that does not take a connection, or the bytes sent to it, in this time is gone. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /**
   * A server from which nothing has come in this time is gone, though its kernel may still take
   * what is sent: as long as what it confirmed is believed by default. Closing sooner would leave
   * behind more statements that wait for a lock there.
   */
  private static final Duration SILENCE = Duration.ofSeconds(10);

  /**
   * A server does not notice that we hung up while a statement waits there for a lock, and each
   * that waits keeps one of the connections that Kaneo needs too. So a server of our own is told to
   * end what nobody can be waiting for any more, unless the operator has said when; a pooler would
   * have that hold for others as well.
   */
  private static final String PROCESS =
      "SELECT pg_backend_pid(), CASE WHEN pg_backend_pid() = %s"
          + " AND current_setting('statement_timeout') = '0'"
          + " THEN set_config('statement_timeout', '"
          + SILENCE.toMillis()
          + "', false) END, current_setting('transaction_read_only') = 'on'";

  /**
   * A connection that may only read is closed when it is so old: the name it was made by may lead
   * to the primary by now, and else whoever came to a standby during a failover would stay there
   * for as long as it has anything to do. What it breaks off is {@linkplain #repeatable asked
   * again} or could not have been written anyway.
   */
  private static final Duration READ_ONLY = Duration.ofSeconds(1);

  /** Idle ones are closed well before, so that none is under the statement it was taken for. */
  private static final Duration IDLE = SILENCE.dividedBy(2);

  /** A server that ends a connection says so before it hangs up; by then the pool has noticed. */
  private static final Duration HANG_UP = Duration.ofMillis(50);

  private Database() {}

  /**
   * A pool that connects when first asked and again after every loss, so that the gateway starts
   * and lives without the database.
   */
  public static Pool pool(Vertx vertx, Settings.Database settings) {
    // Once seen it is reckoned with for good: without statements that last all works, if slower.
    AtomicBoolean pooler = new AtomicBoolean();
    return PgBuilder.pool()
        .with(
            new PoolOptions()
                .setMaxSize(settings.connections())
                .setConnectionTimeout((int) PATIENCE.toMillis())
                .setConnectionTimeoutUnit(TimeUnit.MILLISECONDS)
                .setIdleTimeout((int) IDLE.toSeconds())
                .setIdleTimeoutUnit(TimeUnit.SECONDS))
        .with(
            new NetClientOptions()
                .setConnectTimeout((int) PATIENCE.toMillis())
                .setTcpKeepAlive(true)
                // With epoll: a peer that has vanished is noticed at once, not after TCP's minutes.
                .setTcpUserTimeout((int) PATIENCE.toMillis()))
        .connectingTo(
            options(settings.url())
                .setCachePreparedStatements(true)
                // A pooler may lend another server connection for the next transaction, where a
                // statement prepared before is unknown, or another one by the same name.
                .setPreparedStatementCacheSqlFilter(sql -> !pooler.get())
                // What is not kept is sent again with its parameters, as one transaction.
                .setUseLayer7Proxy(true))
        .withConnectHandler(connection -> prepare(vertx, connection, pooler))
        .using(vertx)
        .build();
  }

  /** A connection is handed out when it is closed here. */
  private static void prepare(Vertx vertx, SqlConnection connection, AtomicBoolean pooler) {
    // First in the pipeline, since the driver itself, asked to close, waits for the server to do
    // so. A statement that nobody awaits any more would else keep its connection for ever.
    ChannelHandlerContext first =
        ((SocketConnectionBase) ((SqlConnectionInternal) connection).unwrap().unwrap())
            .socket()
            .channelHandlerContext()
            .pipeline()
            .addFirst(new ReadTimeoutHandler(SILENCE.toSeconds(), TimeUnit.SECONDS))
            .firstContext();
    // The statement fails of it too; nobody listening, the driver would print a stack trace.
    connection.exceptionHandler(broken -> {});
    int announced = ((PgConnection) connection).processId();
    connection
        .query(PROCESS.formatted(announced))
        .execute()
        .map(rows -> rows.iterator().next())
        .onComplete(
            process -> {
              // A server has said at the beginning which process this is; a pooler, a number of its
              // own.
              if (process.getInteger(0) != announced) {
                pooler.set(true);
              }
              if (process.getBoolean(2)) {
                vertx.setTimer(READ_ONLY.toMillis(), id -> first.close());
              }
              connection.close();
            },
            // One of which nothing is known is not handed out.
            failure -> first.close());
  }

  /**
   * Runs a statement, and if it fails once more a moment later: a connection that died under it
   * says nothing of the database. For statements that may run twice.
   */
  public static <T> Future<T> repeatable(Vertx vertx, Supplier<Future<T>> statement) {
    return statement
        .get()
        .recover(
            lost ->
                vertx
                    .timer(HANG_UP.toMillis(), TimeUnit.MILLISECONDS)
                    .compose(hungUp -> statement.get()));
  }

  /** What keeps it from being used, said of the database; an error is its own words. */
  public static String fault(Throwable failure) {
    return failure instanceof PgException said
        ? "answers with an error: "
            + String.valueOf(said.getErrorMessage()).lines().findFirst().orElse("")
            + " ("
            + said.getSqlState()
            + ")"
        : "does not answer";
  }

  static PgConnectOptions options(String url) {
    DatabaseUrl parsed = DatabaseUrl.parse(url);
    PgConnectOptions options =
        new PgConnectOptions()
            .setHost(parsed.host())
            .setPort(parsed.port())
            .setDatabase(parsed.database())
            .setPassword(parsed.password())
            .setSslMode(SslMode.valueOf(parsed.tls().name()));
    if (!parsed.user().isEmpty()) {
      options.setUser(parsed.user());
    }
    // PgBouncer refuses who sets this, unless told to ignore it; no number here has a fraction.
    options.getProperties().remove("extra_float_digits");
    parsed.applicationName().ifPresent(name -> options.addProperty("application_name", name));
    parsed.options().ifPresent(set -> options.addProperty("options", set));
    return parsed.tls() == DatabaseUrl.Tls.DISABLE ? options : options.setSslOptions(tls(parsed));
  }

  /** As libpq: only {@code verify-*} asks who it is that answers, or a certificate to trust. */
  private static ClientSSLOptions tls(DatabaseUrl url) {
    ClientSSLOptions options =
        new ClientSSLOptions()
            .setHostnameVerificationAlgorithm(
                url.tls() == DatabaseUrl.Tls.VERIFY_FULL ? "HTTPS" : "");
    if (url.certificate().isPresent() && url.key().isPresent()) {
      options.setKeyCertOptions(
          new PemKeyCertOptions()
              .addCertPath(url.certificate().get().toString())
              .addKeyPath(url.key().get().toString()));
    }
    boolean verifies = url.tls().compareTo(DatabaseUrl.Tls.VERIFY_CA) >= 0;
    if (url.rootCertificate().isPresent()) {
      return options.setTrustOptions(
          new PemTrustOptions().addCertPath(url.rootCertificate().get().toString()));
    }
    return verifies
        ? options.setTrustOptions(TrustOptions.wrap(javasOwn()))
        : options.setTrustAll(true);
  }

  private static X509TrustManager javasOwn() {
    try {
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init((KeyStore) null);
      return Arrays.stream(factory.getTrustManagers())
          .filter(X509TrustManager.class::isInstance)
          .map(X509TrustManager.class::cast)
          .findFirst()
          .orElseThrow();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform trusts somebody", e);
    }
  }
}
