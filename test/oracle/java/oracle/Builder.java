package oracle;

import oracle.Obj.BadScenario;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.BranchedKStream;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.ForeachAction;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Initializer;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.KeyValueMapper;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Merger;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Predicate;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Reducer;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.SessionWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TableJoined;
import org.apache.kafka.streams.kstream.TimeWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.UnlimitedWindows;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.kstream.ValueJoinerWithKey;
import org.apache.kafka.streams.kstream.ValueMapperWithKey;
import org.apache.kafka.streams.kstream.ValueTransformerWithKeySupplier;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TopicNameExtractor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

import static oracle.Functions.print;

/** Turns the steps of a scenario into DSL calls: one call a step (split and cogroup: one chain of calls). */
@SuppressWarnings({"rawtypes", "unchecked"})
final class Builder {
    enum Kind {
        STREAM, TABLE, GLOBAL_TABLE, GROUPED_STREAM, GROUPED_TABLE, TIME_WINDOWED, SESSION_WINDOWED,
        COGROUPED, TIME_WINDOWED_COGROUPED, SESSION_WINDOWED_COGROUPED
    }

    /** What a step made: the DSL object, its kind, and the serdes of its keys and values. */
    private static final class Node {
        final Kind kind;
        final Object dsl;
        final Serde key;
        final Serde value;
        Serde windowedKey;

        Node(final Kind kind, final Object dsl, final Serde key, final Serde value) {
            this.kind = kind;
            this.dsl = dsl;
            this.key = key;
            this.value = value;
        }

        KStream stream() {
            return (KStream) dsl;
        }

        KTable table() {
            return (KTable) dsl;
        }
    }

    private static final Serde STRING = Serdes.String();
    private static final Serde LONG = Serdes.Long();

    private final StreamsBuilder builder;
    private final Map<String, Node> nodes = new LinkedHashMap<>();
    private final Set<String> storeNames = new TreeSet<>();
    /** What peek and foreach saw: [step id, key, value], in order. */
    final List<String[]> effects = new ArrayList<>();

    Builder(final StreamsBuilder builder) {
        this.builder = builder;
    }

    Set<String> storeNames() {
        return storeNames;
    }

    Topology topology(final Properties props) {
        return builder.build(props);
    }

    void add(final Obj s) {
        final String op = s.str("op");
        switch (op) {
            case "stream":
                stream(s);
                break;
            case "table":
                table(s);
                break;
            case "globalTable":
                globalTable(s);
                break;
            case "globalStore":
                globalStore(s);
                break;
            case "addStore":
                addStore(s);
                break;
            case "filter":
            case "filterNot":
                filter(s, op.equals("filterNot"));
                break;
            case "mapValues":
                mapValues(s);
                break;
            case "map":
                map(s);
                break;
            case "flatMap":
                flatMap(s);
                break;
            case "flatMapValues":
                flatMapValues(s);
                break;
            case "selectKey":
                selectKey(s);
                break;
            case "peek":
            case "foreach":
                peek(s, op.equals("foreach"));
                break;
            case "split":
                split(s);
                break;
            case "merge":
                merge(s);
                break;
            case "repartition":
                repartition(s);
                break;
            case "to":
                to(s);
                break;
            case "toTable":
                toTable(s);
                break;
            case "toStream":
                toStream(s);
                break;
            case "process":
                process(s);
                break;
            case "processValues":
                processValues(s);
                break;
            case "transformValues":
                transformValues(s);
                break;
            case "groupByKey":
                groupByKey(s);
                break;
            case "groupBy":
                groupBy(s);
                break;
            case "cogroup":
                cogroup(s);
                break;
            case "windowedBy":
                windowedBy(s);
                break;
            case "count":
                count(s);
                break;
            case "reduce":
                reduce(s);
                break;
            case "aggregate":
                aggregate(s);
                break;
            case "suppress":
                suppress(s);
                break;
            case "join":
            case "leftJoin":
            case "outerJoin":
                join(s, op);
                break;
            case "fkJoin":
            case "fkLeftJoin":
                fkJoin(s, op.equals("fkLeftJoin"));
                break;
            default:
                throw new BadScenario(s.where() + ": unknown op " + op);
        }
    }

    // ---- helpers

    private Node node(final Obj s, final String key, final Kind... kinds) {
        final Node n = nodes.get(s.str(key));
        if (n == null) {
            throw new BadScenario(s.where() + ": no step " + s.str(key));
        }
        if (kinds.length > 0 && !List.of(kinds).contains(n.kind)) {
            throw new BadScenario(s.where() + ": " + s.str(key) + " is " + n.kind + ", wanted " + List.of(kinds));
        }
        return n;
    }

    private Node from(final Obj s, final Kind... kinds) {
        return node(s, "from", kinds);
    }

    private Node put(final Obj s, final Node n) {
        s.done();
        if (nodes.put(s.str("id"), n) != null) {
            throw new BadScenario(s.where() + ": step id used twice: " + s.str("id"));
        }
        return n;
    }

