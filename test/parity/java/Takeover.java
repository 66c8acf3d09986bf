import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;

/**
 * Runs one shape as a Kafka Streams application until its standard input ends,
 * then commits, leaves the group and exits with 0. An exception of a stream thread
 * ends it with 1.
 *
 * <p>Arguments: brokers, application id, state directory, shape, output topic, input topics.
 */
public final class Takeover {
    private Takeover() {}

    public static void main(String[] args) throws IOException {
        List<String> in = Arrays.asList(args).subList(5, args.length);
        Topology topology = Shapes.build(args[3], in, args[4]);
        KafkaStreams streams = new KafkaStreams(topology, config(args[0], args[1], args[2]));
        streams.setUncaughtExceptionHandler(e -> {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        streams.start();
        while (System.in.read() >= 0) {
            // Only the end matters.
        }
        boolean closed = streams.close(CloseOptions
                .groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                .withTimeout(Duration.ofMinutes(2)));
        System.exit(closed ? 0 : 2);
    }

    /** Without the cache every input has its output, so that outputs can be compared one by one. */
    private static Properties config(String brokers, String id, String dir) {
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, id);
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        p.put(StreamsConfig.STATE_DIR_CONFIG, dir);
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 50);
        p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        p.put(StreamsConfig.POLL_MS_CONFIG, 20);
        // Results without a match come with the record that closes their windows, not once a second.
        p.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0L);
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        return p;
    }
}
