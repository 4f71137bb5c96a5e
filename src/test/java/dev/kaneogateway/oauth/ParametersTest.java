package dev.kaneogateway.oauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParametersTest {
  private static final String FORM = "application/x-www-form-urlencoded";
  private static final String JSON = "application/json";

  @ParameterizedTest
  @CsvSource({
    "application/x-www-form-urlencoded, client_id=a%2Bb&x=",
    "APPLICATION/X-WWW-FORM-URLENCODED;charset=UTF-8, x=&client_id=a%2bb",
    "application/json; charset=utf-8, '{\"client_id\":\"a+b\",\"x\":null,\"y\":{\"z\":[1]}}'"
  })
  void formsAndJsonSayTheSame(String type, String body) throws Exception {
    Parameters parameters = Parameters.read(type, Buffer.buffer(body));
    assertEquals("a+b", parameters.required("client_id"));
    assertEquals(Optional.empty(), parameters.optional("x"));
  }

  @Test
  void howeverManyParametersAFormHasNoneIsOverlooked() throws Exception {
    String many =
        IntStream.range(0, 300).mapToObj(i -> "x" + i + "=&").collect(Collectors.joining());
    assertEquals(
        "a", Parameters.read(FORM, Buffer.buffer(many + "client_id=a")).required("client_id"));
    assertEquals("invalid_request", error(FORM, "client_id=a&" + many + "client_id=b"));
  }

  /** As Windows' editors and shells save it, and as Kaneo takes it. */
  @Test
  void aByteOrderMarkBeforeJsonIsPassedOver() throws Exception {
    Buffer body = Buffer.buffer("\uFEFF{\"client_id\":\"a\"}");
    assertEquals("a", Parameters.read(JSON, body).required("client_id"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "client_id=a&client_id=b",
        "client_id=a&client_id=a",
        "client_id=%zz",
        "client_id=%00"
      })
  void aFormThatSaysTwoThingsIsRefused(String body) {
    assertEquals("invalid_request", error(FORM, body));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "null",
        "\"x\"",
        "{",
        "{\"a\":1,}",
        "{\"client_id\":\"a\",\"client_id\":\"b\"}",
        "{} {}",
        "{\"client_id\":1}",
        "{\"client_id\":{}}",
        "{\"client_id\":\"\\u0000\"}"
      })
  void jsonThatIsNoObjectOfStringsIsRefused(String body) {
    assertEquals("invalid_request", error(JSON, body));
  }

  @Test
  void anotherTypeIsTold415InOAuthsForm() {
    OAuthException e =
        assertThrows(
            OAuthException.class,
            () -> Parameters.read("text/plain", Buffer.buffer("client_id=a")));
    assertEquals(415, e.status());
    assertEquals("invalid_request", e.error());
    assertEquals("invalid_request", error(null, "client_id=a"));
  }

  @Property
  void whateverBytesComeTheAnswerIsAValueOrARefusal(@ForAll byte[] body, @ForAll boolean form) {
    try {
      Parameters.read(form ? FORM : JSON, Buffer.buffer(body)).optional("client_id");
    } catch (OAuthException refused) {
      assertEquals("invalid_request", refused.error());
    }
  }

  private static String error(String type, String body) {
    return assertThrows(
            OAuthException.class,
            () -> Parameters.read(type, Buffer.buffer(body)).required("client_id"))
        .error();
  }
}
