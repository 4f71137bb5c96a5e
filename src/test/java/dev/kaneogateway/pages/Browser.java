package dev.kaneogateway.pages;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.WebDriverException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/** A real Chromium without a window, steered through its own driver. */
final class Browser implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String AXE = resource("/axe.min.js");
  private static final String RUN_AXE =
      """
      const done = arguments[arguments.length - 1];
      const told = found => found.map(
          v => v.id + ': ' + v.help + ' ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | '));
      axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})
          .then(r => done(told(r.violations)), e => done([String(e)]));
      """;

  /** What WCAG 2.2's 1.4.12 says a reader may set, without harm to the page. */
  private static final String SPREAD =
      """
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important;'
          + ' word-spacing: 0.16em !important } p { margin-bottom: 2em !important }');
      document.adoptedStyleSheets = arguments[0] ? [sheet] : [];
      """;

  // Its warnings are about a typed DevTools protocol, which nothing here uses.
  private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

  private final Path profile;
  private final ChromeDriver driver;

  /** Starts one; preferences are Chromium's own, such as those a policy sets. */
  Browser(Map<String, Object> preferences) {
    try {
      profile = Files.createTempDirectory("kaneo-gateway-browser");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    SELENIUM.setLevel(Level.SEVERE);
    Map<String, Object> all = new HashMap<>(preferences);
    all.put("credentials_enable_service", false);
    all.put("profile.password_manager_leak_detection", false);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(program("chromium").orElseThrow().toFile());
    options.setExperimentalOption("prefs", all);
    options.addArguments(
        "--headless=new",
        // Chromium's sandbox refuses to work for root, who runs most containers' builds.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--accept-lang=en",
        "--user-data-dir=" + profile);
    driver =
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(program("chromedriver").orElseThrow().toFile())
                .usingAnyFreePort()
                .withSilent(true)
                .build(),
            options);
  }

  /** What of Chromium and its driver is not installed. */
  static List<String> missing() {
    return Stream.of("chromium", "chromedriver").filter(name -> program(name).isEmpty()).toList();
  }

  private static Optional<Path> program(String name) {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  ChromeDriver driver() {
    return driver;
  }

  void open(String url) {
    driver.get(url);
  }

  /** The element a CSS selector finds, waiting for it. */
  WebElement find(String selector) {
    await(() -> !driver.findElements(By.cssSelector(selector)).isEmpty(), selector);
    return driver.findElement(By.cssSelector(selector));
  }

  boolean has(String selector) {
    return !driver.findElements(By.cssSelector(selector)).isEmpty();
  }

  void type(String selector, String text) {
    WebElement field = find(selector);
    field.clear();
    field.sendKeys(text);
  }

  void click(String selector) {
    find(selector).click();
  }

  /** Waits for the page with this heading. */
  void awaitHeading(String heading) {
    await(() -> heading.equals(textOf("h1")), heading);
  }

  /** Waits for an element with this text. */
  void awaitText(String selector, String text) {
    await(() -> text.equals(textOf(selector)), selector + " saying " + text);
  }

  /** Waits until the page an element was on has been left. */
  void awaitLeft(WebElement element) {
    await(
        () -> {
          try {
            element.isEnabled();
            return false;
          } catch (WebDriverException left) {
            return true;
          }
        },
        "other page");
  }

  /** What the whole page says. */
  String text() {
    return find("body").getText();
  }

  private String textOf(String selector) {
    try {
      return driver.findElement(By.cssSelector(selector)).getText();
    } catch (WebDriverException between) {
      // One page has gone, or the other is not quite there; which of them decides the exception.
      return "";
    }
  }

  /** Every look is a round trip to the browser, so it needs no pause between. */
  private void await(BooleanSupplier condition, String what) {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError(
            "no " + what + " at " + driver.getCurrentUrl() + ": " + driver.getPageSource());
      }
    }
  }

  /** Forgets who is signed in. */
  void clearCookies() {
    command("Network.clearBrowserCookies", Map.of());
  }

  /** The language it asks pages for from now on. */
  void speak(String language) {
    String agent = String.valueOf(driver.executeScript("return navigator.userAgent"));
    command(
        "Emulation.setUserAgentOverride", Map.of("userAgent", agent, "acceptLanguage", language));
  }

  /** A window of this width, and this theme. */
  void look(int width, String theme) {
    command(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", 720, "deviceScaleFactor", 1, "mobile", false));
    command(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", theme))));
  }

  /** How many pixels one would have to scroll sideways. */
  long overflow() {
    return ((Number)
            driver.executeScript("return document.documentElement.scrollWidth - window.innerWidth"))
        .longValue();
  }

  /** Spreads the text as a reader may, or sets it back. */
  void spreadText(boolean spread) {
    driver.executeScript(SPREAD, spread);
  }

  /** What axe-core finds wrong with the page as it looks now. */
  List<?> violations() {
    if (!Boolean.TRUE.equals(driver.executeScript("return typeof axe === 'object'"))) {
      driver.executeScript(AXE);
    }
    return (List<?>) driver.executeAsyncScript(RUN_AXE);
  }

  /** The whole page as it looks now. */
  void screenshot(Path file) {
    Object data =
        command("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true))
            .get("data");
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, Base64.getDecoder().decode(String.valueOf(data)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Map<String, Object> command(String name, Map<String, Object> parameters) {
    return driver.executeCdpCommand(name, parameters);
  }

  private static String resource(String name) {
    try (InputStream in = Browser.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    driver.quit();
    try (Stream<Path> files = Files.walk(profile)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException | UncheckedIOException e) {
      // Chromium's last helper may still be tidying up itself.
    }
  }
}
