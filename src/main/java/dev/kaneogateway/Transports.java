package dev.kaneogateway;

import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.transport.Transport;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ways to serve sockets, the one that costs least first. */
final class Transports {
  private static final Logger LOG = LoggerFactory.getLogger(Transports.class);
  private static final List<Transport> ALL =
      List.of(Transport.IO_URING, Transport.EPOLL, Transport.NIO);

  /** Before it, kernels have io_uring with faults that were mended since. */
  private static final String IO_URING_SINCE = "6.1";

  private Transports() {}

  /**
   * What the setting means on this machine; for what it does not allow the next best stands in.
   *
   * @param unixSocket whether the database is behind one, which Vert.x reaches not by io_uring
   */
  static Transport choose(String wanted, boolean unixSocket) {
    boolean any = wanted.equals("auto");
    int from = any ? 0 : ALL.indexOf(named(wanted));
    if (unixSocket && from == 0) {
      if (!any) {
        LOG.warn("GATEWAY_TRANSPORT is io_uring, which does not reach DATABASE_URL's Unix socket");
      }
      from = 1;
    }
    for (Transport each : ALL.subList(from, ALL.size())) {
      if (each.available() && !(any && each == Transport.IO_URING && !isRecent(kernel()))) {
        if (any && each == Transport.NIO) {
          LOG.info(
              "sockets are served by the JDK's own nio, which costs more than epoll: {}",
              String.valueOf(Transport.EPOLL.unavailabilityCause()));
        }
        return each;
      }
      if (!any && each.name().equals(wanted)) {
        LOG.warn(
            "GATEWAY_TRANSPORT is {}, which this machine does not allow: {}",
            wanted,
            String.valueOf(each.unavailabilityCause()));
      }
    }
    return Transport.NIO;
  }

  private static Transport named(String name) {
    return ALL.stream().filter(each -> each.name().equals(name)).findFirst().orElse(Transport.NIO);
  }

  private static String kernel() {
    return System.getProperty("os.version", "");
  }

  /** Whether a kernel of this version, as {@code uname -r} tells it, is new enough. */
  static boolean isRecent(String kernel) {
    try {
      return Runtime.Version.parse(
                  kernel.replaceFirst("^(\\d+\\.\\d+).*", "$1").replaceFirst("\\.0$", ""))
              .compareTo(Runtime.Version.parse(IO_URING_SINCE))
          >= 0;
    } catch (IllegalArgumentException unknown) {
      return false;
    }
  }

  /** The name of the one in use. */
  static String of(Vertx vertx) {
    Class<?> used = ((VertxInternal) vertx).transport().getClass();
    return ALL.stream()
        .filter(each -> each.implementation().getClass() == used)
        .map(Transport::name)
        .findFirst()
        .orElse(Transport.NIO.name());
  }
}
