package dev.kaneogateway.proxy;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.kaneogateway.auth.RequestCredential;
import dev.kaneogateway.config.Settings;
import dev.kaneogateway.credentials.CredentialCache;
import dev.kaneogateway.credentials.Identity;
import dev.kaneogateway.credentials.TokenDigest;
import dev.kaneogateway.credentials.Verdict;
import io.vertx.core.MultiMap;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** What a request costs in our own code: {@code mvn -Pjmh test -DskipTests}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class RequestPathBenchmark {
  private static final String TOKEN = "eToJZueoQilXqLrMQtKjdVuKKiuVWsBtSnaFVCevvBlSLVfvEwuyMYXNugtnLwbr";

  private final CredentialCache cache = cache();
  private final MultiMap headers =
      MultiMap.caseInsensitiveMultiMap()
          .add("Host", "kaneo.example.org")
          .add("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
          .add("Accept", "application/json")
          .add("Accept-Language", "en-US,en;q=0.5")
          .add("Accept-Encoding", "gzip, deflate, br")
          .add("Authorization", "Bearer " + TOKEN)
          .add("Content-Type", "application/json")
          .add("Origin", "https://kaneo.example.org")
          .add("Connection", "keep-alive")
          .add("X-Forwarded-For", "203.0.113.7")
          .add("Sec-Fetch-Site", "same-origin")
          .add("Cookie", "theme=dark");

  private static CredentialCache cache() {
    try {
      Settings settings =
          Settings.load(
              Map.of("DATABASE_URL", "postgresql://a@localhost/a", "GATEWAY_CACHE_TTL_MS", "3600000"),
              Optional.empty(),
              Optional.empty());
      CredentialCache cache =
          new CredentialCache(settings.credentials(), Clock.systemUTC(), Ticker.systemTicker());
      Identity identity =
          new Identity(Identity.Kind.API_KEY, "id", "user", Optional.empty(), Optional.empty());
      cache.put(TokenDigest.of(TOKEN), new Verdict.Valid(identity), cache.generation());
      return cache;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** From the token to the verdict, SHA-256 included. */
  @Benchmark
  public Verdict credentialHit() {
    return cache.get(TokenDigest.of(TOKEN));
  }

  /** From the fields to the token. */
  @Benchmark
  public RequestCredential tokenParser() {
    return RequestCredential.of(headers);
  }

  /** Which of the fields go on to Kaneo. */
  @Benchmark
  public void headerCleaning(Blackhole kept) {
    List<Map.Entry<String, String>> all = headers.entries();
    kept.consume(HopByHop.named(headers));
    for (Map.Entry<String, String> field : all) {
      kept.consume(RequestHeaders.isDropped(field.getKey()));
    }
  }
}
