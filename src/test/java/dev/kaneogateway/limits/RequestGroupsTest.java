package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.web.RequestHead;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestGroupsTest {
  @ParameterizedTest
  @CsvSource({
    "/api/auth/sign-in/email, SIGN_IN",
    "/api/auth/sign-in, SIGN_IN",
    "/api/auth//sign-in//email, SIGN_IN",
    "/api/auth/sign-in%2Femail, SIGN_IN",
    "/x//../api/auth/sign-in/email, SIGN_IN",
    "/api/auth%2Fdevice, DEVICE",
    "/api/auth/reset-password/some-token, SIGN_IN",
    "/api/auth/email-otp/verify-email, SIGN_IN",
    "/api/auth/two-factor/verify-totp, SIGN_IN",
    "/device/sign-in, SIGN_IN",
    "/api/auth/sign-up/email, SIGN_UP",
    "/api/auth/get-session, REST",
    "/api/auth/sign-out, REST",
    "/api/auth/device/token, DEVICE",
    "/api/auth/device, DEVICE",
    "/device, DEVICE",
    "/device/confirm, DEVICE",
    "/devices, REST",
    "/api/task/1, REST",
    "/, REST"
  })
  void theDefaultPathsTellGuessingFromTheRest(String path, RequestGroups.Group group)
      throws Exception {
    Settings settings =
        Settings.load(
            Map.of("DATABASE_URL", "postgresql://a:b@127.0.0.1:1/x"),
            Optional.empty(),
            Optional.empty());
    assertEquals(
        group, new RequestGroups(settings.rateLimits()).of(new RequestHead(path, "", 0, false)));
  }

  @ParameterizedTest
  @CsvSource({"/login/password, SIGN_IN", "/x/1/y, SIGN_UP", "/api/auth/sign-in/email, REST"})
  void anOperatorsPathsReplaceThem(String path, RequestGroups.Group group) throws Exception {
    Settings settings =
        Settings.load(
            Map.of(
                "DATABASE_URL", "postgresql://a:b@127.0.0.1:1/x",
                "GATEWAY_SIGN_IN_PATHS", "/login/*",
                "GATEWAY_SIGN_UP_PATHS", "/x/:id/y"),
            Optional.empty(),
            Optional.empty());
    assertEquals(
        group, new RequestGroups(settings.rateLimits()).of(new RequestHead(path, "", 0, false)));
  }
}
