package dev.kaneogateway.pages;

import dev.kaneogateway.device.UserCode;
import dev.kaneogateway.web.Exchange;

/** Signs people in and out by forms of the page's own. One for each event loop. */
final class SignInSteps {
  private final KaneoSignIn kaneo;
  private final PageViews views;
  private final PageWriter writer;

  SignInSteps(KaneoSignIn kaneo, PageViews views, PageWriter writer) {
    this.kaneo = kaneo;
    this.views = views;
    this.writer = writer;
  }

  void signIn(Exchange exchange, Form form) {
    String code = UserCode.normalize(form.get("user_code"));
    String email = form.get("email").strip();
    if (email.isEmpty() || form.get("password").isEmpty()) {
      views.signInPage(exchange, 422, code, email, "error.signin.empty");
      return;
    }
    kaneo
        .signIn(exchange, email, form.get("password"))
        .onSuccess(
            word -> {
              if (word.signedIn()) {
                word.cookies()
                    .forEach(cookie -> exchange.response().headers().add("Set-Cookie", cookie));
                writer.redirect(exchange, DevicePages.SIGNED_IN, code);
              } else {
                String error =
                    word.status() == 401
                        ? "error.signin.wrong"
                        : word.status() == 429
                            ? "error.signin.often"
                            : word.status() == 200
                                ? "error.signin.more"
                                : word.status() == 403 && !word.message().isEmpty()
                                    ? word.message()
                                    : word.status() < 500 ? "error.signin.wrong" : "error.trouble";
                views.signInPage(exchange, word.status() < 500 ? 422 : 503, code, email, error);
              }
            })
        .onFailure(away -> views.signInPage(exchange, 503, code, email, "error.trouble"));
  }

  /**
   * Of somebody whom Kaneo has just let in and whose browser brought no session back that holds: it
   * keeps no cookies, or not those of this address, as of {@code Secure} ones that came by plain
   * HTTP; or {@code AUTH_SECRET} is not Kaneo's. Without a word the form would be there again, as
   * if nothing had happened.
   */
  void notKept(Exchange exchange) {
    String code = UserCode.normalize(Form.ofQuery(exchange.head().target()).get("user_code"));
    views.signInPage(exchange, 403, code, "", "error.signin.notKept");
  }

  void signOut(Exchange exchange, Form form) {
    String code = UserCode.normalize(form.get("user_code"));
    kaneo
        .signOut(exchange)
        .onSuccess(
            word -> {
              if (word.status() >= 400) {
                views.problem(exchange, 503, "trouble");
                return;
              }
              word.cookies()
                  .forEach(cookie -> exchange.response().headers().add("Set-Cookie", cookie));
              writer.redirectToStart(exchange, code);
            })
        .onFailure(failure -> views.trouble(exchange, failure));
  }
}
