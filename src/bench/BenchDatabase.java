import dev.kaneogateway.demo.DemoDatabase;
import dev.kaneogateway.demo.DemoSeed;

/** The demo's PostgreSQL for as long as standard input is open; prints its URL and the API key. */
final class BenchDatabase {
  public static void main(String[] arguments) throws Exception {
    try (DemoDatabase database = new DemoDatabase()) {
      database.create("kaneo");
      System.out.println(database.url("kaneo") + " " + DemoSeed.API_KEY);
      while (System.in.read() >= 0) {}
    }
  }
}
