package oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import oracle.Obj.BadScenario;

import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.OracleAccess;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailProcessingExceptionHandler;
import org.apache.kafka.streams.processor.internals.InternalTopicConfig;
import org.apache.kafka.streams.processor.internals.InternalTopicManager;
import org.apache.kafka.streams.processor.internals.InternalTopologyBuilder.TopicsInfo;
import org.apache.kafka.streams.processor.internals.RepartitionTopics;
import org.apache.kafka.streams.processor.internals.TopologyMetadata;
import org.apache.kafka.streams.processor.internals.assignment.CopartitionedTopicsEnforcer;
import org.apache.kafka.streams.test.TestRecord;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Runs one scenario and tells what happened. */
final class Runner {
    private final Obj scenario;
    private final Properties props = new Properties();
    private final ObjectNode result = Render.object();
    private final Map<String, ArrayNode> output = new TreeMap<>();
    private final Map<String, ArrayNode> internal = new TreeMap<>();
    private final Set<String> keys = new TreeSet<>();
    private long wallClockStartMs;

    Runner(final Obj scenario) {
        this.scenario = scenario;
    }

    ObjectNode run() throws IOException {
        final Path dir = Files.createTempDirectory("oracle");
        try {
            configure(dir);
            result.put("name", scenario.str("name"));
            scenario.str("about");
            scenario.objs("steps");
            scenario.objs("input");
            scenario.objs("queries");
            scenario.has("partitions");
            scenario.done();
            execute();
            return result;
        } finally {
            try (Stream<Path> files = Files.walk(dir)) {
                files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
            }
        }
    }

