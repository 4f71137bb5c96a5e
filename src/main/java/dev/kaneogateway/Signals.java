package dev.kaneogateway;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * Signals of the operating system. The JDK has {@code sun.misc.Signal} and nothing else for them,
 * of which its compiler warns without a way to say that it is meant; hence by reflection.
 */
final class Signals {
  private Signals() {}

  /** Runs an action, on a thread of its own, each time the process is sent a signal. */
  static void on(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object handling =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                }
                return null;
              });
      Method handle = signal.getMethod("handle", signal, handler);
      handle.invoke(null, signal.getConstructor(String.class).newInstance(name), handling);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      // A JVM without it, or one told by -Xrs to leave signals alone.
      org.slf4j.LoggerFactory.getLogger(Signals.class)
          .warn("SIG{} is left to the JVM: it cannot be handled here", name);
    }
  }
}
