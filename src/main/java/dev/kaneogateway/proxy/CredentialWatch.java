package dev.kaneogateway.proxy;

import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.credentials.LiveStreams;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import org.jspecify.annotations.Nullable;

/**
 * Watches over the credential of a connection that stays open, and has it closed when that ends.
 * Where Kaneo itself judged the request (a cookie, a path of MCP), whose it is is found out now.
 * Confined to its event loop.
 */
final class CredentialWatch {
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
    Context loop = lane.vertx.getOrCreateContext();
    if (identity != null) {
      add(identity, loop);
    } else {
      lane.authenticator
          .holder(headers)
          .onSuccess(
              holder -> {
                if (!over) {
                  holder.ifPresent(found -> add(found, loop));
                }
              });
    }
  }

  private void add(Identity identity, Context loop) {
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