    private void configure(final Path dir) {
        props.put(StreamsConfig.APPLICATION_ID_CONFIG, "app");
        props.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:0");
        props.put(StreamsConfig.STATE_DIR_CONFIG, dir.toString());
        props.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, "0");
        props.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        props.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        if (!scenario.has("config")) {
            return;
        }
        scenario.get("config").properties().forEach(e -> {
            final String v = e.getValue().asText();
            switch (e.getKey()) {
                case "wallClockStartMs":
                    wallClockStartMs = e.getValue().asLong();
                    break;
                case StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG:
                    props.put(e.getKey(), choose(v, LogAndContinueExceptionHandler.class, LogAndFailExceptionHandler.class));
                    break;
                case StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG:
                    props.put(e.getKey(), choose(v, LogAndContinueProcessingExceptionHandler.class,
                        LogAndFailProcessingExceptionHandler.class));
                    break;
                case StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG:
                    props.put(e.getKey(), Functions.extractor(v));
                    break;
                default:
                    props.put(e.getKey(), v);
            }
        });
    }

    private static Object choose(final String v, final Object onContinue, final Object onFail) {
        if (!v.equals("continue") && !v.equals("fail")) {
            throw new BadScenario("an exception handler is continue or fail, not " + v);
        }
        return v.equals("continue") ? onContinue : onFail;
    }

    private Builder build() {
        final Builder b = new Builder(new StreamsBuilder(new TopologyConfig(new StreamsConfig(props))));
        scenario.objs("steps").forEach(b::add);
        return b;
    }

    private void execute() {
        Builder builder = null;
        TopologyTestDriver driver = null;
        String phase = "build";
        int at = -1;
        RuntimeException error = null;
        ArrayNode describe = null;
        ObjectNode topics = null;
        try {
            builder = build();
            final Topology topology = builder.topology(props);
            describe = Render.array();
            for (final String line : topology.describe().toString().split("\n")) {
                describe.add(line);
            }
            if (scenario.has("partitions")) {
                phase = "assign";
                topics = internalTopics(build().topology(props), true);
            }
            phase = "init";
            driver = new TopologyTestDriver(topology, props, Instant.ofEpochMilli(wallClockStartMs));
            if (topics == null) {
                topics = internalTopics(topology, false);
            }
            Ties.apply(driver);
            drain(driver, -1);
            phase = "run";
            final Map<String, TestInputTopic<byte[], byte[]>> inputs = new HashMap<>();
            for (final Obj in : scenario.objs("input")) {
                at++;
                pipe(driver, in, inputs);
                drain(driver, at);
            }
        } catch (final RuntimeException e) {
            for (Throwable t = e; t != null; t = t.getCause()) {
                if (t instanceof BadScenario) {
                    throw (BadScenario) t;
                }
            }
            error = e;
        }
        report(builder, driver, describe, topics, error, phase, at);
        if (driver != null) {
            try {
                driver.close();
            } catch (final RuntimeException e) {
                if (error == null) {
                    throw e;
                }
            }
        }
    }

    private void pipe(final TopologyTestDriver driver, final Obj in,
                      final Map<String, TestInputTopic<byte[], byte[]>> inputs) {
        if (in.has("advanceWallClockMs")) {
            final Duration d = Duration.ofMillis(in.num("advanceWallClockMs"));
            in.done();
            driver.advanceWallClockTime(d);
            return;
        }
        final RecordHeaders headers = new RecordHeaders();
        if (in.has("headers")) {
            for (final JsonNode h : in.get("headers")) {
                headers.add(h.get(0).asText(), Render.parse(h.get(1)));
            }
        }
        final String topic = in.str("topic");
        final byte[] key = Render.parse(in.get("key"));
        final byte[] value = Render.parse(in.get("value"));
        final long ts = in.num("ts");
        in.done();
        addKey(key);
        inputs.computeIfAbsent(topic,
                t -> driver.createInputTopic(t, new ByteArraySerializer(), new ByteArraySerializer()))
            .pipeInput(new TestRecord<>(key, value, headers, ts));
    }

    private void addKey(final byte[] key) {
        final JsonNode k = Render.bytes(key);
        if (k.isTextual()) {
            keys.add(k.asText());
        }
    }

    /** Takes what the driver has captured since the last time; at is the input that caused it. */
    private void drain(final TopologyTestDriver driver, final int at) {
        final String prefix = props.get(StreamsConfig.APPLICATION_ID_CONFIG) + "-";
        for (final String topic : new TreeSet<>(driver.producedTopicNames())) {
            final boolean inner = topic.startsWith(prefix);
            ProducerRecord<byte[], byte[]> r;
            while ((r = OracleAccess.read(driver, topic)) != null) {
                addKey(r.key());
                final ObjectNode n = Render.object();
                if (!inner) {
                    n.put("topic", topic);
                }
                n.set("key", Render.bytes(r.key()));
                n.set("value", Render.bytes(r.value()));
                n.put("ts", r.timestamp());
                final ArrayNode headers = Render.headers(r.headers());
                if (headers.size() > 0) {
                    n.set("headers", headers);
                }
                if (!inner) {
                    n.put("at", at);
                }
                (inner ? internal : output).computeIfAbsent(topic, t -> Render.array()).add(n);
            }
        }
    }

    private void report(final Builder builder, final TopologyTestDriver driver, final ArrayNode describe,
                        final ObjectNode topics, final RuntimeException error, final String phase, final int at) {
        if (error != null) {
            Throwable root = error;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            final ObjectNode e = result.putObject("error").put("phase", phase);
            if (phase.equals("run")) {
                e.put("at", at);
            }
            final String message = String.valueOf(root.getMessage());
            e.put("class", error.getClass().getSimpleName())
                .put("cause", root.getClass().getSimpleName())
                .put("message", shorten(message.lines().findFirst().orElse("")));
        }
        final ArrayNode all = result.putArray("output");
        output.values().forEach(all::addAll);
        if (builder != null && !builder.effects.isEmpty()) {
            final ArrayNode effects = result.putArray("effects");
            builder.effects.forEach(x -> effects.addArray().add(x[0]).add(x[1]).add(x[2]));
        }
        if (driver != null) {
            double dropped = 0;
            for (final Map.Entry<?, ? extends org.apache.kafka.common.Metric> m : driver.metrics().entrySet()) {
                if (m.getValue().metricName().name().equals("dropped-records-total")) {
                    dropped += (Double) m.getValue().metricValue();
                }
            }
            result.put("dropped", (long) dropped);
        }
        if (driver != null && error == null) {
            final ObjectNode stores = result.putObject("stores");
            final StoreDump dump = new StoreDump(driver, keys);
            builder.storeNames().forEach(s -> {
                final ArrayNode rows = dump.rows(s);
                if (rows != null) {
                    stores.set(s, rows);
                }
            });
            final List<Obj> queries = scenario.objs("queries");
            if (!queries.isEmpty()) {
                final ArrayNode answers = result.putArray("queries");
                queries.forEach(q -> answers.add(dump.query(q)));
            }
        }
        if (!internal.isEmpty()) {
            final ObjectNode n = result.putObject("internal");
            internal.forEach(n::set);
        }
        if (topics != null && topics.size() > 0) {
            result.set("internalTopics", topics);
        }
        if (describe != null) {
            result.set("describe", describe);
        }
    }

    private static String shorten(final String s) {
        return s.length() <= 160 ? s : s.substring(0, 157) + "...";
    }

    /** The internal topics with their settings; with partitions given, also their partition counts. */
    private ObjectNode internalTopics(final Topology topology, final boolean assign) {
        final StreamsConfig config = new StreamsConfig(props);
        final Map<String, InternalTopicConfig> repartition = new TreeMap<>();
        if (assign) {
            final TopologyMetadata metadata = new TopologyMetadata(OracleAccess.internals(topology), config);
            metadata.buildAndRewriteTopology();
            final List<PartitionInfo> infos = new ArrayList<>();
            scenario.get("partitions").properties().forEach(e -> {
                for (int p = 0; p < e.getValue().asInt(); p++) {
                    infos.add(new PartitionInfo(e.getKey(), p, null, new Node[0], new Node[0]));
                }
            });
            final InternalTopicManager manager = new InternalTopicManager(Time.SYSTEM, null, config) {
                @Override
                public Set<String> makeReady(final Map<String, InternalTopicConfig> topics) {
                    repartition.putAll(topics);
                    return new HashSet<>(topics.keySet());
                }
            };
            final RepartitionTopics r = new RepartitionTopics(metadata, manager, new CopartitionedTopicsEnforcer(""),
                new Cluster("c", List.of(), infos, Set.of(), Set.of()), "");
            r.setup();
            if (!r.missingSourceTopics().isEmpty()) {
                throw new BadScenario("partitions lacks " + r.missingSourceTopics());
            }
        }
        final TreeMap<String, ObjectNode> all = new TreeMap<>();
        final long extra = config.getLong(StreamsConfig.WINDOW_STORE_CHANGE_LOG_ADDITIONAL_RETENTION_MS_CONFIG);
        for (final TopicsInfo info : OracleAccess.internals(topology).subtopologyToTopicsInfo().values()) {
            info.repartitionSourceTopics.values().forEach(t ->
                all.put(t.name(), topic("repartition", repartition.getOrDefault(t.name(), t), extra)));
            info.nonSourceChangelogTopics().forEach(t -> all.put(t.name(), topic("changelog", t, extra)));
        }
        final ObjectNode out = Render.object();
        all.forEach(out::set);
        return out;
    }

    private static ObjectNode topic(final String kind, final InternalTopicConfig t, final long extra) {
        final ObjectNode n = Render.object().put("kind", kind);
        t.numberOfPartitions().ifPresent(p -> n.put("partitions", p));
        final ObjectNode c = n.putObject("config");
        new TreeMap<>(t.properties(new HashMap<>(), extra)).forEach(c::put);
        return n;
    }
}
