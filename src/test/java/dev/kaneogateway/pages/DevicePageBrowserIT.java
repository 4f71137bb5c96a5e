package dev.kaneogateway.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kaneogateway.demo.DemoSeed;
import dev.kaneogateway.demo.RunningSampleKaneo;
import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.Browser;
import dev.kaneogateway.fixtures.FreePort;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.TestDatabase;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The approval page in a real browser, from sign-in to token. */
class DevicePageBrowserIT {
  private static final String GRANT = "urn:ietf:params:oauth:grant-type:device_code";
  private static final String SOFTWARE = "kaneo-cli/1.4.0 (Linux; x86_64)";
  private static final String ENTRY = "Connect a device";
  private static final String CONFIRM = "Allow Kaneo CLI to use your account?";
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");
  private static final HttpClient DEVICE =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static TestDatabase database;
  private static RunningSampleKaneo kaneo;
  private static RunningGateway gateway;
  private static RunningGateway strictGateway;
  private static String base;
  private static Browser browser;

  @BeforeAll
  static void start() throws Exception {
    List<String> missing = Browser.missing();
    if (!"true".equals(System.getenv("CI"))) {
      Assumptions.assumeTrue(missing.isEmpty(), () -> "not on the PATH: " + missing);
    }
    assertEquals(List.of(), missing, "not on the PATH");
    database = TestDatabase.create();
    kaneo = new RunningSampleKaneo(database);
    gateway = startGateway("1000");
    base = "http://localhost:" + gateway.port();
    strictGateway = startGateway("1");
    browser = new Browser(Map.of());
  }

  private static RunningGateway startGateway(String wrongCodes) throws Exception {
    int port = FreePort.find();
    RunningGateway started =
        RunningGateway.start(
            database,
            kaneo.port(),
            "GATEWAY_PORT",
            Integer.toString(port),
            "KANEO_CLIENT_URL",
            "http://localhost:" + port,
            "GATEWAY_PUBLIC_URL",
            "http://localhost:" + port,
            "GATEWAY_DEVICE_CODES_PER_MINUTE",
            "1000",
            "GATEWAY_DEVICE_WRONG_CODES_PER_USER",
            wrongCodes,
            "GATEWAY_DEVICE_WRONG_CODES_PER_ADDRESS",
            "1000");
    URI page = URI.create("http://localhost:" + port + "/api/project");
    HttpRequest ready =
        HttpRequest.newBuilder(page)
            .header("Authorization", "Bearer " + DemoSeed.SESSION_TOKEN)
            .build();
    Await.until(
        "the database is known",
        () -> DEVICE.send(ready, HttpResponse.BodyHandlers.discarding()).statusCode() != 503);
    return started;
  }

