package dev.kaneogateway.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.fixtures.RawPeer;
import dev.kaneogateway.fixtures.RunningGateway;
import dev.kaneogateway.fixtures.ScriptedUpstream;
import dev.kaneogateway.fixtures.TestDatabase;
import dev.kaneogateway.metrics.GatewayMetrics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** More connections than there are places for. */
@Timeout(60)
class OpenConnectionsIT {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final String NOBODY_TRUSTED = "192.0.2.1";
  private static TestDatabase database;

  private ScriptedUpstream kaneo;

  /** How a connection comes to its end. */
  enum End {
    CLIENT_CLOSES {
      @Override
      void bring(RawPeer peer) throws IOException {
        peer.close();
      }
    },
    CLIENT_RESETS {
      @Override
      void bring(RawPeer peer) throws IOException {
        peer.reset();
      }
    },
    AFTER_AN_ANSWER {
      @Override
      void bring(RawPeer peer) throws IOException {
        peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").readAll();
      }
    },
    NO_HTTP {
      @Override
      void bring(RawPeer peer) throws IOException {
        peer.send("(\r\n\r\n").readAll();
      }
    },
    WRONG_HTTP_2 {
      @Override
      void bring(RawPeer peer) throws IOException {
        peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nno frame of settings").readAll();
      }
    },
    KANEO_BREAKS_OFF {
      @Override
      void bring(RawPeer peer) throws IOException {
        peer.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n").readAll();
      }
    },
    HEAD_TAKES_TOO_LONG {
      @Override
      void bring(RawPeer peer) throws IOException {
        peer.send("GET / HTTP/1.1\r\n").readAll();
      }
    };

    abstract void bring(RawPeer peer) throws IOException;
  }

  @BeforeAll
  static void create() {
    database = TestDatabase.createEmpty();
  }

  @BeforeEach
  void start() throws Exception {
    kaneo =
        new ScriptedUpstream(
            (head, connection) -> {
              connection.write(
                  head.startsWith("GET /broken")
                      ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
                      : ScriptedUpstream.ok("hello"));
              return !head.startsWith("GET /broken");
            });
  }

  @AfterEach
  void stop() throws Exception {
    kaneo.close();
  }

  @Test
  void thoseAboveTheCeilingAreClosedAsTheyComeAndOthersServed() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_CONNECTIONS", "2");
        RawPeer first = new RawPeer(gateway.port());
        RawPeer second = new RawPeer(gateway.port())) {
      gateway.awaitMetric("kaneo_gateway_connections_open 2.0");
      for (int i = 0; i < 20; i++) {
        assertRefused(gateway);
      }
      assertHello(first);
      assertHello(second);
      String metrics = gateway.metrics();
      assertTrue(metrics.contains(refused("connections", 20)), metrics);
      assertTrue(metrics.contains("kaneo_gateway_connections_open 2.0"), metrics);
    }
  }

  /** Nobody has looked at its bytes as a guard would, and nobody answers for it. */
  @Test
  void nothingThatARefusedClientHasSentIsActedUpon() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_CONNECTIONS", "1");
        RawPeer first = new RawPeer(gateway.port())) {
      gateway.awaitMetric("kaneo_gateway_connections_open 1.0");
      for (int i = 0; i < 3000; i++) {
        try (RawPeer further = new RawPeer(gateway.port())) {
          further.send("GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n").reset();
        } catch (IOException e) {
          assertTrue(e.getMessage().matches("Connection reset by peer|Broken pipe"), e.toString());
        }
      }
      assertHello(first);
      assertEquals(1, kaneo.unseen());
    }
  }

  @Test
  void oneAddressCannotTakeAllPlaces() throws Exception {
    try (RunningGateway gateway =
            gateway("GATEWAY_CONNECTIONS_PER_ADDRESS", "1", "TRUSTED_PROXIES", NOBODY_TRUSTED);
        RawPeer first = new RawPeer(gateway.port())) {
      assertHello(first);
      assertRefused(gateway);
      try (RawPeer other = new RawPeer(gateway.port(), "127.0.0.2")) {
        assertHello(other);
      }
      String metrics = gateway.metrics();
      assertTrue(metrics.contains(refused("connections_per_address", 1)), metrics);
      assertTrue(metrics.contains(refused("connections", 0)), metrics);
    }
  }

  @Test
  void aTrustedProxySpeaksForManyAddresses() throws Exception {
    try (RunningGateway gateway = gateway("GATEWAY_CONNECTIONS_PER_ADDRESS", "1")) {
      List<RawPeer> peers = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        peers.add(new RawPeer(gateway.port()));
        assertHello(peers.get(i));
      }
      for (RawPeer peer : peers) {
        peer.close();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(End.class)
  void aPlaceComesBackHoweverAConnectionEnds(End end) throws Exception {
    try (RunningGateway gateway =
        gateway(
            "GATEWAY_CONNECTIONS", "1",
            "GATEWAY_CONNECTIONS_PER_ADDRESS", "1",
            "TRUSTED_PROXIES", NOBODY_TRUSTED,
            "GATEWAY_HEAD_TIMEOUT_MS", "100")) {
      for (int i = 0; i < 3; i++) {
        try (RawPeer peer = new RawPeer(gateway.port())) {
          gateway.awaitMetric("kaneo_gateway_connections_open 1.0");
          end.bring(peer);
          gateway.awaitMetric("kaneo_gateway_connections_open 0.0");
        }
      }
      try (RawPeer after = new RawPeer(gateway.port())) {
        assertHello(after);
      }
      assertTrue(gateway.metrics().contains(refused("connections_per_address", 0)));
    }
  }

  @Test
  void aThirdOfTheDescriptorsIsLeftForStreamsOfKaneo() {
    try (GatewayMetrics metrics = new GatewayMetrics()) {
      Counting counting = new Counting(10, Ticker.systemTicker(), metrics, SharedCounts.NONE);
      Means means = new Means(64 + 5, 1 << 30, 64);
      OpenConnections places = new OpenConnections(counting, means);
      places.number(means, 0, 0);
      InetAddress peer = InetAddress.getLoopbackAddress();
      Runnable first = places.admit(peer);
      assertNotEquals(null, places.admit(peer));
      assertEquals(null, places.admit(peer));
      first.run();
      assertNotEquals(null, places.admit(peer));
    }
  }

  private RunningGateway gateway(String... settings) {
    return RunningGateway.start(database, kaneo.port(), settings);
  }

  private static void assertHello(RawPeer peer) throws IOException {
    String answer = peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").readUntil("hello");
    assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
  }

  private static void assertRefused(RunningGateway gateway) {
    try (RawPeer further = new RawPeer(gateway.port())) {
      assertEquals("(reset)", further.readAll());
    } catch (IOException e) {
      // So soon that its own connect hears of it.
      assertEquals("Connection reset by peer", e.getMessage());
    }
  }

  private static String refused(String ceiling, int times) {
    return "kaneo_gateway_connections_refused_total{ceiling=\"" + ceiling + "\"} " + times + ".0";
  }
}
