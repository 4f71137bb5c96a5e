package dev.kaneogateway;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;

/**
 * Looks now and then whether one of some files has another date. Notification by the system misses
 * the links that orchestrators swap under a mounted file.
 */
final class FileWatch {
  private final List<Path> files;
  private List<FileTime> seen;

  /** Notes the files' dates; to be made when they are read. */
  FileWatch(List<Path> files) {
    this.files = files;
    this.seen = dates();
  }

  /** Watches until the Vertx closes; the action runs on a worker thread. */
  void start(Vertx vertx, Duration every, Runnable whenChanged) {
    vertx.setPeriodic(
        every.toMillis(),
        id ->
            vertx.executeBlocking(
                () -> {
                  look(whenChanged);
                  return null;
                }));
  }

  private synchronized void look(Runnable whenChanged) {
    List<FileTime> now = dates();
    if (!now.equals(seen)) {
      seen = now;
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
