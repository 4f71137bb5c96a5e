package dev.kaneogateway.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.fixtures.Browser;
import dev.kaneogateway.fixtures.MeasuredRequest;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.metrics.AuthResult;
import dev.kaneogateway.metrics.GatewayMetrics;
import dev.kaneogateway.metrics.Route;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The status page in a real browser, after a quarter of an hour that went by on a test's clock. */
class StatusPageBrowserIT {
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");
  private static final Moved CLOCK = new Moved();
  private static final Vertx VERTX = Vertx.vertx();
  private static final GatewayMetrics METRICS = new GatewayMetrics();
  private static final Health HEALTH = new Health(CLOCK);
  private static Browser browser;
  private static String base;

  private static final class Moved extends Clock {
    private volatile Instant now = Instant.parse("2026-11-25T03:00:00Z");

    void on(Duration by) {
      now = now.plus(by);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @BeforeAll
  static void start() {
    List<String> missing = Browser.missing();
    if (!"true".equals(System.getenv("CI"))) {
      Assumptions.assumeTrue(missing.isEmpty(), () -> "not on the PATH: " + missing);
    }
    assertEquals(List.of(), missing, "not on the PATH");
    HEALTH.report("database", true, "");
    HEALTH.reportOneOf("kaneo", "http://10.0.0.7:1337", true, Duration.ofSeconds(10), "");
    HEALTH.reportOneOf("kaneo", "http://10.0.0.8:1337", true, Duration.ofSeconds(10), "");
    HEALTH.unused("revocation", "no triggers are installed");
    StatusPage page = new StatusPage(VERTX, METRICS, HEALTH, CLOCK, "1.2.3");
    RunningGateway.await(page.load());
    for (int reading = 0; reading < 200; reading++) {
      aFewSeconds(reading);
      page.sample();
      page.sawParts();
    }
    Router router = Router.router(VERTX);
    router.get("/").handler(page::show);
    router.get(StatusPage.STYLE).handler(page::style);
    HttpServer server =
        RunningGateway.await(
            VERTX.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
    base = "http://127.0.0.1:" + server.actualPort() + "/?refresh=off";
    browser = new Browser(Map.of());
  }

  /** Traffic that rises and falls, with an outage of one Kaneo and somebody guessing. */
  private static void aFewSeconds(int reading) {
    CLOCK.on(Duration.ofMillis(StatusPage.SAMPLE_EVERY_MS));
    int requests = (int) (60 + 40 * Math.sin(reading / 15.0) + reading % 7);
    for (int i = 0; i < requests; i++) {
      request(200, i % 50 == 0 ? 180 : 2 + i % 9);
    }
    if (reading % 9 == 0) {
      METRICS.credentials().authenticated(AuthResult.INVALID, false);
      request(401, 1);
      METRICS.devices().step("start", "made");
    }
    if (reading % 21 == 0) {
      METRICS.devices().step("poll", "issued");
    }
    if (reading > 100 && reading < 112) {
      request(502, 40);
      METRICS.upstream("http://127.0.0.1:1337").failed("refused");
    }
    if (reading == 150) {
      METRICS.devices().step("look", "unknown");
    }
    boolean down = reading > 98 && reading < 112 || reading > 190;
    HEALTH.reportOneOf(
        "kaneo",
        "http://10.0.0.8:1337",
        !down,
        Duration.ofSeconds(10),
        down ? "does not answer" : "");
  }

  private static void request(int status, long millis) {
    MeasuredRequest.in(METRICS, Route.API, status, TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
    METRICS.close();
    RunningGateway.await(VERTX.close());
  }

  @Test
  void saysFirstWhetherAllIsWell() {
    browser.open(base);
    browser.awaitHeading("Serving, but not all is well");
    String text = browser.text();
    assertTrue(text.contains("down kaneo http://10.0.0.8:1337"), text);
    assertTrue(text.contains("up database"), text);
    assertTrue(text.contains("unused revocation"), text);
  }

  @Test
  void listsTheLastProblemsNewestFirstWithTheirRemedies() {
    browser.open(base);
    List<String> problems =
        browser.find(".problems").getText().lines().filter(line -> line.contains("03:")).toList();
    assertEquals(
        List.of(
            "kaneo http://10.0.0.8:1337 does not answer since 03:16:00",
            "A user code that nobody has was tried 03:12:35",
            "kaneo http://10.0.0.8:1337 does not answer 03:08:20 to 03:09:25",
            "Kaneo took no connection (11 times) 03:08:30 to 03:09:20"),
        problems);
    assertTrue(
        browser.text().contains("See that Kaneo runs and listens at KANEO_UPSTREAM_URL."),
        browser.text());
    assertFalse(browser.text().contains("revocation no triggers"), "what never was is not lost");
  }

  @Test
  void drawsAQuarterOfAnHourAndSaysItInWords() {
    browser.open(base);
    assertEquals(4, browser.driver().findElements(org.openqa.selenium.By.tagName("figure")).size());
    String spoken = browser.find("figure svg[role=img]").getDomAttribute("aria-label");
    assertTrue(
        spoken.matches(
            "Requests in the last 15 minutes\\. Now: requests [0-9.]+/s, at most [0-9.]+/s\\."),
        spoken);
    String path = browser.find("path.line.a").getDomAttribute("d");
    assertEquals(181, path.split("L").length - 1, path);
    assertTrue(path.startsWith("M0.0 "), path);
    assertTrue(path.matches(".*L300\\.0 [0-9.]+"), path);
  }

  @ParameterizedTest
  @CsvSource({"1280,light", "1280,dark", "390,light", "320,dark"})
  void isReadableInEveryLook(int width, String theme) {
    browser.look(width, theme);
    browser.open(base);
    assertEquals(List.of(), browser.violations());
    assertTrue(browser.overflow() <= 0, "it scrolls sideways");
    browser.screenshot(SCREENSHOTS.resolve("status-" + width + "-" + theme + ".png"));
    browser.spreadText(true);
    assertTrue(browser.overflow() <= 0, "spread text makes it scroll sideways");
    browser.spreadText(false);
  }
}
