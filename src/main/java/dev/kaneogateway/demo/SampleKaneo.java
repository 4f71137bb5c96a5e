package dev.kaneogateway.demo;

import dev.kaneogateway.auth.RequestCredential;
import dev.kaneogateway.credentials.SessionTokens;
import dev.kaneogateway.credentials.TokenDigest;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.pgclient.PgBuilder;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Tuple;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A sample of Kaneo, not Kaneo: as much of its behaviour as shows the gateway at work. It knows one
 * person and keeps its projects and tasks in memory.
 */
final class SampleKaneo extends VerticleBase {
  private static final String COOKIE = "better-auth.session_token";

  private static final SessionTokens TOKENS = new SessionTokens(Optional.of(DemoSeed.AUTH_SECRET));

  private final String databaseUrl;
  private final JsonArray projects =
      new JsonArray().add(new JsonObject().put("id", "p1").put("name", "Sample project"));
  private final JsonArray tasks =
      new JsonArray()
          .add(new JsonObject().put("id", "t1").put("projectId", "p1").put("title", "Look around"));
  private @Nullable HttpServer server;
  private @Nullable Pool pool;

  SampleKaneo(String databaseUrl) {
    this.databaseUrl = databaseUrl;
  }

  @Override
  public Future<?> start() {
    pool =
        PgBuilder.pool()
            .with(new PoolOptions().setMaxSize(4))
            .connectingTo(databaseUrl)
            .using(vertx)
            .build();
    Router router = Router.router(vertx);
    router.get("/api/health").handler(c -> json(c, 200, new JsonObject().put("status", "ok")));
    router.get("/api/config").handler(c -> json(c, 200, new JsonObject().put("sample", true)));
    router.post("/api/auth/sign-in/email").handler(BodyHandler.create(false)).handler(this::signIn);
    router.post("/api/auth/sign-out").handler(SampleKaneo::signOut);
    router.get("/api/auth/get-session").handler(this::getSession);
    router.route("/api/*").handler(this::authenticate);
    router.get("/api/project").handler(c -> json(c, 200, projects));
    router.get("/api/task/tasks/:project").handler(c -> json(c, 200, tasks));
    router.post("/api/task/:project").handler(BodyHandler.create(false)).handler(this::createTask);
    router.put("/api/upload").handler(SampleKaneo::upload);
    router.get("/api/events").handler(this::events);
    router.route("/api/*").handler(c -> c.response().setStatusCode(404).end("404 Not Found"));
    router
        .get("/*")
        .handler(
            c ->
                c.response()
                    .putHeader("Content-Type", "text/html;charset=UTF-8")
                    .end(
                        "<!doctype html><title>Sample Kaneo</title><h1>Sample Kaneo</h1><p>Behind the gateway.</p>"));
    server =
        vertx
            .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0))
            .webSocketHandler(SampleKaneo::webSocket)
            .requestHandler(router);
    return server.listen();
  }

  int port() {
    return server == null ? -1 : server.actualPort();
  }

  private void signIn(RoutingContext context) {
    JsonObject body = context.body().asJsonObject();
    boolean right =
        body != null
            && DemoSeed.EMAIL.equals(body.getString("email"))
            && DemoSeed.PASSWORD.equals(body.getString("password"));
    if (!right) {
      json(
          context,
          401,
          new JsonObject()
              .put("message", "Invalid email or password")
              .put("code", "INVALID_EMAIL_OR_PASSWORD"));
      return;
    }
    String token = UUID.randomUUID().toString().replace("-", "");
    sql(
            "INSERT INTO session (id, token, user_id, expires_at, updated_at) VALUES ($1, $1, $2,"
                + " timezone('utc', now()) + interval '7 days', timezone('utc', now()))",
            Tuple.of(token, DemoSeed.USER_ID))
        .onSuccess(
            done -> {
              String signed = TOKENS.signed(token).orElseThrow();
              context
                  .response()
                  .addCookie(
                      Cookie.cookie(COOKIE, URLEncoder.encode(signed, StandardCharsets.UTF_8))
                          .setPath("/")
                          .setHttpOnly(true)
                          .setMaxAge(604_800));
              context.response().putHeader("set-auth-token", signed);
              json(context, 200, new JsonObject().put("token", token).put("user", person()));
            })
        .onFailure(context::fail);
  }

  private static void signOut(RoutingContext context) {
    context.response().addCookie(Cookie.cookie(COOKIE, "").setPath("/").setMaxAge(0));
    json(context, 200, new JsonObject().put("success", true));
  }

  private void getSession(RoutingContext context) {
    owner(context.request())
        .onSuccess(
            user ->
                json(
                    context,
                    200,
                    user.isPresent()
                        ? new JsonObject()
                            .put("session", new JsonObject().put("userId", user.get()))
                            .put("user", person())
                        : null))
        .onFailure(context::fail);
  }

  private void authenticate(RoutingContext context) {
    HttpServerRequest request = context.request().pause();
    owner(request)
        .onSuccess(
            user -> {
              if (user.isPresent()) {
                request.resume();
                context.next();
              } else {
                context
                    .response()
                    .setStatusCode(401)
                    .putHeader("Content-Type", "text/plain;charset=UTF-8")
                    .end("Unauthorized");
              }
            })
        .onFailure(context::fail);
  }

  private Future<Optional<String>> owner(HttpServerRequest request) {
    RequestCredential credential = RequestCredential.of(request.headers());
    String token = "";
    if (credential instanceof RequestCredential.Bearer bearer) {
      token = bearer.token();
    } else if (credential instanceof RequestCredential.ApiKey key) {
      token = key.key();
    } else if (request.getCookie(COOKIE) != null) {
      token = request.getCookie(COOKIE).getValue();
    }
    return sql(
            "SELECT reference_id FROM apikey WHERE key = $1 AND enabled"
                + " AND (expires_at IS NULL OR expires_at > timezone('utc', now()))"
                + " UNION ALL SELECT user_id FROM session WHERE token = $2"
                + " AND expires_at > timezone('utc', now())",
            Tuple.of(TokenDigest.of(token).base64Url(), TOKENS.bareToken(token).orElse("")))
        .map(
            rows ->
                rows.iterator().hasNext()
                    ? Optional.ofNullable(rows.iterator().next().getString(0))
                    : Optional.empty());
  }

  private void createTask(RoutingContext context) {
    JsonObject body = context.body().asJsonObject();
    JsonObject task =
        new JsonObject()
            .put("id", "t" + (tasks.size() + 1))
            .put("projectId", context.pathParam("project"))
            .put("title", body == null ? "Untitled" : body.getString("title", "Untitled"));
    tasks.add(task);
    vertx.eventBus().publish("sample-kaneo.events", task);
    json(context, 200, task);
  }

  private static void upload(RoutingContext context) {
    long[] bytes = {0};
    context.request().handler(chunk -> bytes[0] += chunk.length());
    context
        .request()
        .endHandler(end -> json(context, 200, new JsonObject().put("bytes", bytes[0])));
  }

  private void events(RoutingContext context) {
    context.response().setChunked(true).putHeader("Content-Type", "text/event-stream");
    context.response().write("event: hello\ndata: {}\n\n");
    long timer =
        vertx.setPeriodic(1000, id -> context.response().write("event: tick\ndata: {}\n\n"));
    context.response().closeHandler(closed -> vertx.cancelTimer(timer));
  }

  private static void webSocket(ServerWebSocket socket) {
    socket.textMessageHandler(text -> socket.writeTextMessage("you said: " + text));
  }

  private Future<io.vertx.sqlclient.RowSet<io.vertx.sqlclient.Row>> sql(String sql, Tuple values) {
    return pool == null
        ? Future.failedFuture("not started")
        : pool.preparedQuery(sql).execute(values);
  }

  private static JsonObject person() {
    return new JsonObject()
        .put("id", DemoSeed.USER_ID)
        .put("email", DemoSeed.EMAIL)
        .put("name", "Demo Person");
  }

  private static void json(RoutingContext context, int status, @Nullable Object body) {
    if (context.request().method().equals(HttpMethod.HEAD)) {
      context.response().setStatusCode(status).end();
    } else {
      context
          .response()
          .setStatusCode(status)
          .putHeader("Content-Type", "application/json")
          .end(body == null ? "null" : body.toString());
    }
  }
}