    private Node put(final Obj s, final Kind kind, final Object dsl, final Serde key, final Serde value) {
        s.has("id");
        return put(s, new Node(kind, dsl, key, value));
    }

    private static void end(final Obj s) {
        s.has("id");
        s.done();
    }

    /** The step's name for its processor, or null. */
    private static Named named(final Obj s) {
        return s.has("name") ? Named.as(s.str("name")) : null;
    }

    private static Serde valueSerde(final Obj s) {
        final String t = s.str("value", "string");
        if (!t.equals("string") && !t.equals("long")) {
            throw new BadScenario(s.where() + ": value must be string or long");
        }
        return t.equals("long") ? LONG : STRING;
    }

    /** The step's "store" as a Materialized; null when it has none. */
    private Materialized materialized(final Obj s, final Serde key, final Serde value) {
        if (!s.has("store")) {
            return null;
        }
        if (s.get("store").isTextual()) {
            storeNames.add(s.str("store"));
            return Materialized.as(s.str("store")).withKeySerde(key).withValueSerde(value);
        }
        final Obj o = s.obj("store");
        final String type = o.str("type", null);
        final String name = o.str("name", null);
        if (name != null) {
            storeNames.add(name);
        }
        Materialized m;
        if ("versioned".equals(type)) {
            m = Materialized.as(versioned(o));
        } else {
            m = name != null ? Materialized.as(name) : Materialized.with(key, value);
        }
        m = m.withKeySerde(key).withValueSerde(value);
        if ("inMemory".equals(type)) {
            m = m.withStoreType(BuiltInDslStoreSuppliers.IN_MEMORY);
        } else if ("persistent".equals(type)) {
            m = m.withStoreType(BuiltInDslStoreSuppliers.ROCKS_DB);
        } else if (type != null && !type.equals("versioned")) {
            throw new BadScenario(o.where() + ": unknown store type " + type);
        }
        if (o.has("logging")) {
            if (o.get("logging").isObject()) {
                final Map<String, String> cfg = new LinkedHashMap<>();
                o.get("logging").properties().forEach(e -> cfg.put(e.getKey(), e.getValue().asText()));
                m = m.withLoggingEnabled(cfg);
            } else {
                m = o.flag("logging", true) ? m.withLoggingEnabled(Map.of()) : m.withLoggingDisabled();
            }
        }
        if (o.has("caching")) {
            m = o.flag("caching", true) ? m.withCachingEnabled() : m.withCachingDisabled();
        }
        if (o.has("retentionMs")) {
            m = m.withRetention(Duration.ofMillis(o.num("retentionMs")));
        }
        o.done();
        return m;
    }

    private static KeyValueBytesStoreSupplier versioned(final Obj o) {
        final Duration history = Duration.ofMillis(o.num("historyMs"));
        return o.has("segmentMs")
            ? Stores.persistentVersionedKeyValueStore(o.str("name"), history, Duration.ofMillis(o.num("segmentMs")))
            : Stores.persistentVersionedKeyValueStore(o.str("name"), history);
    }

    private Materialized materializedOrWith(final Obj s, final Serde key, final Serde value) {
        final Materialized m = materialized(s, key, value);
        return m == null ? Materialized.with(key, value) : m;
    }

    private static ValueMapperWithKey mapper(final Functions.Fn f) {
        return (k, v) -> f.apply(print(k), print(v));
    }

    private static KeyValueMapper keyMapper(final Functions.Fn f) {
        return (k, v) -> f.apply(print(k), print(v));
    }

    private static Predicate predicate(final String expr, final boolean not) {
        final Functions.Pred p = Functions.pred(expr);
        return (k, v) -> p.test(print(k), print(v));
    }

    // ---- sources

