package dev.kaneogateway.demo;

import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.Vertx;

/** The demo's Kaneo on a free port, for tests that need its sign-in. */
public final class RunningSampleKaneo implements AutoCloseable {
  private final Vertx vertx = Vertx.vertx();
  private final SampleKaneo kaneo;

  public RunningSampleKaneo(TestDatabase database) {
    kaneo = new SampleKaneo(database.url());
    RunningGateway.await(vertx.deployVerticle(kaneo));
  }

  public int port() {
    return kaneo.port();
  }

  @Override
  public void close() {
    RunningGateway.await(vertx.close());
  }
}
