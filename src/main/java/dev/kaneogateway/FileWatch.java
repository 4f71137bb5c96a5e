package dev.kaneogateway;

import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Looks now and then whether one of some files has other dates, and waits until it has kept them
 * from one look to the next: the first half of a file that is being written can be read as well as
 * the whole, and what it does not say yet would be taken for taken back. Notification by the system
 * misses the links that orchestrators swap under a mounted file.
 */
final class FileWatch {
  /**
   * What is compared. A file that was given to us after we could not read it has kept the date of
   * its content, and so has one that a package brings, where all are of 1970; the date of its inode
   * is another.
   */
  private static final String DATES =
      FileSystems.getDefault().supportedFileAttributeViews().contains("unix")
          ? "unix:lastModifiedTime,ctime"
          : "lastModifiedTime";

  private final List<Path> files;
  private List<Map<String, Object>> acted;
  private List<Map<String, Object>> seen;

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
    List<Map<String, Object>> now = dates();
    boolean still = now.equals(seen);
    seen = now;
    if (still && !now.equals(acted)) {
      acted = now;
      whenChanged.run();
    }
  }

  private List<Map<String, Object>> dates() {
    return files.stream().map(FileWatch::dates).toList();
  }

  private static Map<String, Object> dates(Path file) {
    try {
      return Files.readAttributes(file, DATES);
    } catch (IOException e) {
      // Between the removal of the old file and the arrival of the new one.
      return Map.of();
    }
  }
}
