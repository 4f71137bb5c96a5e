package dev.kaneogateway.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** W3C Trace Context §3.2. */
class TraceParentTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String SPAN = "b7ad6b7169203331";

  @Test
  void aSoundFieldIsReadAndKeptAsItCame() {
    String text = "00-" + TRACE + "-" + SPAN + "-01";
    assertEquals(new TraceParent(text, TRACE, SPAN, true), TraceParent.parse(List.of(text)));
    String unsampled = "00-" + TRACE + "-" + SPAN + "-00";
    assertEquals(
        new TraceParent(unsampled, TRACE, SPAN, false), TraceParent.parse(List.of(unsampled)));
  }

  @Test
  void aLaterVersionMaySayMore() {
    String text = "cc-" + TRACE + "-" + SPAN + "-01-what-will-be";
    assertEquals(new TraceParent(text, TRACE, SPAN, true), TraceParent.parse(List.of(text)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01"
      })
  void anUnsoundFieldIsNone(String text) {
    assertNull(TraceParent.parse(List.of(text)));
  }

  @Test
  void twoFieldsAreNone() {
    String text = "00-" + TRACE + "-" + SPAN + "-01";
    assertNull(TraceParent.parse(List.of(text, text)));
    assertNull(TraceParent.parse(List.of()));
  }

  @Test
  void aTraceThatBeginsHereIsSoundAndItsOwn() {
    TraceParent first = TraceParent.start(true);
    TraceParent read = TraceParent.parse(List.of(first.text()));
    assertNotNull(read);
    assertEquals(first, read);
    assertTrue(first.sampled());
    assertNotEquals(first.traceId(), TraceParent.start(true).traceId());
  }
}
