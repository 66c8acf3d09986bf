import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TableJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;

/** The topologies, each the twin of the one of the same name in the Go test. */
final class Shapes {
    private static final Serde<String> TEXT = Serdes.String();
    private static final Consumed<String, String> CONSUMED = Consumed.with(TEXT, TEXT);

    private Shapes() {}

    static Topology build(String shape, List<String> in, String out) {
        StreamsBuilder b = new StreamsBuilder();
        switch (shape) {
            case "count" -> count(b, in.get(0), out);
            case "window" -> window(b, in.get(0), out);
            case "join" -> join(b, in.get(0), in.get(1), out);
            case "foreign-key" -> foreignKey(b, in.get(0), in.get(1), out);
            case "session" -> session(b, in.get(0), out);
            case "suppress" -> suppress(b, in.get(0), out);
            case "left-join" -> leftJoin(b, in.get(0), in.get(1), out);
            case "versioned" -> versioned(b, in.get(0), in.get(1), out);
            case "versioned-aggregate" -> versionedAggregate(b, in.get(0), in.get(1), out);
            case "chain" -> chain(b, in.get(0), out);
            default -> throw new IllegalArgumentException("no such shape: " + shape);
        }
        return b.build();
    }

    private static void count(StreamsBuilder b, String in, String out) {
        b.stream(in, CONSUMED)
                .flatMapValues(line -> Arrays.asList(line.split(" ")))
                .groupBy((k, word) -> word, Grouped.<String, String>as("words").withKeySerde(TEXT).withValueSerde(TEXT))
                .count(Materialized.as("counts"))
                .toStream()
                .to(out, Produced.with(TEXT, Serdes.Long()));
    }

    private static void window(StreamsBuilder b, String in, String out) {
        Duration size = Duration.ofMinutes(1);
        b.stream(in, CONSUMED)
                .groupByKey(Grouped.with(TEXT, TEXT))
                .windowedBy(TimeWindows.ofSizeAndGrace(size, Duration.ofSeconds(30)))
                .count(Materialized.as("windows"))
                .toStream()
                .to(out, Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, size.toMillis()), Serdes.Long()));
    }

    private static void join(StreamsBuilder b, String in, String rows, String out) {
        KTable<String, String> table = b.table(rows, CONSUMED, Materialized.as("rows"));
        b.stream(in, CONSUMED)
                .join(table, (v, row) -> v + "+" + row, Joined.with(TEXT, TEXT, TEXT))
                .to(out, Produced.with(TEXT, TEXT));
    }

    private static void foreignKey(StreamsBuilder b, String orders, String customers, String out) {
        KTable<String, String> left = b.table(orders, CONSUMED, Materialized.as("orders"));
        KTable<String, String> right = b.table(customers, CONSUMED, Materialized.as("customers"));
        left.join(right, order -> order.substring(0, order.indexOf(':')), (order, name) -> name + "+" + order,
                        TableJoined.as("customer"),
                        Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("named")
                                .withKeySerde(TEXT).withValueSerde(TEXT))
                .toStream()
                .to(out, Produced.with(TEXT, TEXT));
    }

    private static void session(StreamsBuilder b, String in, String out) {
        b.stream(in, CONSUMED)
                .groupByKey(Grouped.with(TEXT, TEXT))
                .windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(20), Duration.ofSeconds(30)))
                .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("sessions").withRetention(Duration.ofMinutes(10)))
                .toStream()
                .to(out, Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
    }

    private static void suppress(StreamsBuilder b, String in, String out) {
        Duration size = Duration.ofMinutes(1);
        b.stream(in, CONSUMED)
                .groupByKey(Grouped.with(TEXT, TEXT))
                .windowedBy(TimeWindows.ofSizeAndGrace(size, Duration.ofSeconds(30)))
                .count(Materialized.as("windows"))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()).withName("final"))
                .toStream()
                .to(out, Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, size.toMillis()), Serdes.Long()));
    }

    private static void leftJoin(StreamsBuilder b, String orders, String payments, String out) {
        b.stream(orders, CONSUMED)
                .leftJoin(b.stream(payments, CONSUMED), (order, payment) -> order + "+" + payment,
                        JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(5), Duration.ofSeconds(10)),
                        StreamJoined.with(TEXT, TEXT, TEXT).withStoreName("paid"))
                .to(out, Produced.with(TEXT, TEXT));
    }

    private static void versioned(StreamsBuilder b, String in, String rows, String out) {
        KTable<String, String> table = b.table(rows, CONSUMED,
                Materialized.as(Stores.persistentVersionedKeyValueStore("rows", Duration.ofMinutes(1))));
        joinWith(table, b, in, out);
    }

    private static void versionedAggregate(StreamsBuilder b, String in, String rows, String out) {
        KTable<String, String> table = b.stream(rows, CONSUMED)
                .groupByKey(Grouped.with(TEXT, TEXT))
                .aggregate(() -> "0:",
                        (k, v, aggregate) -> Integer.parseInt(aggregate.substring(0, aggregate.indexOf(':'))) + 1 + ":" + v,
                        Materialized.<String, String>as(
                                        Stores.persistentVersionedKeyValueStore("aggregates", Duration.ofMinutes(1)))
                                .withKeySerde(TEXT).withValueSerde(TEXT));
        joinWith(table, b, in, out);
    }

    private static void joinWith(KTable<String, String> table, StreamsBuilder b, String in, String out) {
        b.stream(in, CONSUMED)
                .leftJoin(table, (v, row) -> v + "+" + row, Joined.with(TEXT, TEXT, TEXT))
                .to(out, Produced.with(TEXT, TEXT));
    }

    private static void chain(StreamsBuilder b, String in, String out) {
        b.stream(in, CONSUMED)
                .groupByKey(Grouped.with(TEXT, TEXT))
                .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(1), Duration.ofSeconds(30)))
                .count(Materialized.as("windows"))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()).withName("final"))
                .toStream((window, n) -> (window.key().charAt(3) - '0') % 2 == 0 ? "even" : "odd")
                .groupByKey(Grouped.<String, Long>as("by-group").withKeySerde(TEXT).withValueSerde(Serdes.Long()))
                .reduce(Long::sum, Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("totals")
                        .withKeySerde(TEXT).withValueSerde(Serdes.Long()))
                .toStream()
                .to(out, Produced.with(TEXT, Serdes.Long()));
    }
}
