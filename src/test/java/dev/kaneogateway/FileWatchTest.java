package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.fixtures.RunningGateway;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWatchTest {
  private final AtomicInteger told = new AtomicInteger();
  private Path file;
  private FileWatch watch;

  @BeforeEach
  void watch(@TempDir Path directory) throws IOException {
    file = Files.createFile(directory.resolve("settings"));
    watch = new FileWatch(List.of(file));
  }

  @Test
  void aFileThatIsBeingWrittenIsLeftAloneUntilItIsWhole() throws IOException {
    for (int part = 1; part <= 3; part++) {
      Files.setLastModifiedTime(file, FileTime.fromMillis(part));
      look();
      assertEquals(0, told.get());
    }
    look();
    assertEquals(1, told.get());
    look();
    assertEquals(1, told.get());
  }

  @Test
  void itsEndIsQuiet() {
    List<Throwable> thrown = new CopyOnWriteArrayList<>();
    for (int round = 0; round < 20; round++) {
      Vertx vertx = Vertx.vertx();
      vertx.exceptionHandler(thrown::add);
      for (int more = 0; more < 20; more++) {
        new FileWatch(List.of(file)).start(vertx, Duration.ofMillis(1), told::incrementAndGet);
      }
      RunningGateway.await(vertx.close());
    }
    assertEquals(List.of(), thrown);
  }

  @Test
  void aFileThatIsGoneForAMomentIsTakenUpOnceItIsBack() throws IOException {
    FileTime before = Files.getLastModifiedTime(file);
    Files.delete(file);
    look();
    Files.setLastModifiedTime(Files.createFile(file), before);
    look();
    assertEquals(0, told.get());
    look();
    assertEquals(1, told.get());
  }

  @Test
  void aFileThatMayBeReadAtLastIsTakenUpAlthoughItsContentIsNoNewer() throws IOException {
    Object before = Files.getAttribute(file, "unix:ctime");
    do { // The date of an inode is as coarse as the kernel's clock.
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    } while (before.equals(Files.getAttribute(file, "unix:ctime")));
    look();
    look();
    assertEquals(1, told.get());
  }

  private void look() {
    watch.look(told::incrementAndGet);
  }
}
