package dev.kaneogateway.demo;

import dev.kaneogateway.Gateway;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.config.SettingsException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Clock;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;

/** {@code mvn -q compile exec:java}: everything in one process, until Ctrl-C. */
public final class Demo {
  private static final String DATABASE = "kaneo";

  private final Deque<AutoCloseable> running = new ConcurrentLinkedDeque<>();

  private Demo() {}

  /** Ports may be moved by GATEWAY_PORT and GATEWAY_MANAGEMENT_PORT. */
  public static void main(String[] arguments) throws InterruptedException {
    Demo demo = new Demo();
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  demo.stop();
                  stopped.countDown();
                },
                "stop"));
    try {
      printWhatToTry(demo.start());
    } catch (IOException | SettingsException | RuntimeException e) {
      System.err.println("The demo cannot start: " + e.getMessage());
      System.err.println("If a port is taken, set GATEWAY_PORT and GATEWAY_MANAGEMENT_PORT.");
      System.exit(1);
    }
    stopped.await();
  }

  private Gateway start() throws IOException, SettingsException {
    DemoDatabase database = new DemoDatabase();
    running.push(database);
    database.create(DATABASE);
    Map<String, String> environment = new HashMap<>();
    environment.put("GATEWAY_PORT", "8080");
    environment.put("GATEWAY_HOST", "127.0.0.1");
    environment.put("GATEWAY_DRAIN_DELAY_MS", "0");
    environment.put("GATEWAY_DRAIN_TIMEOUT_MS", "1000");
    environment.putAll(System.getenv());
    environment.put("DATABASE_URL", database.url(DATABASE));
    environment.put("AUTH_SECRET", DemoSeed.AUTH_SECRET);
    environment.put("KANEO_CLIENT_URL", "http://localhost:" + environment.get("GATEWAY_PORT"));
    environment.put("KANEO_API_URL", "http://localhost:" + environment.get("GATEWAY_PORT"));
    Vertx vertx = Gateway.vertx(settings(environment));
    SampleKaneo kaneo = new SampleKaneo(database.url(DATABASE));
    join(vertx.deployVerticle(kaneo));
    environment.put("KANEO_UPSTREAM_URL", "http://127.0.0.1:" + kaneo.port());
    Gateway gateway = join(Gateway.start(vertx, settings(environment), Clock.systemUTC()));
    running.push(() -> join(gateway.stop()));
    return gateway;
  }

  private static Settings settings(Map<String, String> environment) throws SettingsException {
    return Settings.load(environment, Optional.empty(), Optional.empty());
  }

  private static <T> T join(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  private void stop() {
    running.forEach(
        part -> {
          try {
            part.close();
          } catch (Exception e) {
            System.err.println("Not stopped cleanly: " + e.getMessage());
          }
        });
  }

  private static void printWhatToTry(Gateway gateway) {
    String base = "http://localhost:" + gateway.port();
    String management = "http://localhost:" + gateway.managementPort();
    print("");
    print("Kaneo Gateway is up, in front of a sample Kaneo (not the real one). Try:");
    print("");
    print("  curl -H 'Authorization: Bearer " + DemoSeed.API_KEY + "' " + base + "/api/project");
    print("  curl -i -H 'Authorization: Bearer wrong' " + base + "/api/project");
    print("");
    print("  curl -d client_id=kaneo-cli " + base + "/api/auth/device/code");
    print("");
    print(
        "  The page:  " + base + "/device   login: " + DemoSeed.EMAIL + " / " + DemoSeed.PASSWORD);
    print("  Metrics:   " + management + "/metrics");
    print("  Health:    " + management + "/health/ready");
    print("");
    print("Ctrl-C stops it.");
  }

  private static void print(String line) {
    System.out.println(line);
  }
}