  @AfterAll
  static void stop() {
    List<AutoCloseable> running = new ArrayList<>();
    running.add(browser);
    running.add(strictGateway);
    running.add(gateway);
    running.add(kaneo);
    running.removeIf(part -> part == null);
    for (AutoCloseable part : running) {
      try {
        part.close();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  @BeforeEach
  void asAStranger() {
    browser.clearCookies();
    browser.look(1280, "light");
  }

  @Test
  void aTypedCodeLeadsFromSignInToAWorkingToken() {
    typedStory(browser);
  }

  @Test
  void theWholeStoryNeedsNoJavaScript() {
    try (Browser plain =
        new Browser(Map.of("profile.managed_default_content_settings.javascript", 2))) {
      plain.open("data:text/html,<title>off</title><script>document.title='on'</script>");
      assertEquals("off", plain.driver().getTitle(), "JavaScript is switched off");
      typedStory(plain);
      plain.clearCookies();
      linkStory(plain);
    }
  }

  @Test
  void aBrowserThatKeepsNoCookiesIsToldSo() {
    String code = ask().getString("user_code");
    HttpResponse<String> signedIn =
        send(
            HttpRequest.newBuilder(URI.create(base + "/device/sign-in"))
                .header("Origin", base)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "email="
                            + DemoSeed.EMAIL
                            + "&password="
                            + DemoSeed.PASSWORD
                            + "&user_code="
                            + code)));
    assertEquals(303, signedIn.statusCode(), signedIn.body());
    browser.open(base + signedIn.headers().firstValue("Location").orElseThrow());
    browser.awaitText(
        "#problem",
        "Your password is right, but no sign-in that holds here came back from your browser. Allow cookies"
            + " for this address, or open this page at the address where you use Kaneo."
            + " If that does not help, tell whoever runs Kaneo.");
    assertEquals(code, browser.find("[name=user_code]").getDomProperty("value"), "is not lost");
  }

  private static void typedStory(Browser browser) {
    JsonObject codes = ask();
    String code = codes.getString("user_code");
    browser.open(base + "/device");
    browser.awaitHeading("Sign in to connect a device");
    signIn(browser, "wrong-password");
    browser.awaitText("[role=alert]", "Email or password is wrong.");
    assertEquals(DemoSeed.EMAIL, browser.find("#email").getDomProperty("value"));
    assertEquals("", browser.find("#password").getDomProperty("value"));
    signIn(browser, DemoSeed.PASSWORD);
    browser.awaitHeading(ENTRY);
    assertEquals("Connect a device – Kaneo", browser.driver().getTitle());

    browser.type("#user_code", "ABCD-EFO1");
    browser.click("button.primary");
    browser.awaitText(
        "#problem",
        "A code has 8 letters and digits, none of them O, I, 0 or 1. Check it on your device.");
    browser.type("#user_code", "ZZZZ-ZZZZ");
    browser.click("button.primary");
    browser.awaitText(
        "#problem",
        "We do not know that code, or it has expired. Check it, or start again on your device.");
    WebElement field = browser.find("#user_code");
    assertEquals("ZZZZ-ZZZZ", field.getDomProperty("value"));
    assertEquals("true", field.getDomAttribute("aria-invalid"));
    assertTrue(field.getDomAttribute("aria-describedby").contains("problem"));
    WebElement problem = browser.find("#problem");
    int gap = problem.getLocation().y - field.getLocation().y - field.getSize().height;
    assertTrue(gap >= 0 && gap < 24, "the error is told next to the field, not " + gap + " px off");

    browser.type("#user_code", " " + shown(code).toLowerCase(java.util.Locale.ROOT) + ".");
    browser.click("button.primary");
    browser.awaitHeading(CONFIRM);
    assertEquals(base + "/device/confirm", browser.driver().getCurrentUrl());
    assertFalse(browser.has("[name=seen]"), "who typed the code has compared it");
    String text = browser.text();
    for (String told :
        List.of(
            "Kaneo CLI",
            "Demo Person",
            DemoSeed.EMAIL,
            shown(code),
            "127.0.0.1",
            SOFTWARE,
            "choose Deny")) {
      assertTrue(text.contains(told), told + " is missing from: " + text);
    }
    assertTrue(
        Pattern.compile("just now\\s+\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC").matcher(text).find(),
        text);
    assertFalse(browser.driver().getPageSource().contains(codes.getString("device_code")));

    browser.click("[value=allow]");
    browser.awaitHeading("Done");
    assertTrue(browser.text().contains("Go back to your device."));
    JsonObject token = poll(codes);
    assertEquals(200, projects(token.getString("access_token")), token.encode());
    assertEquals(401, projects("x" + token.getString("access_token")));
  }

  @Test
  void aDeniedDeviceGetsAccessDenied() {
    JsonObject codes = ask();
    signedIn();
    confirmTyped(codes);
    browser.click("[value=deny]");
    browser.awaitHeading("Denied");
    assertEquals("access_denied", poll(codes).getString("error"));
  }

  @Test
  void aCodeInALinkOutlivesTheSignInAndAllowNeedsTheTick() {
    linkStory(browser);
  }

  private static void linkStory(Browser browser) {
    JsonObject codes = ask();
    browser.open(codes.getString("verification_uri_complete"));
    browser.awaitHeading("Sign in to connect a device");
    signIn(browser, "wrong-password");
    browser.awaitText("[role=alert]", "Email or password is wrong.");
    signIn(browser, DemoSeed.PASSWORD);
    browser.awaitHeading(CONFIRM);
    assertTrue(browser.text().contains(shown(codes.getString("user_code"))));

    WebElement untouched = browser.find("[value=allow]");
    untouched.click();
    if (!browser.has("[name=seen]:invalid")) {
      // The browser itself did not hold it back, so the gateway has to.
      browser.awaitLeft(untouched);
      browser.awaitHeading(CONFIRM);
    }
    browser.awaitText(
        "#problem", "To allow it, first confirm that your own device shows this code.");
    assertEquals(
        browser.find("[name=seen]"),
        browser.driver().switchTo().activeElement(),
        "the page opens where the tick is missing, for the message is below the fold");
    assertEquals("pending", status(codes));
    assertEquals("authorization_pending", poll(codes).getString("error"));

    browser.click("[name=seen]");
    browser.click("[value=allow]");
    browser.awaitHeading("Done");
    // The device keeps its interval of five seconds; its last poll is put that far back.
    database.execute(
        "UPDATE device_code SET last_polled_at = last_polled_at - interval '10 seconds'");
    assertEquals(200, projects(poll(codes).getString("access_token")));
  }

  @Test
  void aLinkMayBeDeniedWithoutTheTick() {
    JsonObject codes = ask();
    signedIn();
    browser.open(codes.getString("verification_uri_complete"));
    browser.click("[value=deny]");
    browser.awaitHeading("Denied");
    assertEquals("access_denied", poll(codes).getString("error"));
  }

  @Test
  void openingALinkChangesNothing() {
    JsonObject codes = ask();
    String before = row(codes);
    browser.open(codes.getString("verification_uri_complete"));
    browser.awaitHeading("Sign in to connect a device");
    assertEquals(before, row(codes), "signed out");
    signIn(browser, DemoSeed.PASSWORD);
    browser.awaitHeading(CONFIRM);
    browser.driver().navigate().refresh();
    browser.awaitHeading(CONFIRM);
    assertEquals(before, row(codes), "signed in");
  }

  @Test
  void anotherAccountMayTakeTheCodeOver() {
    JsonObject codes = ask();
    signedIn();
    browser.open(codes.getString("verification_uri_complete"));
    browser.click("button.link");
    browser.awaitHeading("Sign in to connect a device");
    signIn(browser, DemoSeed.PASSWORD);
    browser.awaitHeading(CONFIRM);
    assertTrue(browser.text().contains(shown(codes.getString("user_code"))));
  }

  @Test
  void anotherAccountMayTakeATypedCodeOver() {
    JsonObject codes = ask();
    signedIn();
    confirmTyped(codes);
    assertEquals("demoUser", owner(codes));
    browser.click("button.link");
    browser.awaitHeading("Sign in to connect a device");
    assertEquals("", owner(codes));
    signIn(browser, DemoSeed.PASSWORD);
    browser.awaitHeading(CONFIRM);
  }

  @Test
  void aLinkWithHalfACodeIsNoGuess() {
    signedIn();
    for (int i = 0; i < 8; i++) {
      browser.open(base + "/device?user_code=A");
      browser.awaitHeading(ENTRY);
    }
    confirmTyped(ask());
  }

  @Test
  void theOwnLinkOfARedeemedCodeIsKnownAsUsed() {
    JsonObject codes = ask();
    decide(codes, "allow");
    browser.awaitHeading("Done");
    assertTrue(poll(codes).containsKey("access_token"));
    for (int i = 0; i < 8; i++) {
      browser.open(codes.getString("verification_uri_complete"));
      browser.find("svg.mark.warn");
      assertTrue(browser.driver().getCurrentUrl().endsWith("/device/result?outcome=used"));
    }
  }

  /** As a double click does, whose first answer nobody sees, or a second tab. */
  @ParameterizedTest
  @CsvSource({
    "allow, allow, Done",
    "deny, deny, Denied",
    "allow, deny, This device was allowed before",
    "deny, allow, This code was already used"
  })
  void aSecondDecisionIsToldWhatHolds(String first, String second, String heading) {
    JsonObject codes = ask();
    signedIn();
    confirmTyped(codes);
    String page = browser.driver().getWindowHandle();
    String form = "document.querySelector('form[action=\"/device/decision\"]').target = ";
    browser.driver().executeScript(form + "'_blank'");
    browser.click("[value=" + first + "]");
    String status = "SELECT status FROM device_code WHERE user_code = '";
    Await.until(
        "a decision",
        () -> !database.query(status + codes.getString("user_code") + "'").equals("pending"));
    for (String window : browser.driver().getWindowHandles()) {
      if (!window.equals(page)) {
        browser.driver().switchTo().window(window).close();
      }
    }
    browser.driver().switchTo().window(page);
    browser.driver().executeScript(form + "''");
    browser.click("[value=" + second + "]");
    browser.awaitHeading(heading);
  }

  @Test
  void whereABrowserStandsAfterARefusalIsAPage() {
    signedIn();
    for (String path : new String[] {"/device/", "/device/sign-in", "/device/decision"}) {
      browser.open(base + path);
      browser.awaitHeading(ENTRY);
    }
  }

  /** Kaneo's web app goes there without a load; a reload, or a sign-in elsewhere, loads it. */
  @Test
  void theAddressOfKaneosOwnApprovalLeadsToTheCode() {
    JsonObject codes = ask();
    signedIn();
    browser.open(base + "/device/approve?user_code=" + codes.getString("user_code"));
    browser.awaitHeading(CONFIRM);
    browser.open(base + "/device/approve");
    browser.awaitHeading(ENTRY);
  }

  /** Kaneo's web app shows its own pages in any case and after any number of slashes. */
  @ParameterizedTest
  @ValueSource(strings = {"/device/", "/DEVICE/approve", "//device/approve", "/%44evice"})
  void noSpellingOfAnAddressLeadsPastThisPage(String path) {
    JsonObject codes = ask();
    signedIn();
    browser.open(base + path + "?user_code=" + codes.getString("user_code"));
    browser.awaitHeading(CONFIRM);
  }

  @Test
  void aSessionThatEndsBeforeTheDecisionDoesNotCostTheCode() {
    JsonObject codes = ask();
    signedIn();
    confirmTyped(codes);
    browser.clearCookies();
    browser.click("[value=allow]");
    browser.awaitHeading("Sign in to connect a device");
    assertEquals("pending", status(codes));
    signIn(browser, DemoSeed.PASSWORD);
    browser.awaitHeading(CONFIRM);
  }

  @Test
  void aWrongEntryHasARedBorder() {
    signedIn();
    String before = browser.find("#user_code").getCssValue("border-top-color");
    browser.type("#user_code", "ABC");
    browser.click("button.primary");
    browser.find("#problem");
    assertNotEquals(before, browser.find("#user_code").getCssValue("border-top-color"));
  }

  /** They list no sessions: nobody could end a device's there. */
  @Test
  void noPageSendsAnybodyToKaneosSettingsToEndAnAccess() {
    JsonObject codes = ask();
    signedIn();
    confirmTyped(codes);
    assertFalse(browser.text().contains("settings"), browser.text());
    browser.click("[value=allow]");
    browser.awaitHeading("Done");
    assertFalse(browser.has("a[href*='/settings']"));
    browser.open(base + "/device/result?outcome=late");
    browser.awaitHeading("This device was allowed before");
    assertFalse(browser.has("a[href*='/settings']"));
    assertFalse(browser.text().contains("settings"), browser.text());
  }

  @Test
  void reloadingAResultPostsNothingAgain() {
    JsonObject codes = ask();
    signedIn();
    confirmTyped(codes);
    browser.click("[value=deny]");
    browser.awaitHeading("Denied");
    set(codes, "status = 'pending'");
    String before = row(codes);
    browser.driver().navigate().refresh();
    browser.awaitHeading("Denied");
    assertEquals(before, row(codes));
  }

  @Test
  void aGermanBrowserReadsGerman() {
    browser.speak("de-AT,de,en");
    try {
      JsonObject codes = ask();
      browser.open(base + "/device");
      browser.awaitHeading("Anmelden, um ein Gerät zu verbinden");
      assertEquals("de", browser.find("html").getDomAttribute("lang"));
      signIn(browser, DemoSeed.PASSWORD);
      browser.awaitHeading("Gerät verbinden");
      browser.type("#user_code", codes.getString("user_code"));
      browser.click("button.primary");
      browser.awaitHeading("Darf Kaneo CLI Ihr Konto verwenden?");
      fitsAndIsAccessible("german-confirm");
      browser.click("[value=allow]");
      browser.awaitHeading("Fertig");
    } finally {
      browser.speak("en");
    }
  }

  @Test
  void aKeyboardIsEnough() {
    JsonObject codes = ask();
    browser.open(base + "/device");
    tabTo("#email").sendKeys(DemoSeed.EMAIL);
    tabTo("#password").sendKeys(DemoSeed.PASSWORD + Keys.ENTER);
    browser.awaitHeading(ENTRY);
    // The code's field has the focus by itself.
    focused().sendKeys(shown(codes.getString("user_code")) + Keys.ENTER);
    browser.awaitHeading(CONFIRM);
    assertEquals("body", focused().getTagName(), "neither button is chosen beforehand");
    WebElement deny = tabTo("[value=deny]");
    assertNotEquals("none", deny.getCssValue("outline-style"), "the focus is visible");
    focused().sendKeys(Keys.TAB);
    assertEquals("allow", focused().getDomProperty("value"));
    focused().sendKeys(Keys.SPACE);
    browser.awaitHeading("Done");
    assertEquals(200, projects(poll(codes).getString("access_token")));
  }

  @Test
  void aKeyboardIsEnoughForALinkToo() {
    JsonObject codes = ask();
    signedIn();
    browser.open(codes.getString("verification_uri_complete"));
    browser.awaitHeading(CONFIRM);
    tabTo("[name=seen]").sendKeys(Keys.SPACE);
    tabTo("[value=deny]");
    tabTo("[value=allow]").sendKeys(Keys.ENTER);
    browser.awaitHeading("Done");
    assertEquals(200, projects(poll(codes).getString("access_token")));
  }

  /** Presses Tab until an element has the focus, as a person would. */
  private static WebElement tabTo(String selector) {
    WebElement wanted = browser.find(selector);
    for (int presses = 0; presses < 20; presses++) {
      if (focused().equals(wanted)) {
        return wanted;
      }
      focused().sendKeys(Keys.TAB);
    }
    throw new AssertionError("Tab does not lead to " + selector);
  }

  private static WebElement focused() {
    return browser.driver().switchTo().activeElement();
  }

  /** Every page there is, and the way to it. */
  enum State {
    SIGN_IN("Sign in to connect a device", codes -> browser.open(base + "/device")),
    SIGN_IN_ERROR(
        "Sign in to connect a device",
        codes -> {
          browser.open(base + "/device");
          signIn(browser, "wrong-password");
          browser.find("[role=alert]");
        }),
    ENTRY(DevicePageBrowserIT.ENTRY, codes -> signedIn()),
    ENTRY_ERROR(
        DevicePageBrowserIT.ENTRY,
        codes -> {
          signedIn();
          browser.type("#user_code", "ZZZZ-ZZZZ");
          browser.click("button.primary");
          browser.find("#problem");
        }),
    CONFIRM_TYPED(
        CONFIRM,
        codes -> {
          signedIn();
          confirmTyped(codes);
        }),
    CONFIRM_BY_LINK(
        CONFIRM,
        codes -> {
          signedIn();
          browser.open(codes.getString("verification_uri_complete"));
        }),
    CONFIRM_WITHOUT_TICK(
        CONFIRM,
        codes -> {
          signedIn();
          browser.open(codes.getString("verification_uri_complete"));
          browser.click("[value=allow]");
          browser.find("#problem");
        }),
    ALLOWED("Done", codes -> decide(codes, "allow")),
    DENIED("Denied", codes -> decide(codes, "deny")),
    EXPIRED(
        "This code has expired",
        codes -> {
          signedIn();
          confirmTyped(codes);
          set(codes, "expires_at = timezone('utc', now()) - interval '1 second'");
          browser.click("[value=allow]");
        }),
    USED(
        "This code was already used",
        codes -> {
          signedIn();
          confirmTyped(codes);
          set(codes, "status = 'denied'");
          browser.click("[value=allow]");
        }),
    LIMIT(
        "Too many tries",
        codes -> {
          signedIn();
          browser.open("http://localhost:" + strictGateway.port() + "/device?user_code=ZZZZZZZZ");
          browser.driver().navigate().refresh();
        }),
    TROUBLE(
        "Something went wrong",
        codes -> {
          signedIn();
          database.execute("ALTER TABLE device_code RENAME TO device_code_away");
          try {
            browser.open(codes.getString("verification_uri_complete"));
          } finally {
            database.execute("ALTER TABLE device_code_away RENAME TO device_code");
          }
        }),
    FORBIDDEN(
        "This was not accepted",
        codes -> {
          signedIn();
          // As after signing in anew in another tab: the seal is of a session that is over.
          browser.driver().executeScript("document.querySelector('[name=seal]').value = 'old'");
          browser.type("#user_code", codes.getString("user_code"));
          browser.click("button.primary");
        }),
    NOTFOUND("There is no such page", codes -> browser.open(base + "/device/nothing"));

    private final String heading;
    private final Consumer<JsonObject> way;

    State(String heading, Consumer<JsonObject> way) {
      this.heading = heading;
      this.way = way;
    }

    void open() {
      way.accept(ask());
      browser.awaitHeading(heading);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyPageIsAccessibleAndFitsInBothThemesAndWidths(State state) {
    state.open();
    fitsAndIsAccessible(state.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'));
  }

  private static void fitsAndIsAccessible(String name) {
    List<String> wrong = new ArrayList<>();
    for (int width : new int[] {320, 1280}) {
      for (String theme : List.of("light", "dark")) {
        browser.look(width, theme);
        String look = name + "-" + width + "-" + theme;
        browser.screenshot(SCREENSHOTS.resolve(look + ".png"));
        if (browser.overflow() > 0) {
          wrong.add(look + ": " + browser.overflow() + " px too wide");
        }
        if ((width == 320) == theme.equals("light")) {
          // Contrast depends on the theme, everything else on the width: two looks are all four.
          browser.violations().forEach(violation -> wrong.add(look + ": " + violation));
          browser.spreadText(true);
          if (browser.overflow() > 0) {
            wrong.add(look + ": " + browser.overflow() + " px too wide with spread text");
          }
          browser.spreadText(false);
          browser.doubleText(true);
          if (browser.overflow() > 0) {
            wrong.add(look + ": " + browser.overflow() + " px too wide with doubled text");
          }
          browser.doubleText(false);
        }
      }
    }
    assertEquals(List.of(), wrong);
  }

  private static void signedIn() {
    browser.open(base + "/device");
    signIn(browser, DemoSeed.PASSWORD);
    browser.awaitHeading(ENTRY);
  }

  private static void signIn(Browser browser, String password) {
    browser.type("#email", DemoSeed.EMAIL);
    browser.type("#password", password);
    browser.click("button.primary");
  }

  private static void confirmTyped(JsonObject codes) {
    browser.type("#user_code", codes.getString("user_code"));
    browser.click("button.primary");
    browser.awaitHeading(CONFIRM);
  }

  private static void decide(JsonObject codes, String decision) {
    signedIn();
    confirmTyped(codes);
    browser.click("[value=" + decision + "]");
  }

  /** A device asks for codes. */
  private static JsonObject ask() {
    return new JsonObject(post("/api/auth/device/code", "client_id=kaneo-cli").body());
  }

  /** The device looks whether it may come in. */
  private static JsonObject poll(JsonObject codes) {
    return new JsonObject(
        post(
                "/api/auth/device/token",
                "client_id=kaneo-cli&grant_type="
                    + GRANT
                    + "&device_code="
                    + codes.getString("device_code"))
            .body());
  }

  /** The status of an API request with a token. */
  private static int projects(String token) {
    return send(HttpRequest.newBuilder(URI.create(base + "/api/project"))
            .header("Authorization", "Bearer " + token))
        .statusCode();
  }

  private static HttpResponse<String> post(String path, String form) {
    return send(
        HttpRequest.newBuilder(URI.create(base + path))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("User-Agent", SOFTWARE)
            .POST(HttpRequest.BodyPublishers.ofString(form)));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return DEVICE.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String shown(String code) {
    return code.substring(0, 4) + "-" + code.substring(4);
  }

  private static String row(JsonObject codes) {
    return database.query("SELECT d::text FROM device_code d" + where(codes));
  }

  private static String owner(JsonObject codes) {
    return database.query("SELECT coalesce(user_id, '') FROM device_code" + where(codes));
  }

  private static String status(JsonObject codes) {
    return database.query("SELECT status FROM device_code" + where(codes));
  }

  private static void set(JsonObject codes, String change) {
    database.execute("UPDATE device_code SET " + change + where(codes));
  }

  private static String where(JsonObject codes) {
    return " WHERE user_code = '" + codes.getString("user_code") + "'";
  }
}