    private Consumed consumed(final Obj s) {
        Consumed c = Consumed.with(STRING, valueSerde(s));
        if (s.has("name")) {
            c = c.withName(s.str("name"));
        }
        if (s.has("timestamps")) {
            try {
                c = c.withTimestampExtractor(
                    Functions.extractor(s.str("timestamps")).getDeclaredConstructor().newInstance());
            } catch (final ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
        return c;
    }

    private void stream(final Obj s) {
        final Consumed c = consumed(s);
        final KStream k = s.has("pattern")
            ? builder.stream(Pattern.compile(s.str("pattern")), c)
            : s.has("topic") ? builder.stream(s.str("topic"), c) : builder.stream(s.strs("topics"), c);
        put(s, Kind.STREAM, k, STRING, valueSerde(s));
    }

    private void table(final Obj s) {
        final Consumed c = consumed(s);
        final Materialized m = materialized(s, STRING, valueSerde(s));
        final KTable t = m == null ? builder.table(s.str("topic"), c) : builder.table(s.str("topic"), c, m);
        put(s, Kind.TABLE, t, STRING, valueSerde(s));
    }

    private void globalTable(final Obj s) {
        final Consumed c = consumed(s);
        final Materialized m = materialized(s, STRING, valueSerde(s));
        final GlobalKTable t = m == null
            ? builder.globalTable(s.str("topic"), c) : builder.globalTable(s.str("topic"), c, m);
        put(s, Kind.GLOBAL_TABLE, t, STRING, valueSerde(s));
    }

    private StoreBuilder keyValueStore(final Obj s) {
        final Obj o = s.obj("store");
        final String name = o.str("name");
        storeNames.add(name);
        final String type = o.str("type", "persistent");
        StoreBuilder b = Stores.keyValueStoreBuilder(
            type.equals("inMemory") ? Stores.inMemoryKeyValueStore(name) : Stores.persistentKeyValueStore(name),
            STRING, STRING);
        if (o.has("logging")) {
            b = o.flag("logging", true) ? b.withLoggingEnabled(Map.of()) : b.withLoggingDisabled();
        }
        o.done();
        return b;
    }

    private void addStore(final Obj s) {
        builder.addStateStore(keyValueStore(s));
        end(s);
    }

    private void globalStore(final Obj s) {
        final Consumed c = consumed(s);
        final Functions.Fn fn = Functions.fn(s.str("fn", "value"));
        final String name = s.obj("store").str("name");
        final ProcessorSupplier<Object, Object, Void, Void> writer = () -> new Processors.GlobalWriter(name, fn);
        builder.addGlobalStore(keyValueStore(s).withLoggingDisabled(), s.str("topic"), c, writer);
        end(s);
    }

    // ---- stateless

    private void filter(final Obj s, final boolean not) {
        final Node n = from(s, Kind.STREAM, Kind.TABLE);
        final Predicate p = predicate(s.str("pred"), not);
        final Named named = named(s);
        if (n.kind == Kind.STREAM) {
            final KStream k = n.stream();
            final KStream out = not
                ? named == null ? k.filterNot(p) : k.filterNot(p, named)
                : named == null ? k.filter(p) : k.filter(p, named);
            put(s, Kind.STREAM, out, n.key, n.value);
        } else {
            final KTable t = n.table();
            final Materialized m = materialized(s, n.key, n.value);
            final KTable out;
            if (not) {
                out = m == null ? named == null ? t.filterNot(p) : t.filterNot(p, named)
                    : named == null ? t.filterNot(p, m) : t.filterNot(p, named, m);
            } else {
                out = m == null ? named == null ? t.filter(p) : t.filter(p, named)
                    : named == null ? t.filter(p, m) : t.filter(p, named, m);
            }
            put(s, Kind.TABLE, out, n.key, n.value);
        }
    }

    private void mapValues(final Obj s) {
        final Node n = from(s, Kind.STREAM, Kind.TABLE);
        final ValueMapperWithKey f = mapper(Functions.fn(s.str("fn")));
        final Named named = named(s);
        if (n.kind == Kind.STREAM) {
            final KStream out = named == null ? n.stream().mapValues(f) : n.stream().mapValues(f, named);
            put(s, Kind.STREAM, out, n.key, STRING);
        } else {
            final Materialized m = materialized(s, n.key, STRING);
            final KTable t = n.table();
            final KTable out = m == null ? named == null ? t.mapValues(f) : t.mapValues(f, named)
                : named == null ? t.mapValues(f, m) : t.mapValues(f, named, m);
            put(s, Kind.TABLE, out, n.key, STRING);
        }
    }

    private void map(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        final Functions.Fn key = Functions.fn(s.str("key"));
        final Functions.Fn value = Functions.fn(s.str("value"));
        final KeyValueMapper f = (k, v) ->
            KeyValue.pair(key.apply(print(k), print(v)), value.apply(print(k), print(v)));
        final Named named = named(s);
        final KStream out = named == null ? n.stream().map(f) : n.stream().map(f, named);
        put(s, Kind.STREAM, out, STRING, STRING);
    }

    private void flatMap(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        final Functions.Flat flat = Functions.flat(s.str("fn"));
        final KeyValueMapper f = (k, v) -> {
            final List<KeyValue<Object, Object>> out = new ArrayList<>();
            flat.apply(print(k), print(v)).forEach(e -> out.add(KeyValue.pair(e[0], e[1])));
            return out;
        };
        final Named named = named(s);
        final KStream out = named == null ? n.stream().flatMap(f) : n.stream().flatMap(f, named);
        put(s, Kind.STREAM, out, STRING, STRING);
    }

    private void flatMapValues(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        final Functions.Flat flat = Functions.flat(s.str("fn"));
        final ValueMapperWithKey f = (k, v) -> {
            final List<Object> out = new ArrayList<>();
            flat.apply(print(k), print(v)).forEach(e -> out.add(e[1]));
            return out;
        };
        final Named named = named(s);
        final KStream out = named == null ? n.stream().flatMapValues(f) : n.stream().flatMapValues(f, named);
        put(s, Kind.STREAM, out, n.key, STRING);
    }

    private void selectKey(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        final KeyValueMapper f = keyMapper(Functions.fn(s.str("fn")));
        final Named named = named(s);
        final KStream out = named == null ? n.stream().selectKey(f) : n.stream().selectKey(f, named);
        put(s, Kind.STREAM, out, STRING, n.value);
    }

    private void peek(final Obj s, final boolean terminal) {
        final Node n = from(s, Kind.STREAM);
        final String id = s.str("id");
        final ForeachAction f = (k, v) -> effects.add(new String[] {id, print(k), print(v)});
        final Named named = named(s);
        if (terminal) {
            if (named == null) {
                n.stream().foreach(f);
            } else {
                n.stream().foreach(f, named);
            }
            s.done();
        } else {
            final KStream out = named == null ? n.stream().peek(f) : n.stream().peek(f, named);
            put(s, Kind.STREAM, out, n.key, n.value);
        }
    }

    private void split(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        final Named named = named(s);
        BranchedKStream b = named == null ? n.stream().split() : n.stream().split(named);
        for (final Obj o : s.objs("branches")) {
            b = b.branch(predicate(o.str("pred"), false), branched(o, n));
            o.done();
        }
        if (s.has("default")) {
            final Obj o = s.obj("default");
            b.defaultBranch(branched(o, n));
            o.done();
        } else {
            b.noDefaultBranch();
        }
        end(s);
    }

    private Branched branched(final Obj o, final Node n) {
        final String id = o.str("id");
        final java.util.function.Consumer<KStream> take = k -> {
            if (nodes.put(id, new Node(Kind.STREAM, k, n.key, n.value)) != null) {
                throw new BadScenario(o.where() + ": step id used twice: " + id);
            }
        };
        return o.has("name") ? Branched.withConsumer(take::accept, o.str("name")) : Branched.withConsumer(take::accept);
    }

    private void merge(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        final Node other = node(s, "with", Kind.STREAM);
        final Named named = named(s);
        final KStream out = named == null
            ? n.stream().merge(other.stream()) : n.stream().merge(other.stream(), named);
        put(s, Kind.STREAM, out, n.key, n.value);
    }

    private static final StreamPartitioner<Object, Object> DROP_NULL_VALUES =
        (topic, key, value, partitions) -> value == null ? Optional.of(Set.of()) : Optional.empty();

    private void repartition(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        KStream out;
        Repartitioned r = Repartitioned.with(n.key, n.value);
        if (s.has("name")) {
            r = r.withName(s.str("name"));
        }
        if (s.has("partitions")) {
            r = r.withNumberOfPartitions((int) s.num("partitions"));
        }
        out = n.stream().repartition(r);
        put(s, Kind.STREAM, out, n.key, n.value);
    }

    private void to(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        Produced p = Produced.with(n.key, n.value);
        if (s.has("name")) {
            p = p.withName(s.str("name"));
        }
        if (s.flag("dropNullValues", false)) {
            p = p.withStreamPartitioner(DROP_NULL_VALUES);
        }
        if (s.has("topicFn")) {
            final Functions.Fn f = Functions.fn(s.str("topicFn"));
            n.stream().to(new TopicFn(f, s.str("topicFn")), p);
        } else {
            n.stream().to(s.str("topic"), p);
        }
        end(s);
    }

    /** Picks the topic of each record; describe prints it as the function's expression. */
    private static final class TopicFn implements TopicNameExtractor<Object, Object> {
        private final Functions.Fn fn;
        private final String expr;

        TopicFn(final Functions.Fn fn, final String expr) {
            this.fn = fn;
            this.expr = expr;
        }

        @Override
        public String extract(final Object key, final Object value, final RecordContext context) {
            return fn.apply(print(key), print(value));
        }

        @Override
        public String toString() {
            return expr;
        }
    }

    private void toTable(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        final Named named = named(s);
        final Materialized m = materializedOrWith(s, n.key, n.value);
        final KTable out = named == null ? n.stream().toTable(m) : n.stream().toTable(named, m);
        put(s, Kind.TABLE, out, n.key, n.value);
    }

    private void toStream(final Obj s) {
        final Node n = from(s, Kind.TABLE);
        final Named named = named(s);
        if (s.has("fn")) {
            final KeyValueMapper f = keyMapper(Functions.fn(s.str("fn")));
            final KStream out = named == null ? n.table().toStream(f) : n.table().toStream(f, named);
            put(s, Kind.STREAM, out, STRING, n.value);
        } else {
            final KStream out = named == null ? n.table().toStream() : n.table().toStream(named);
            put(s, Kind.STREAM, out, n.key, n.value);
        }
    }

    // ---- processors

    private static String[] stores(final Obj s) {
        return s.strs("stores").toArray(new String[0]);
    }

    private void process(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        final String name = s.str("processor");
        Processors.check(name, s);
        final ProcessorSupplier p = () -> new Processors.Full(Processors.body(name, s));
        final Named named = named(s);
        final KStream out = named == null ? n.stream().process(p, stores(s)) : n.stream().process(p, named, stores(s));
        put(s, Kind.STREAM, out, STRING, STRING);
    }

    private void processValues(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        final String name = s.str("processor");
        Processors.check(name, s);
        final FixedKeyProcessorSupplier p = () -> new Processors.Fixed(Processors.body(name, s));
        final Named named = named(s);
        final KStream out = named == null
            ? n.stream().processValues(p, stores(s)) : n.stream().processValues(p, named, stores(s));
        put(s, Kind.STREAM, out, n.key, STRING);
    }

    private void transformValues(final Obj s) {
        final Node n = from(s, Kind.TABLE);
        final String state = s.str("state");
        final ValueTransformerWithKeySupplier t = () -> new Processors.Transformer(state);
        final Named named = named(s);
        final Materialized m = materialized(s, n.key, STRING);
        final KTable out = m == null
            ? named == null ? n.table().transformValues(t, state) : n.table().transformValues(t, named, state)
            : named == null ? n.table().transformValues(t, m, state) : n.table().transformValues(t, m, named, state);
        put(s, Kind.TABLE, out, n.key, STRING);
    }

    // ---- grouping and aggregation

    private static Grouped grouped(final Obj s, final Serde key, final Serde value) {
        final Grouped g = Grouped.with(key, value);
        return s.has("name") ? g.withName(s.str("name")) : g;
    }

    private void groupByKey(final Obj s) {
        final Node n = from(s, Kind.STREAM);
        put(s, Kind.GROUPED_STREAM, n.stream().groupByKey(grouped(s, n.key, n.value)), n.key, n.value);
    }

    private void groupBy(final Obj s) {
        final Node n = from(s, Kind.STREAM, Kind.TABLE);
        if (n.kind == Kind.STREAM) {
            final KeyValueMapper f = keyMapper(Functions.fn(s.str("key")));
            put(s, Kind.GROUPED_STREAM, n.stream().groupBy(f, grouped(s, STRING, n.value)), STRING, n.value);
        } else {
            final Functions.Fn key = Functions.fn(s.str("key"));
            final Functions.Fn value = Functions.fn(s.str("value", "value"));
            final KeyValueMapper f = (k, v) ->
                KeyValue.pair(key.apply(print(k), print(v)), value.apply(print(k), print(v)));
            put(s, Kind.GROUPED_TABLE, n.table().groupBy(f, grouped(s, STRING, STRING)), STRING, STRING);
        }
    }

    private static Aggregator aggregator(final String expr) {
        final Functions.Agg f = Functions.agg(expr);
        return (k, v, g) -> f.apply(print(k), print(v), (String) g);
    }

    private void cogroup(final Obj s) {
        CogroupedKStream out = null;
        Serde key = null;
        for (final Obj o : s.objs("groups")) {
            final Node n = node(o, "from", Kind.GROUPED_STREAM);
            final KGroupedStream g = (KGroupedStream) n.dsl;
            final Aggregator a = aggregator(o.str("fn"));
            out = out == null ? g.cogroup(a) : out.cogroup(g, a);
            key = key == null ? n.key : key;
            o.done();
        }
        put(s, Kind.COGROUPED, out, key, STRING);
    }

    private void windowedBy(final Obj s) {
        final Node n = from(s, Kind.GROUPED_STREAM, Kind.COGROUPED);
        final Obj w = s.obj("window");
        final String type = w.str("type");
        final boolean co = n.kind == Kind.COGROUPED;
        final KGroupedStream g = co ? null : (KGroupedStream) n.dsl;
        final CogroupedKStream c = co ? (CogroupedKStream) n.dsl : null;
        final boolean onClose = s.str("emit", "onUpdate").equals("onClose");
        Object dsl;
        Serde key;
        Kind kind = co ? Kind.TIME_WINDOWED_COGROUPED : Kind.TIME_WINDOWED;
        switch (type) {
            case "tumbling":
            case "hopping": {
                final Duration size = Duration.ofMillis(w.num("sizeMs"));
                TimeWindows tw = w.has("graceMs")
                    ? TimeWindows.ofSizeAndGrace(size, Duration.ofMillis(w.num("graceMs")))
                    : TimeWindows.ofSizeWithNoGrace(size);
                if (type.equals("hopping")) {
                    tw = tw.advanceBy(Duration.ofMillis(w.num("advanceMs")));
                }
                dsl = co ? c.windowedBy(tw) : g.windowedBy(tw);
                key = WindowedSerdes.timeWindowedSerdeFrom(String.class, size.toMillis());
                break;
            }
            case "unlimited": {
                final UnlimitedWindows uw = UnlimitedWindows.of().startOn(Instant.ofEpochMilli(w.num("startMs", 0)));
                dsl = co ? c.windowedBy(uw) : g.windowedBy(uw);
                key = WindowedSerdes.timeWindowedSerdeFrom(String.class, uw.size());
                break;
            }
            case "sliding": {
                final Duration diff = Duration.ofMillis(w.num("diffMs"));
                final SlidingWindows sw = w.has("graceMs")
                    ? SlidingWindows.ofTimeDifferenceAndGrace(diff, Duration.ofMillis(w.num("graceMs")))
                    : SlidingWindows.ofTimeDifferenceWithNoGrace(diff);
                dsl = co ? c.windowedBy(sw) : g.windowedBy(sw);
                key = WindowedSerdes.timeWindowedSerdeFrom(String.class, diff.toMillis());
                break;
            }
            case "session": {
                final Duration gap = Duration.ofMillis(w.num("gapMs"));
                final SessionWindows sw = w.has("graceMs")
                    ? SessionWindows.ofInactivityGapAndGrace(gap, Duration.ofMillis(w.num("graceMs")))
                    : SessionWindows.ofInactivityGapWithNoGrace(gap);
                dsl = co ? c.windowedBy(sw) : g.windowedBy(sw);
                key = WindowedSerdes.sessionWindowedSerdeFrom(String.class);
                kind = co ? Kind.SESSION_WINDOWED_COGROUPED : Kind.SESSION_WINDOWED;
                break;
            }
            default:
                throw new BadScenario(w.where() + ": unknown window type " + type);
        }
        w.done();
        if (onClose) {
            if (co) {
                throw new BadScenario(s.where() + ": a cogrouped stream has no emit strategy");
            }
            dsl = kind == Kind.SESSION_WINDOWED
                ? ((SessionWindowedKStream) dsl).emitStrategy(EmitStrategy.onWindowClose())
                : ((TimeWindowedKStream) dsl).emitStrategy(EmitStrategy.onWindowClose());
        }
        put(s, kind, dsl, n.key, n.value).windowedKey = key;
    }

    private void count(final Obj s) {
        final Node n = from(s, Kind.GROUPED_STREAM, Kind.GROUPED_TABLE, Kind.TIME_WINDOWED, Kind.SESSION_WINDOWED);
        final Named named = named(s);
        final Materialized m = materializedOrWith(s, n.key, LONG);
        final KTable out;
        switch (n.kind) {
            case GROUPED_STREAM:
                out = named == null ? ((KGroupedStream) n.dsl).count(m) : ((KGroupedStream) n.dsl).count(named, m);
                break;
            case GROUPED_TABLE:
                out = named == null ? ((KGroupedTable) n.dsl).count(m) : ((KGroupedTable) n.dsl).count(named, m);
                break;
            case TIME_WINDOWED:
                out = named == null
                    ? ((TimeWindowedKStream) n.dsl).count(m) : ((TimeWindowedKStream) n.dsl).count(named, m);
                break;
            default:
                out = named == null
                    ? ((SessionWindowedKStream) n.dsl).count(m) : ((SessionWindowedKStream) n.dsl).count(named, m);
        }
        put(s, Kind.TABLE, out, n.windowedKey == null ? n.key : n.windowedKey, LONG);
    }

    private static Reducer reducer(final String expr) {
        final Functions.Red f = Functions.red(expr);
        return (g, v) -> f.apply((String) g, (String) v);
    }

    private void reduce(final Obj s) {
        final Node n = from(s, Kind.GROUPED_STREAM, Kind.GROUPED_TABLE, Kind.TIME_WINDOWED, Kind.SESSION_WINDOWED);
        if (n.value != STRING) {
            throw new BadScenario(s.where() + ": reduce needs string values");
        }
        final Named named = named(s);
        final Materialized m = materializedOrWith(s, n.key, STRING);
        final KTable out;
        if (n.kind == Kind.GROUPED_TABLE) {
            final KGroupedTable g = (KGroupedTable) n.dsl;
            final Reducer add = reducer(s.str("add"));
            final Reducer sub = reducer(s.str("sub"));
            out = named == null ? g.reduce(add, sub, m) : g.reduce(add, sub, named, m);
        } else {
            final Reducer r = reducer(s.str("fn"));
            switch (n.kind) {
                case GROUPED_STREAM:
                    out = named == null
                        ? ((KGroupedStream) n.dsl).reduce(r, m) : ((KGroupedStream) n.dsl).reduce(r, named, m);
                    break;
                case TIME_WINDOWED:
                    out = named == null
                        ? ((TimeWindowedKStream) n.dsl).reduce(r, m) : ((TimeWindowedKStream) n.dsl).reduce(r, named, m);
                    break;
                default:
                    out = named == null ? ((SessionWindowedKStream) n.dsl).reduce(r, m)
                        : ((SessionWindowedKStream) n.dsl).reduce(r, named, m);
            }
        }
        put(s, Kind.TABLE, out, n.windowedKey == null ? n.key : n.windowedKey, STRING);
    }

    private void aggregate(final Obj s) {
        final Node n = from(s, Kind.GROUPED_STREAM, Kind.GROUPED_TABLE, Kind.TIME_WINDOWED, Kind.SESSION_WINDOWED,
            Kind.COGROUPED, Kind.TIME_WINDOWED_COGROUPED, Kind.SESSION_WINDOWED_COGROUPED);
        final Named named = named(s);
        final String initial = s.str("init");
        final Initializer init = () -> initial;
        final Materialized m = materializedOrWith(s, n.key, STRING);
        final KTable out;
        switch (n.kind) {
            case GROUPED_TABLE: {
                final KGroupedTable g = (KGroupedTable) n.dsl;
                final Aggregator add = aggregator(s.str("add"));
                final Aggregator sub = aggregator(s.str("sub"));
                out = named == null ? g.aggregate(init, add, sub, m) : g.aggregate(init, add, sub, named, m);
                break;
            }
            case GROUPED_STREAM: {
                final Aggregator a = aggregator(s.str("fn"));
                final KGroupedStream g = (KGroupedStream) n.dsl;
                out = named == null ? g.aggregate(init, a, m) : g.aggregate(init, a, named, m);
                break;
            }
            case TIME_WINDOWED: {
                final Aggregator a = aggregator(s.str("fn"));
                final TimeWindowedKStream g = (TimeWindowedKStream) n.dsl;
                out = named == null ? g.aggregate(init, a, m) : g.aggregate(init, a, named, m);
                break;
            }
            case SESSION_WINDOWED: {
                final Aggregator a = aggregator(s.str("fn"));
                final Merger merger = sessionMerger(s.str("merger"));
                final SessionWindowedKStream g = (SessionWindowedKStream) n.dsl;
                out = named == null ? g.aggregate(init, a, merger, m) : g.aggregate(init, a, merger, named, m);
                break;
            }
            case COGROUPED: {
                final CogroupedKStream g = (CogroupedKStream) n.dsl;
                out = named == null ? g.aggregate(init, m) : g.aggregate(init, named, m);
                break;
            }
            case TIME_WINDOWED_COGROUPED: {
                final TimeWindowedCogroupedKStream g = (TimeWindowedCogroupedKStream) n.dsl;
                out = named == null ? g.aggregate(init, m) : g.aggregate(init, named, m);
                break;
            }
            default: {
                final Merger merger = sessionMerger(s.str("merger"));
                final SessionWindowedCogroupedKStream g = (SessionWindowedCogroupedKStream) n.dsl;
                out = named == null ? g.aggregate(init, merger, m) : g.aggregate(init, merger, named, m);
            }
        }
        put(s, Kind.TABLE, out, n.windowedKey == null ? n.key : n.windowedKey, STRING);
    }

    private static Merger sessionMerger(final String expr) {
        final Functions.Join f = Functions.merger(expr);
        return (k, a, b) -> f.apply(print(k), (String) a, (String) b);
    }

    private void suppress(final Obj s) {
        final Node n = from(s, Kind.TABLE);
        Suppressed.BufferConfig b;
        if (s.has("maxRecords")) {
            b = Suppressed.BufferConfig.maxRecords(s.num("maxRecords"));
            if (s.has("maxBytes")) {
                b = ((Suppressed.EagerBufferConfig) b).withMaxBytes(s.num("maxBytes"));
            }
        } else if (s.has("maxBytes")) {
            b = Suppressed.BufferConfig.maxBytes(s.num("maxBytes"));
        } else {
            b = Suppressed.BufferConfig.unbounded();
        }
        final String full = s.str("whenFull", null);
        if ("shutDown".equals(full)) {
            b = b.shutDownWhenFull();
        } else if ("emitEarly".equals(full)) {
            b = b.emitEarlyWhenFull();
        }
        if (!s.flag("logging", true)) {
            b = b.withLoggingDisabled();
        }
        Suppressed p = s.str("until").equals("windowCloses")
            ? Suppressed.untilWindowCloses((Suppressed.StrictBufferConfig) b)
            : Suppressed.untilTimeLimit(Duration.ofMillis(s.num("ms")), b);
        if (s.has("name")) {
            p = p.withName(s.str("name"));
        }
        put(s, Kind.TABLE, n.table().suppress(p), n.key, n.value);
    }

    // ---- joins

    private static ValueJoinerWithKey keyJoiner(final String expr) {
        final Functions.Join f = Functions.joiner(expr);
        return (k, l, r) -> f.apply(print(k), print(l), print(r));
    }

    private static ValueJoiner joiner(final Obj s) {
        if (Functions.joinerUsesKey(s.str("joiner"))) {
            throw new BadScenario(s.where() + ": table joins have no joiner with key");
        }
        final Functions.Join f = Functions.joiner(s.str("joiner"));
        return (l, r) -> f.apply(null, print(l), print(r));
    }

    private void join(final Obj s, final String op) {
        final Node l = from(s, Kind.STREAM, Kind.TABLE);
        final Node r = node(s, "with", Kind.STREAM, Kind.TABLE, Kind.GLOBAL_TABLE);
        if (l.kind == Kind.STREAM && r.kind == Kind.STREAM) {
            streamStream(s, op, l, r);
        } else if (l.kind == Kind.STREAM && r.kind == Kind.TABLE) {
            streamTable(s, op, l, r);
        } else if (l.kind == Kind.STREAM) {
            streamGlobal(s, op, l, r);
        } else {
            tableTable(s, op, l, r);
        }
    }

    private static JoinWindows joinWindows(final Obj s) {
        final Obj w = s.obj("window");
        final long before = w.num("beforeMs", w.num("diffMs", 0));
        final long after = w.num("afterMs", w.num("diffMs", 0));
        final Duration reach = Duration.ofMillis(w.has("beforeMs") || w.has("afterMs")
            ? Math.max(Math.abs(before), Math.abs(after)) : w.num("diffMs"));
        JoinWindows out = w.has("graceMs")
            ? JoinWindows.ofTimeDifferenceAndGrace(reach, Duration.ofMillis(w.num("graceMs")))
            : JoinWindows.ofTimeDifferenceWithNoGrace(reach);
        if (w.has("beforeMs") || w.has("afterMs")) {
            out = out.before(Duration.ofMillis(before)).after(Duration.ofMillis(after));
        }
        w.done();
        return out;
    }

    private void streamStream(final Obj s, final String op, final Node l, final Node r) {
        final JoinWindows w = joinWindows(s);
        final ValueJoinerWithKey f = keyJoiner(s.str("joiner"));
        StreamJoined j = StreamJoined.with(l.key, l.value, r.value);
        if (s.has("name")) {
            j = j.withName(s.str("name"));
        }
        if (s.has("storeName")) {
            j = j.withStoreName(s.str("storeName"));
        }
        if (s.flag("inMemory", false)) {
            j = j.withDslStoreSuppliers(BuiltInDslStoreSuppliers.IN_MEMORY);
        }
        if (!s.flag("logging", true)) {
            j = j.withLoggingDisabled();
        }
        final KStream a = l.stream();
        final KStream b = r.stream();
        final KStream out = op.equals("join") ? a.join(b, f, w, j)
            : op.equals("leftJoin") ? a.leftJoin(b, f, w, j) : a.outerJoin(b, f, w, j);
        put(s, Kind.STREAM, out, l.key, STRING);
    }

    private void streamTable(final Obj s, final String op, final Node l, final Node r) {
        final ValueJoinerWithKey f = keyJoiner(s.str("joiner"));
        Joined j = Joined.with(l.key, l.value, r.value);
        if (s.has("name")) {
            j = j.withName(s.str("name"));
        }
        if (s.has("graceMs")) {
            j = j.withGracePeriod(Duration.ofMillis(s.num("graceMs")));
        }
        if (op.equals("outerJoin")) {
            throw new BadScenario(s.where() + ": no outerJoin of a stream and a table");
        }
        final KStream out = op.equals("join")
            ? l.stream().join(r.table(), f, j) : l.stream().leftJoin(r.table(), f, j);
        put(s, Kind.STREAM, out, l.key, STRING);
    }

    private void streamGlobal(final Obj s, final String op, final Node l, final Node r) {
        final KeyValueMapper key = keyMapper(Functions.fn(s.str("key")));
        final ValueJoinerWithKey f = keyJoiner(s.str("joiner"));
        final GlobalKTable g = (GlobalKTable) r.dsl;
        final Named named = named(s);
        if (op.equals("outerJoin")) {
            throw new BadScenario(s.where() + ": no outerJoin of a stream and a global table");
        }
        final KStream out;
        if (op.equals("join")) {
            out = named == null ? l.stream().join(g, key, f) : l.stream().join(g, key, f, named);
        } else {
            out = named == null ? l.stream().leftJoin(g, key, f) : l.stream().leftJoin(g, key, f, named);
        }
        put(s, Kind.STREAM, out, l.key, STRING);
    }

    private void tableTable(final Obj s, final String op, final Node l, final Node r) {
        final ValueJoiner f = joiner(s);
        final Named n = named(s);
        final Materialized m = materialized(s, l.key, STRING);
        final KTable a = l.table();
        final KTable b = (KTable) r.dsl;
        final KTable out;
        switch (op) {
            case "join":
                out = m == null ? n == null ? a.join(b, f) : a.join(b, f, n)
                    : n == null ? a.join(b, f, m) : a.join(b, f, n, m);
                break;
            case "leftJoin":
                out = m == null ? n == null ? a.leftJoin(b, f) : a.leftJoin(b, f, n)
                    : n == null ? a.leftJoin(b, f, m) : a.leftJoin(b, f, n, m);
                break;
            default:
                out = m == null ? n == null ? a.outerJoin(b, f) : a.outerJoin(b, f, n)
                    : n == null ? a.outerJoin(b, f, m) : a.outerJoin(b, f, n, m);
        }
        put(s, Kind.TABLE, out, l.key, STRING);
    }

    private void fkJoin(final Obj s, final boolean left) {
        final Node l = from(s, Kind.TABLE);
        final Node r = node(s, "with", Kind.TABLE);
        final Functions.Fn fk = Functions.fn(s.str("fk"));
        final BiFunction extract = (k, v) -> fk.apply(print(k), print(v));
        final ValueJoiner f = joiner(s);
        final TableJoined j = s.has("name") ? TableJoined.as(s.str("name")) : null;
        final Materialized m = materialized(s, l.key, STRING);
        final KTable a = l.table();
        final KTable b = r.table();
        final KTable out;
        if (left) {
            out = m == null ? j == null ? a.leftJoin(b, extract, f) : a.leftJoin(b, extract, f, j)
                : j == null ? a.leftJoin(b, extract, f, m) : a.leftJoin(b, extract, f, j, m);
        } else {
            out = m == null ? j == null ? a.join(b, extract, f) : a.join(b, extract, f, j)
                : j == null ? a.join(b, extract, f, m) : a.join(b, extract, f, j, m);
        }
        put(s, Kind.TABLE, out, l.key, STRING);
    }
}
