package dev.kaneogateway.proxy;

import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.credentials.LiveStreams;
import dev.kaneogateway.credentials.Verdict;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import org.jspecify.annotations.Nullable;

/**
 * Watches over the credential of a connection that stays open, and has it closed when that ends.
 * Where Kaneo itself judged the request (a cookie, a path of MCP), whose it is is found out now;
 * that a session has ended Kaneo may not know for five minutes. Confined to its event loop.
 */
final class CredentialWatch {
  /** While the database cannot say whose it is. */
  private static final long ASK_AGAIN_MS = 1000;

  private final Lane lane;
  private final Runnable whenEnded;
  private LiveStreams.@Nullable Stream stream;
  private boolean over;

  CredentialWatch(Lane lane, Runnable whenEnded) {
    this.lane = lane;
    this.whenEnded = whenEnded;
  }

  /** Begins, with the identity if the gateway knows it. */
  void start(@Nullable Identity identity, MultiMap headers) {
    if (identity != null) {
      add(identity);
    } else {
      ask(headers);
    }
  }

  private void ask(MultiMap headers) {
    lane.authenticator
        .secondOpinion(headers)
        .onSuccess(opinion -> opinion.ifPresent(verdict -> heed(verdict, headers)));
  }

  private void heed(Verdict verdict, MultiMap headers) {
    if (over) {
      return;
    }
    if (verdict instanceof Verdict.Valid valid) {
      add(valid.identity());
    } else if (verdict instanceof Verdict.Invalid) {
      whenEnded.run();
    } else {
      lane.vertx.setTimer(ASK_AGAIN_MS, late -> ask(headers));
    }
  }

  private void add(Identity identity) {
    Context loop = lane.vertx.getOrCreateContext();
    stream = lane.streams.add(identity, () -> loop.runOnContext(ended -> whenEnded.run()));
  }

  /** The connection has closed. */
  void stop() {
    over = true;
    if (stream != null) {
      lane.streams.remove(stream);
    }
  }
}
