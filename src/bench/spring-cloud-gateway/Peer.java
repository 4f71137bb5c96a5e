package bench;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Set;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.gateway.filter.GlobalFilter;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpStatus;

/** Spring Cloud Gateway doing the same check as the other peers of the benchmark. */
@SpringBootApplication
public class Peer {
  public static void main(String[] arguments) {
    SpringApplication.run(Peer.class, arguments);
  }

  @Bean
  RouteLocator routes(RouteLocatorBuilder builder) {
    return builder.routes().route(r -> r.path("/**").uri(System.getenv("UPSTREAM"))).build();
  }

  @Bean
  GlobalFilter check() throws Exception {
    Set<String> digests = Set.copyOf(Files.readAllLines(Path.of(System.getenv("DIGESTS"))));
    HexFormat hex = HexFormat.of().withUpperCase();
    return (exchange, chain) -> {
      String credential = exchange.getRequest().getHeaders().getFirst("Authorization");
      if (credential != null && credential.startsWith("Bearer ")) {
        byte[] token = credential.substring(7).getBytes(StandardCharsets.UTF_8);
        if (digests.contains(hex.formatHex(digest(token)))) {
          return chain.filter(exchange);
        }
      }
      exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
      return exchange.getResponse().setComplete();
    };
  }

  private static byte[] digest(byte[] token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token);
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
