package dev.kaneogateway.db;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.config.Settings;
import io.vertx.core.Vertx;
import io.vertx.core.internal.CloseFuture;
import io.vertx.core.internal.ContextInternal;
import io.vertx.sqlclient.Pool;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RevocationLineTest {
  private static final RevocationLine.Listener NOBODY =
      new RevocationLine.Listener() {
        @Override
        public void listening() {}

        @Override
        public void proven(long nanos) {}

        @Override
        public void deaf(RevocationLine.Reason reason) {}

        @Override
        public void changed(String payload) {}
      };

  @Test
  void aConnectionThatComesToNothingLeavesNothingBehindInTheContext() throws Exception {
    Vertx vertx = Vertx.vertx();
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      server.setSoTimeout(10_000);
      Settings.Database database =
          new Settings.Database("postgresql://k:k@127.0.0.1:" + server.getLocalPort() + "/k", 1);
      Pool pool = Database.pool(vertx, database);
      Duration patience = Duration.ofSeconds(10);
      RevocationLine line = new RevocationLine(vertx, pool, database, patience, patience, NOBODY);
      ContextInternal context = (ContextInternal) vertx.getOrCreateContext();
      int before = kept(context);
      CompletableFuture<Void> started = new CompletableFuture<>();
      context.runOnContext(
          go -> {
            line.start();
            started.complete(null);
          });
      started.get(10, TimeUnit.SECONDS);
      server.accept().close();

      assertEquals(before, kept(context));
    } finally {
      vertx.close().await();
    }
  }

  /** What is closed with a context is kept until then. */
  private static int kept(ContextInternal context) throws Exception {
    Field children = CloseFuture.class.getDeclaredField("children");
    children.setAccessible(true);
    synchronized (context.closeFuture()) {
      Map<?, ?> all = (Map<?, ?>) children.get(context.closeFuture());
      return all == null ? 0 : all.size();
    }
  }
}
