package dev.kaneogateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A PostgreSQL for the {@link Rehearsal}: it speaks the protocol (version 3.0), has the columns of
 * Kaneo's tables and nothing in them, so that the JVM gets to know what a conversation takes.
 */
final class RehearsalDatabase implements AutoCloseable {
  private static final String[] COLUMNS = {
    "user.id", "session.id", "session.token", "session.user_id", "session.expires_at",
    "apikey.id", "apikey.key", "apikey.enabled", "apikey.expires_at", "apikey.reference_id"
  };
  private static final Pattern PARAMETER = Pattern.compile("\\$(\\d+)(\\))?");
  private static final int SSL_REQUEST = 80877103;
  private static final int BOOLEAN = 16;
  private static final int BIGINT = 20;
  private static final int INTEGER = 23;
  private static final int TEXT = 25;
  private static final int TIMESTAMP = 1114;
  private static final int TEXT_ARRAY = 1009;

  /** Of the statement that judges credentials. */
  private static final int[] JUDGED = {
    BOOLEAN, TEXT, TEXT, TEXT, TIMESTAMP, BOOLEAN, TIMESTAMP, BIGINT, BIGINT
  };

  private final ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());

  RehearsalDatabase() throws IOException {
    daemon(
        () -> {
          while (true) {
            Socket client = server.accept();
            daemon(() -> converse(client));
          }
        });
  }

  String url() {
    return "postgresql://nobody@127.0.0.1:" + server.getLocalPort() + "/none";
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  private interface Conversation {
    void hold() throws IOException;
  }

  private static void daemon(Conversation conversation) {
    Thread thread =
        new Thread(
            () -> {
              try {
                conversation.hold();
              } catch (IOException over) {
                // The other side has gone.
              }
            },
            "rehearsal-database");
    thread.setDaemon(true);
    thread.start();
  }

  private static void converse(Socket client) throws IOException {
    try (client) {
      DataInputStream in = new DataInputStream(client.getInputStream());
      DataOutputStream out = new DataOutputStream(client.getOutputStream());
      while (startsWithTls(in)) {
        out.write('N');
      }
      say(out, 'R', body -> body.writeInt(0));
      say(out, 'S', body -> body.write("server_version\00015.0\0".getBytes(UTF_8)));
      say(out, 'S', body -> body.write("client_encoding\0UTF8\0".getBytes(UTF_8)));
      say(out, 'K', body -> body.writeLong(1));
      ready(out);
      String statement = "";
      for (int type = in.read(); type > 0 && type != 'X'; type = in.read()) {
        String body = new String(in.readNBytes(in.readInt() - 4), UTF_8);
        switch (type) {
          case 'Q' -> query(out, body);
          case 'P' -> {
            statement = body;
            say(out, '1', nothing -> {});
          }
          case 'D' -> describe(out, statement);
          case 'B' -> say(out, '2', nothing -> {});
          case 'C' -> say(out, '3', nothing -> {});
          case 'E' -> say(out, 'C', done -> done.write("SELECT 0\0".getBytes(UTF_8)));
          case 'S' -> ready(out);
          default -> {
            // Nothing else needs an answer.
          }
        }
      }
    }
  }

  private static boolean startsWithTls(DataInputStream in) throws IOException {
    byte[] start = in.readNBytes(in.readInt() - 4);
    return start.length == 4 && ByteBuffer.wrap(start).getInt() == SSL_REQUEST;
  }

  private static void query(DataOutputStream out, String sql) throws IOException {
    if (sql.contains("pg_attribute")) {
      columns(out, TEXT, BOOLEAN);
      for (String column : COLUMNS) {
        row(out, column, "t");
      }
    } else if (sql.contains("pg_notify")) {
      columns(out, BOOLEAN, BOOLEAN, TEXT, BOOLEAN);
      row(out, "f", "f", "", "f");
    } else if (sql.contains("pg_backend_pid")) {
      columns(out, INTEGER, TEXT, BOOLEAN);
      row(out, "0", "", "f");
    }
    say(out, 'C', done -> done.write("SELECT 0\0".getBytes(UTF_8)));
    ready(out);
  }

  private static void row(DataOutputStream out, String... values) throws IOException {
    say(
        out,
        'D',
        row -> {
          row.writeShort(values.length);
          for (String value : values) {
            row.writeInt(value.length());
            row.writeBytes(value);
          }
        });
  }

  private static void describe(DataOutputStream out, String sql) throws IOException {
    int[] types = new int[32];
    int most = 0;
    for (Matcher each = PARAMETER.matcher(sql); each.find(); ) {
      int number = Integer.parseInt(each.group(1));
      most = Math.max(most, number);
      types[number] = each.group(2) == null ? TEXT : TEXT_ARRAY;
    }
    int count = most;
    say(
        out,
        't',
        body -> {
          body.writeShort(count);
          for (int i = 1; i <= count; i++) {
            body.writeInt(types[i]);
          }
        });
    if (sql.contains("FROM apikey k")) {
      columns(out, JUDGED);
    } else {
      say(out, 'n', nothing -> {});
    }
  }

  private static void columns(DataOutputStream out, int... types) throws IOException {
    say(
        out,
        'T',
        body -> {
          body.writeShort(types.length);
          for (int type : types) {
            body.writeBytes("c\0");
            body.writeInt(0);
            body.writeShort(0);
            body.writeInt(type);
            body.writeShort(-1);
            body.writeInt(-1);
            body.writeShort(0);
          }
        });
  }

  private static void ready(DataOutputStream out) throws IOException {
    say(out, 'Z', body -> body.write('I'));
  }

  private interface Body {
    void write(DataOutputStream to) throws IOException;
  }

  private static void say(DataOutputStream out, char type, Body body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    body.write(new DataOutputStream(bytes));
    out.write(type);
    out.writeInt(bytes.size() + 4);
    bytes.writeTo(out);
  }
}
