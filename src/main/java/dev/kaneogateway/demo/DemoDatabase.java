package dev.kaneogateway.demo;

import dev.kaneogateway.web.ClassPath;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.stream.Stream;

/** A PostgreSQL of its own on a free port, gone without a trace when closed. */
public final class DemoDatabase implements AutoCloseable {
  private final Path directory;
  private final EmbeddedPostgres postgres;

  /** Starts PostgreSQL, without any table. */
  public DemoDatabase() throws IOException {
    directory = Files.createTempDirectory("kaneo-gateway-demo");
    postgres =
        EmbeddedPostgres.builder()
            .setOverrideWorkingDirectory(directory.toFile())
            .setDataDirectory(directory.resolve("data"))
            // The library would do so at a moment of its own, and report what close() was faster
            // at.
            .setCleanDataDirectory(false)
            .setServerConfig("max_connections", "200")
            .setServerConfig("fsync", "off")
            .setServerConfig("listen_addresses", "127.0.0.1")
            .start();
  }

  /** The address of a database on it. */
  public String url(String database) {
    return "postgresql://postgres:postgres@127.0.0.1:" + postgres.getPort() + "/" + database;
  }

  /** Runs statements in a database. */
  public void execute(String database, String sql) {
    try (Connection connection = postgres.getDatabase("postgres", database).getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The first column of the first row of a query, as text; empty if there is none. */
  public String query(String database, String sql) {
    try (Connection connection = postgres.getDatabase("postgres", database).getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      String value = rows.next() ? rows.getString(1) : "";
      return value == null ? "" : value;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Makes a database with Kaneo's tables and the demo's seed. */
  public void create(String database) {
    execute("postgres", "CREATE DATABASE " + database);
    execute(database, ClassPath.text("/demo/kaneo-tables.sql"));
    execute(database, DemoSeed.sql());
  }

  @Override
  public void close() throws IOException {
    postgres.close();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
    // The library makes this one too, and never uses it; another's would not be empty.
    new File(System.getProperty("java.io.tmpdir"), "embedded-pg").delete();
  }
}
