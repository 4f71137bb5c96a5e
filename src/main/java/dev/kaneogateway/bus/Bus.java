package dev.kaneogateway.bus;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageCodec;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.eventbus.ReplyException;
import java.time.Duration;
import java.util.function.Function;

/**
 * Asks and answers over the local event bus. Questions and answers are immutable records and cross
 * threads by reference, so they are never serialized. Safe from any thread; an answer arrives on
 * the context that asked.
 */
public final class Bus {
  private static final String CODEC = "immutable-record";
  private final EventBus eventBus;

  /** Readies the event bus of a Vertx; at most once for each. */
  public static Bus on(Vertx vertx) {
    vertx.eventBus().registerCodec(new ByReference());
    vertx.eventBus().codecSelector(body -> body instanceof Record ? CODEC : "");
    return new Bus(vertx.eventBus());
  }

  private Bus(EventBus eventBus) {
    this.eventBus = eventBus;
  }

  /** Asks a question; fails with {@link BusException} when no answer comes in time. */
  public <Q extends Record, A> Future<A> ask(Address<Q, A> address, Q question, Duration timeout) {
    DeliveryOptions options =
        new DeliveryOptions()
            .setLocalOnly(true)
            .setCodecName(CODEC)
            .setSendTimeout(timeout.toMillis());
    return eventBus
        .<A>request(address.name(), question, options)
        .map(Message::body)
        .recover(failure -> Future.failedFuture(translate(failure)));
  }

  /** Answers the questions of an address, on the context that calls this. */
  public <Q extends Record, A extends Record> Future<Void> answer(
      Address<Q, A> address, Function<Q, Future<A>> answering) {
    DeliveryOptions options = new DeliveryOptions().setLocalOnly(true).setCodecName(CODEC);
    MessageConsumer<Q> consumer =
        eventBus.localConsumer(
            address.name(),
            message ->
                answering
                    .apply(message.body())
                    .onComplete(
                        answer -> message.reply(answer, options),
                        failure -> message.fail(0, String.valueOf(failure.getMessage()))));
    return consumer.completion();
  }

  private static Throwable translate(Throwable failure) {
    if (failure instanceof ReplyException reply) {
      return new BusException(
          switch (reply.failureType()) {
            case TIMEOUT -> "no answer in time";
            case NO_HANDLERS -> "nobody answers";
            default -> String.valueOf(reply.getMessage());
          });
    }
    return failure;
  }

  /** Hands the very object over; the wire is never used. */
  private static final class ByReference implements MessageCodec<Record, Record> {
    @Override
    public void encodeToWire(Buffer buffer, Record record) {
      throw new UnsupportedOperationException("the event bus of the gateway is local");
    }

    @Override
    public Record decodeFromWire(int position, Buffer buffer) {
      throw new UnsupportedOperationException("the event bus of the gateway is local");
    }

    @Override
    public Record transform(Record record) {
      return record;
    }

    @Override
    public String name() {
      return CODEC;
    }

    @Override
    public byte systemCodecID() {
      return -1;
    }
  }
}
