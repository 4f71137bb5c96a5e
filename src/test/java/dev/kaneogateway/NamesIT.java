package dev.kaneogateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kaneogateway.fixtures.Await;
import dev.kaneogateway.fixtures.NameServer;
import dev.kaneogateway.fixtures.RunningGateway;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.dns.AddressResolverOptions;
import io.vertx.core.net.NetClient;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Names whose address changes while a gateway runs. */
@Timeout(60)
class NamesIT {
  private static final String HERE = "127.0.0.2";
  private static final String THERE = "127.0.0.3";

  private ServerSocket everywhere;
  private NameServer names;
  private Path hosts;
  private Vertx vertx;
  private NetClient client;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    everywhere = new ServerSocket(0);
    names = new NameServer(InetAddress.getByName(HERE));
    hosts = Files.writeString(directory.resolve("hosts"), HERE + " in-the-file\n");
    AddressResolverOptions options = Gateway.names();
    options.addServer("127.0.0.1:" + names.port()).setHostsPath(hosts.toString());
    vertx = Vertx.vertx(new VertxOptions().setAddressResolverOptions(options));
    client = vertx.createNetClient();
  }

  @AfterEach
  void stop() throws Exception {
    RunningGateway.await(vertx.close());
    names.close();
    everywhere.close();
  }

  @Test
  void aContainerThatIsMadeAnewIsFoundAtItsNewAddress() throws Exception {
    assertEquals(HERE, reached("kaneo.test"));
    names.move(InetAddress.getByName(THERE));
    Await.until("found there", () -> reached("kaneo.test").equals(THERE));
  }

  @Test
  void aChangedHostsFileIsRead() throws Exception {
    assertEquals(HERE, reached("in-the-file"));
    Files.writeString(hosts, THERE + " in-the-file\n");
    Await.until("found there", () -> reached("in-the-file").equals(THERE));
  }

  /** The address at which a connection to this name arrives. */
  private String reached(String name) throws Exception {
    RunningGateway.await(client.connect(everywhere.getLocalPort(), name).compose(s -> s.close()));
    try (Socket arrived = everywhere.accept()) {
      return arrived.getLocalAddress().getHostAddress();
    }
  }
}
