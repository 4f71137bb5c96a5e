package dev.kaneogateway;

import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;

/**
 * Looks now and then whether one of some files has another date, and waits until it has kept it
 * from one look to the next: the first half of a file that is being written can be read as well as
 * the whole, and what it does not say yet would be taken for taken back. Notification by the system
 * misses the links that orchestrators swap under a mounted file.
 */
final class FileWatch {
  private final List<Path> files;
  private List<FileTime> acted;
  private List<FileTime> seen;

  /** Notes the files' dates; to be made when they are read. */
  FileWatch(List<Path> files) {
    this.files = files;
    this.acted = dates();
    this.seen = acted;
  }

  /** Watches until the Vertx closes; the action runs on a worker thread. */
  void start(Vertx vertx, Duration every, Runnable whenChanged) {
    long timer =
        vertx.setPeriodic(
            every.toMillis(),
            id ->
                vertx.executeBlocking(
                    () -> {
                      look(whenChanged);
                      return null;
                    }));
    // Timers go on until the event loops end, and worker threads end sooner.
    ((VertxInternal) vertx)
        .addCloseHook(
            done -> {
              vertx.cancelTimer(timer);
              done.succeed();
            });
  }

  synchronized void look(Runnable whenChanged) {
    List<FileTime> now = dates();
    boolean still = now.equals(seen);
    seen = now;
    if (still && !now.equals(acted)) {
      acted = now;
      whenChanged.run();
    }
  }

  private List<FileTime> dates() {
    return files.stream().map(FileWatch::date).toList();
  }

  private static FileTime date(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      // Between the removal of the old file and the arrival of the new one.
      return FileTime.fromMillis(0);
    }
  }
}
