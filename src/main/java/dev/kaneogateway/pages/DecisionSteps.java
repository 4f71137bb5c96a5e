package dev.kaneogateway.pages;

import dev.kaneogateway.auth.Person;
import dev.kaneogateway.bus.Bus;
import dev.kaneogateway.device.DeviceAnswer;
import dev.kaneogateway.device.DeviceQuestion;
import dev.kaneogateway.device.DeviceVerticle;
import dev.kaneogateway.device.UserCode;
import dev.kaneogateway.web.Exchange;
import dev.kaneogateway.web.Seals;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;

/** From a code to a decision on it, for a person who is signed in. One for each event loop. */
final class DecisionSteps {
  private final Bus bus;
  private final CodeSearch search;
  private final CodeCookie cookie;
  private final Seals seals;
  private final PageViews views;
  private final PageWriter writer;
  private final Duration patience;

  DecisionSteps(
      Bus bus,
      CodeSearch search,
      CodeCookie cookie,
      Seals seals,
      PageViews views,
      PageWriter writer,
      Duration patience) {
    this.bus = bus;
    this.search = search;
    this.cookie = cookie;
    this.seals = seals;
    this.views = views;
    this.writer = writer;
    this.patience = patience;
  }

  /** Shows the entry, or what a link's code stands for. */
  void open(Exchange exchange, Person.SignedIn person) {
    String code = UserCode.normalize(Form.ofQuery(exchange.head().target()).get("user_code"));
    if (code.isEmpty()) {
      views.entryPage(exchange, person, 200, "", "");
    } else if (!UserCode.isComplete(code)) {
      // No guess: no code is so long.
      views.entryPage(exchange, person, 422, code, "error.length");
    } else {
      showRequest(exchange, person, code, true, "");
    }
  }

  /** Shows what the typed code stands for. */
  void confirm(Exchange exchange, Person.SignedIn person) {
    String code = cookie.read(exchange, person);
    if (code.isEmpty()) {
      writer.redirect(exchange, DevicePages.PATH);
    } else {
      showRequest(exchange, person, code, false, "");
    }
  }

  private void showRequest(
      Exchange exchange, Person.SignedIn person, String code, boolean byLink, String error) {
    search
        .find(exchange, person, code, false)
        .onSuccess(
            looked -> {
              Optional<DeviceAnswer.Request> found = looked.request();
              if (found.isPresent() && found.get().isOpenFor(person.userId())) {
                views.confirmPage(exchange, person, found.get(), byLink, error);
              } else {
                notOpen(exchange, person, code, looked);
              }
            })
        .onFailure(failure -> views.trouble(exchange, failure));
  }

  /** Whose code it is decides what is told: to strangers unknown, expired and taken are one. */
  private void notOpen(
      Exchange exchange, Person.SignedIn person, String code, DeviceAnswer.Looked looked) {
    boolean own = looked.isOf(person.userId());
    if (own && !looked.request().map(r -> r.status().equals("pending")).orElse(false)) {
      writer.redirect(exchange, DevicePages.PATH + "/result?outcome=used");
    } else if (own) {
      writer.redirect(exchange, DevicePages.PATH + "/result?outcome=expired");
    } else {
      views.entryPage(exchange, person, 422, UserCode.display(code), "error.code");
    }
  }

  /** Takes a typed code. */
  void enter(Exchange exchange, Person.SignedIn person, Form form) {
    if (!seals.holds(form.get("seal"), person.sessionId(), "enter")) {
      views.forbidden(exchange);
      return;
    }
    String code = UserCode.normalize(form.get("user_code"));
    if (!UserCode.isComplete(code)) {
      views.entryPage(exchange, person, 422, form.get("user_code"), "error.length");
      return;
    }
    search
        .find(exchange, person, code, true)
        .onSuccess(
            looked -> {
              if (looked.request().filter(r -> r.isOpenFor(person.userId())).isPresent()) {
                cookie.set(exchange, person, code);
                writer.redirect(exchange, DevicePages.PATH + "/confirm");
              } else {
                notOpen(exchange, person, code, looked);
              }
            })
        .onFailure(failure -> views.trouble(exchange, failure));
  }

  /** Takes a decision. */
  void decide(Exchange exchange, Person.SignedIn person, Form form) {
    String code = form.get("user_code");
    String way = form.get("way");
    if (!seals.holds(form.get("seal"), person.sessionId(), "decide", code, way)) {
      views.forbidden(exchange);
      return;
    }
    boolean allow = form.get("decision").equals("allow");
    if (!allow && !form.get("decision").equals("deny")) {
      views.forbidden(exchange);
    } else if (allow && way.equals("link") && !form.get("seen").equals("yes")) {
      showRequest(exchange, person, code, true, "error.tick");
    } else {
      conclude(exchange, person, code, allow);
    }
  }

  /** A session that ended between two steps must not cost the person the code. */
  void signInFirst(Exchange exchange, Form form) {
    String code = UserCode.normalize(form.get("user_code"));
    writer.redirectToStart(exchange, code);
  }

  /** Gives up a code that was typed and not decided on; never fails. */
  Future<?> release(Person.SignedIn person, Form form) {
    String code = UserCode.normalize(form.get("user_code"));
    return UserCode.isComplete(code)
        ? bus.ask(
                DeviceVerticle.RELEASE, new DeviceQuestion.Release(code, person.userId()), patience)
            .otherwiseEmpty()
        : Future.succeededFuture();
  }

  private void conclude(Exchange exchange, Person.SignedIn person, String code, boolean allow) {
    bus.ask(
            DeviceVerticle.DECIDE,
            new DeviceQuestion.Decide(code, person.userId(), allow, true),
            patience)
        .onSuccess(
            decided -> {
              cookie.clear(exchange);
              String outcome =
                  switch (decided.outcome()) {
                    case DONE -> allow ? "allowed" : "denied";
                    // As a second click finds it.
                    case ALLOWED_BEFORE -> allow ? "allowed" : "late";
                    case DENIED_BEFORE -> allow ? "used" : "denied";
                    default -> "expired";
                  };
              writer.redirect(exchange, DevicePages.PATH + "/result?outcome=" + outcome);
            })
        // It may have been taken, and only the answer be late.
        .onFailure(failure -> views.problem(exchange, 503, "unsure"));
  }
}
