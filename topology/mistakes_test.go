package topology_test

import (
	"iter"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// mistakes are topologies that Build refuses, with the whole message.
var mistakes = []struct {
	name  string
	write func(b *builder)
	want  []string
}{
	{"nothing", func(*builder) {},
		[]string{"the topology reads no topic: start it with a stream or a table"}},
	{"nil functions", func(b *builder) {
		s := b.Stream("in", str, str)
		s.Filter(nil)
		s.FilterNot(nil)
		s.Map[string, string](nil)
		s.MapValues[string](nil)
		s.FlatMap[string, string](nil)
		s.FlatMapValues[string](nil)
		s.SelectKey[string](nil)
		s.Peek(nil)
		s.Split(nil)
		s.MapValuesWithKey[string](nil)
		s.FlatMapValuesWithKey[string](nil)
	}, []string{
		"KSTREAM-FILTER-0000000001: Filter needs a function, got nil",
		"KSTREAM-FILTER-0000000002: FilterNot needs a function, got nil",
		"KSTREAM-MAP-0000000003: Map needs a function, got nil",
		"KSTREAM-MAPVALUES-0000000004: MapValues needs a function, got nil",
		"KSTREAM-FLATMAP-0000000005: FlatMap needs a function, got nil",
		"KSTREAM-FLATMAPVALUES-0000000006: FlatMapValues needs a function, got nil",
		"KSTREAM-KEY-SELECT-0000000007: SelectKey needs a function, got nil",
		"KSTREAM-PEEK-0000000008: Peek needs a function, got nil",
		"KSTREAM-BRANCH-0000000009: Split needs a function, got nil",
		"KSTREAM-MAPVALUES-0000000012: MapValuesWithKey needs a function, got nil",
		"KSTREAM-FLATMAPVALUES-0000000013: FlatMapValuesWithKey needs a function, got nil",
	}},
	{"idle timeouts", func(b *builder) {
		b.Stream("none", str, str, topology.WithIdleTimeout(0))
		b.Stream("twice", str, str)
		b.Stream("twice", str, str, topology.WithIdleTimeout(time.Second))
		b.GlobalTable("global", str, rows("global"), topology.WithIdleTimeout(time.Second))
	}, []string{
		"KSTREAM-SOURCE-0000000000: WithIdleTimeout: 0s is too short: it must be a millisecond or more",
		`KSTREAM-SOURCE-0000000002: topic "twice" has another idle timeout in KSTREAM-SOURCE-0000000001: use the same one`,
		"KTABLE-SOURCE-0000000004: nothing waits for the time of a global table: leave WithIdleTimeout out",
	}},
	{"patterns", func(b *builder) {
		b.StreamMatching[string, string](nil, str, nil)
		b.Stream("orders-eu", str, str)
		b.StreamMatching(regexp.MustCompile("orders-.*"), str, str)
		b.StreamMatching(regexp.MustCompile("orders"), str, str) // doesn't match the whole name
		b.StreamMatching(regexp.MustCompile("events-.*"), str, str, topology.Named("events"))
		b.Table("events-eu", str, topology.StoreAs("eu", str))
		b.GlobalTable("events-us", str, topology.StoreAs("us", str))
		b.StreamMatching(regexp.MustCompile("events-.*"), str, serde.Int64)
	}, []string{
		"KSTREAM-SOURCE-0000000000: StreamMatching needs a regular expression, got nil",
		"KSTREAM-SOURCE-0000000000: the value serde is nil",
		`KSTREAM-SOURCE-0000000002: the pattern orders-.* matches topic "orders-eu", which KSTREAM-SOURCE-0000000001 reads by its name: write a pattern that doesn't`,
		`events: the pattern events-.* matches topic "events-eu", which KSTREAM-SOURCE-0000000005 reads by its name: write a pattern that doesn't`,
		`events: the pattern events-.* matches topic "events-us", which KSTREAM-SOURCE-0000000007 reads by its name: write a pattern that doesn't`,
		"KSTREAM-SOURCE-0000000009: pattern events-.* is read with serdes serde.stringSerde and serde.int64Serde, but with serde.stringSerde and serde.stringSerde by events: read it with the same ones",
	}},
	{"timestamps", func(b *builder) {
		b.Stream("nil", str, str, topology.WithTimestamps(topology.EmbeddedTime[string, string](nil)))
		b.Stream("typed", str, str, topology.WithTimestamps(topology.EmbeddedTime(
			func(topology.SourceRecord[string, int64]) (int64, bool) { return 0, true })))
		b.Stream("twice", str, str)
		b.Stream("twice", str, str, topology.WithTimestamps(topology.WallClockTime()))
	}, []string{
		"KSTREAM-SOURCE-0000000000: EmbeddedTime needs a function, got nil",
		"KSTREAM-SOURCE-0000000001: EmbeddedTime has another record type than the source: it's a func(topology.SourceRecord[string,int64]) (int64, bool), and func(topology.SourceRecord[string,string]) (int64, bool) is needed",
		`KSTREAM-SOURCE-0000000003: topic "twice" has other timestamps in KSTREAM-SOURCE-0000000002: give both the same value of Timestamps`,
	}},
	{"branches", func(b *builder) {
		split := b.Stream("in", str, str).Branches(topology.Named("split-"))
		split.Branch("a", nil)
		split.Branch("a", hasPrefix("a"))
		split.Branch("", hasPrefix("b"))
		split.Stream("b")
		split.Default("rest")
		split.Default("more")
		split.Branch("late", hasPrefix("c"))
		b.Stream("in2", str, str).Branches(topology.Named("split-")).Branch("a", hasPrefix("a"))
	}, []string{
		`split-: Branch "a" needs a function, got nil`,
		`split-: branch "a" exists already: give each branch its own name`,
		"split-: the branch's name: it's empty",
		"split-: another node has this name already: give each node its own",
		`split-: there's no branch "b": add it with Branch or Default before`,
		`split-: default branch "more" is a second one: a stream has one default branch`,
		`split-: branch "late" comes behind the default branch: add it before`,
		"split-: another node has this name already: give each node its own",
		"split-a: another node has this name already: give each node its own",
	}},
	{"topics as changelogs", func(b *builder) {
		st := func(name string, options ...topology.StoreOption) topology.Stored[string] {
			return topology.StoreAs(name, str, append(options, topology.ReuseSourceTopic())...)
		}
		s := b.Stream("in", str, str)
		s.ToTable(str, st("a"), topology.Named("to-table"))
		s.GroupByKey(str, str).Reduce(join, st("b"), topology.Named("reduce"))
		b.Table("late", str, st("c"), topology.WithReset(topology.Latest), topology.Named("late"))
		b.Table("clock", str, st("d"), topology.WithTimestamps(topology.WallClockTime()), topology.Named("clock"))
		b.Table("config", str, st("e", topology.TopicConfig(map[string]string{"segment.bytes": "1"})), topology.Named("config"))
		b.Table("versioned", str, st("v", topology.Versioned(time.Second)), topology.Named("versioned"))
		s.Join(s, topology.Within(time.Second), join, topology.JoinAs("j", str, str, str, topology.ReuseSourceTopic()), topology.Named("j"))
	}, []string{
		`to-table: store "a": ReuseSourceTopic is for the stores of Builder.Table, which have a topic to be restored from`,
		`reduce: store "b": ReuseSourceTopic is for the stores of Builder.Table, which have a topic to be restored from`,
		"late: ReuseSourceTopic: the topic isn't read from its beginning: leave out WithReset",
		"clock: ReuseSourceTopic: its timestamps are the clock's, which the topic hasn't got",
		"config: ReuseSourceTopic: TopicConfig is for a changelog of its own",
		"versioned: ReuseSourceTopic: its history takes a changelog, from which nothing is compacted away before its time",
		"j-merge: ReuseSourceTopic is for the stores of Builder.Table, which have a topic to be restored from",
	}},
	{"global tables", func(b *builder) {
		b.GlobalTable("glob", str, topology.StoreAs("g", str), topology.Named("table"))
		b.Stream("glob", str, str, topology.Named("again"))
		b.GlobalTable("late", str, topology.StoreAs("g", str, topology.TopicConfig(map[string]string{"retention.ms": "1"})),
			topology.Named("late"), topology.WithReset(topology.Latest), topology.WithTimestamps(topology.WallClockTime()))
		b.GlobalTable("windowed", str, topology.StoreAs("w", str, topology.WithRetention(time.Hour)), topology.Named("windowed"))
		b.GlobalTable[string]("nil", nil, topology.StoreAs[string]("n", nil), topology.Named("nil"))
		s := b.Stream("in", str, str)
		s.JoinGlobal(&topology.GlobalTable[string, string]{}, lookupKey, join, topology.Named("empty"))
		s.JoinGlobal[string, string, string](b.GlobalTable("glob3", str, topology.StoreAs("g3", str)), nil, nil, topology.Named("functions"))
	}, []string{
		`again: topic "glob" is read as a global table by table-source already: the topic of a global table is read once`,
		"late: a global table is always read from the topic's start: leave WithReset out",
		"late: a global table has the timestamps of its records: leave WithTimestamps out",
		`late: the store "g" is global and has no changelog besides its topic: leave TopicConfig out`,
		`late: the store name "g" is used by table already: give each store its own`,
		`windowed: store "w" isn't a window store: it takes no retention`,
		"nil-source: the key serde is nil",
		"nil-source: the value serde is nil",
		"nil: the store's value serde is nil",
		"empty: it takes in something of another builder: a topology is written with one builder",
		"functions: JoinGlobal needs a function, got nil",
	}},
	{"global stores", func(b *builder) {
		global := func(topic string, s topology.StoreHandle[*strStore], options ...topology.SourceOption) {
			b.GlobalStore(topic, str, str, s, update(updating{}), append(options, topology.Named(topic))...)
		}
		s := b.KeyValueStore("s", str, str)
		global("glob", s)
		b.Stream("glob", str, str, topology.Named("again"))
		global("twice", s)
		global("empty", topology.StoreHandle[*strStore]{})
		global("other", topology.NewBuilder().KeyValueStore("s", str, str))
		given := b.KeyValueStore("given", str, str)
		b.Stream("in", str, str).Process(watch(watched{}), given, s, topology.Named("p"))
		global("late", given, topology.WithReset(topology.Latest), topology.WithTimestamps(topology.WallClockTime()))
		global("late", b.KeyValueStore("config", str, str, topology.TopicConfig(map[string]string{"retention.ms": "1"})),
			topology.WithReset(topology.Latest), topology.WithTimestamps(topology.WallClockTime()))
		b.GlobalStore("windows", str, str, b.WindowStore("w", str, str, time.Second, time.Second), update(updating{}), topology.Named("windows"))
		b.GlobalStore[string]("nil", nil, str, b.KeyValueStore("n", str, str), nil, topology.Named("nil"))
	}, []string{
		`again: topic "glob" is read as a global store by glob-source already: the topic of a global store is read once`,
		"twice: store s is global already: declare one for each topic",
		"empty: GlobalStore is given no store: take its handle from the Builder's KeyValueStore or TimestampedStore",
		"other: it takes in something of another builder: a topology is written with one builder",
		"late: store given is given to p before: call GlobalStore first",
		`late-source: topic "late" is read as a global store by late-source already: the topic of a global store is read once`,
		"late: a global store is always read from the topic's start: leave WithReset out",
		"late: a global store has the timestamps of its records: leave WithTimestamps out",
		`late: the store "config" is global and has no changelog besides its topic: leave TopicConfig out`,
		"late: another node has this name already: give each node its own",
		"windows: store w can't be global: declare it with KeyValueStore or TimestampedStore",
		"nil: GlobalStore needs a function, got nil",
		"nil-source: the key serde is nil",
	}},
	{"for each", func(b *builder) { b.Stream("in", str, str).ForEach(nil) },
		[]string{"KSTREAM-FOREACH-0000000001: ForEach needs a function, got nil"}},
	{"several topics", func(b *builder) {
		b.StreamOf(nil, str, str)
		b.StreamOf([]string{"a", "b", "a", "c/d"}, str, str)
		b.StreamOf([]string{"e", "f"}, str, str)
		b.StreamOf([]string{"f", "e"}, str, str)
		b.StreamOf([]string{"g", "f"}, str, str)
		b.Stream("e", str, str)
	}, []string{
		"KSTREAM-SOURCE-0000000000: StreamOf needs topics, got none",
		`KSTREAM-SOURCE-0000000001: topic "a" is given twice`,
		`KSTREAM-SOURCE-0000000001: the topic's name: "c/d" may have letters and digits of ASCII and . _ - only`,
		`KSTREAM-SOURCE-0000000004: topic "f" is read by KSTREAM-SOURCE-0000000002 already, which has other topics: read each topic by itself and use Merge`,
		`KSTREAM-SOURCE-0000000005: topic "e" is read by KSTREAM-SOURCE-0000000002 already, which has other topics: read each topic by itself and use Merge`,
	}},
	{"sinks", func(b *builder) {
		s := b.Stream("in", str, str)
		s.ToTopics(nil, str, nil)
		s.To("out", str, str, topology.PartitionBy[string, string](nil))
		s.Repartition("r", str, str, topology.PartitionBy(func(string, int64, int32) topology.Placement { return topology.DefaultPartition() }))
	}, []string{
		"KSTREAM-SINK-0000000001: the value serde is nil",
		"KSTREAM-SINK-0000000001: ToTopics needs a function, got nil",
		"KSTREAM-SINK-0000000002: PartitionBy needs a function, got nil",
		"r-repartition: PartitionBy has other types than the stream: it's a func(string, int64, int32) topology.Placement, and func(string, string, int32) topology.Placement is needed",
	}},
	{"suppressions", func(b *builder) {
		t := b.Table("in", str, topology.StoreAs("t", str))
		t.Suppress(topology.UntilWindowCloses(), topology.StoreAs("a", str))
		t.Suppress(topology.Suppression{}, topology.StoreAs("b", str))
		t.Suppress(topology.UntilTimeLimit(-time.Second, topology.MaxRecords(-2), topology.MaxBytes(-1), nil), topology.StoreAs("c", str, topology.WithRetention(time.Hour)))
		t.Suppress(topology.UntilTimeLimit(time.Nanosecond), topology.StoreAs[string]("d", nil), topology.Named("short"))
		b.Stream("s", str, str).GroupByKey(str, str).WindowedBy(topology.Unlimited(time.UnixMilli(0))).Reduce(plus, topology.StoreAs("e", str)).
			Suppress(topology.UntilWindowCloses(), topology.StoreAs("t", str), topology.Named("endless"))
	}, []string{
		`KTABLE-SUPPRESS-0000000002: Suppress until the window closes needs a windowed table: use UntilTimeLimit, or aggregate by windows before`,
		`KTABLE-SUPPRESS-0000000004: Suppress needs UntilWindowCloses or UntilTimeLimit`,
		`KTABLE-SUPPRESS-0000000006: the time limit must not be negative and in whole milliseconds, got -1s`,
		`KTABLE-SUPPRESS-0000000006: MaxRecords must not be negative, got -2`,
		`KTABLE-SUPPRESS-0000000006: MaxBytes must not be negative, got -1`,
		`KTABLE-SUPPRESS-0000000006: store "c" isn't a window store: it takes no retention`,
		`short: the time limit must not be negative and in whole milliseconds, got 1ns`,
		`short: the store's value serde is nil`,
		`endless: the store name "t" is used by KTABLE-SOURCE-0000000001 already: give each store its own`,
		`endless: Suppress until the window closes: unlimited windows never close`,
	}},
	{"versioned stores", func(b *builder) {
		ver := b.Table("t", str, topology.StoreAs("ver", str, topology.Versioned(time.Minute)))
		ver.Filter(func(_, v string) bool { return true }).Suppress(topology.UntilTimeLimit(time.Second), topology.StoreAs("a", str))
		b.Table("u", str, topology.StoreAs("b", str, topology.Versioned(-time.Second), topology.WithSegments(-time.Second)))
		b.Table("v", str, topology.StoreAs("c", str, topology.Versioned(time.Second), topology.WithRetention(time.Hour)))
		b.Table("w", str, topology.StoreAs("d", str, topology.WithSegments(time.Second)))
		s := b.Stream("s", str, str)
		s.GroupByKey(str, str).WindowedBy(topology.Tumbling(time.Second)).Reduce(plus, topology.StoreAs("e", str, topology.Versioned(0)))
		s.Join(s, topology.Within(time.Second), plus, topology.JoinAs("f", str, str, str, topology.Versioned(0)), topology.Named("j"))
		b.GlobalTable("g", str, topology.StoreAs("g", str, topology.Versioned(0)), topology.Named("glob"))
	}, []string{
		`KTABLE-SUPPRESS-0000000003: Suppress: KTABLE-FILTER-0000000002 is a versioned table, whose history would be held back too: call Materialize before, with a store that isn't versioned`,
		`KTABLE-SOURCE-0000000006: the history of a versioned store must not be negative and in whole milliseconds, got -1s`,
		`KTABLE-SOURCE-0000000006: the segments of a versioned store must be positive and in whole milliseconds, got -1s`,
		`KTABLE-SOURCE-0000000008: store "c" is versioned: it takes no retention, its history says how long values are kept`,
		`KTABLE-SOURCE-0000000010: store "d" isn't versioned: it takes no segments`,
		`KSTREAM-REDUCE-0000000012: store "e" can't be versioned: only the rows of a table have a history`,
		`j-merge: store "f" can't be versioned: only the rows of a table have a history`,
		`glob: a global table can't be versioned: records are joined with it as it is`,
	}},
	{"joins with a buffer", func(b *builder) {
		s := b.Stream("s", str, str)
		s.JoinTable(b.Table("t", str, topology.StoreAs("a", str)), plus, topology.BufferedFor(time.Second, "a", str, str))
		ver := b.Table("u", str, topology.StoreAs("b", str, topology.Versioned(time.Second)))
		s.JoinTable(ver.MapValues(strings.ToUpper), plus, topology.BufferedFor(time.Minute, "b", str, number))
		s.JoinTable(ver, plus, topology.BufferedFor[string, string](-time.Second, "c", nil, nil, topology.Versioned(0)), topology.Named("c"))
		s.JoinTable(ver.Join(ver, plus), plus, topology.BufferedFor(0, "c", str, str), topology.Named("d"))
	}, []string{
		`KSTREAM-JOIN-0000000003: BufferedFor: the table isn't versioned: give its store the option Versioned`,
		`KSTREAM-JOIN-0000000007: BufferedFor: the table has a history of 1s: it must be as long as the grace at least, 1m0s`,
		`KSTREAM-JOIN-0000000007: BufferedFor has serdes of other types than the stream: serde.stringSerde and serde.jsonSerde[int64]`,
		`c: the grace of BufferedFor must not be negative and in whole milliseconds, got -1s`,
		`c: the buffer's key serde is nil`,
		`c: the store's value serde is nil`,
		`c: store "c-Buffer" can't be versioned: only the rows of a table have a history`,
		`d: BufferedFor: the table isn't versioned: give its store the option Versioned`,
		`d: the store name "c-Buffer" is used by c already: give each store its own`,
	}},
	{"nil functions of groupings and joins", func(b *builder) {
		s := b.Stream("in", str, str)
		g := s.GroupBy[string]("g", nil, str, str)
		g.Reduce(nil, topology.StoreAs("a", str))
		g.Aggregate(nil, func(_, v, _ string) string { return v }, topology.StoreAs("b", str))
		g.Aggregate(func() string { return "" }, nil, topology.StoreAs("c", str))
		w := g.WindowedBy(topology.Tumbling(time.Second)).Reduce(nil, topology.StoreAs("d", str))
		w.ToStream[string](nil)
		t := b.Table("tab", str, topology.StoreAs("t", str))
		s.JoinTable[string, string](t, nil)
		s.LeftJoinTable[string, string](t, nil)
	}, []string{
		"g: GroupBy needs a function, got nil",
		"KSTREAM-REDUCE-0000000002: Reduce needs a function, got nil",
		"KSTREAM-AGGREGATE-0000000006: Aggregate needs a function, got nil",
		"KSTREAM-AGGREGATE-0000000010: Aggregate needs a function, got nil",
		"KSTREAM-REDUCE-0000000014: Reduce needs a function, got nil",
		"KTABLE-TOSTREAM-0000000018: ToStream needs a function, got nil",
		"KSTREAM-JOIN-0000000021: JoinTable needs a function, got nil",
		"KSTREAM-LEFTJOIN-0000000022: LeftJoinTable needs a function, got nil",
	}},
	{"processors", func(b *builder) {
		s := b.Stream("in", str, str)
		s.Process[string, string](nil)
		s.Process(func() strProcessor { return nil })
		same := &watched{}
		s.Process(func() strProcessor { return same }, topology.Named("same"))
		s.Process(func() strProcessor { return wrongInit{} }, topology.Named("wrong"))
		s.ProcessValues[string](nil)
		b.Table("tab", str, topology.StoreAs("t", str)).Transform[string](nil)
		s.Process(doing(nil), topology.StoreHandle[*strStore]{}, topology.NewBuilder().KeyValueStore("far", str, str), nil)
	}, []string{
		"KSTREAM-PROCESSOR-0000000001: Process needs a function, got nil",
		"KSTREAM-PROCESSOR-0000000002: the function given to Process returns nil: it must return a new processor",
		"same: the function given to Process returns the same processor each time: it must return a new one for each task",
		"wrong: topology_test.wrongInit has an Init that wouldn't be called: it must be Init(*topology.Context[string,string]) error",
		"wrong: topology_test.wrongInit has a Close that wouldn't be called: it must be Close() error",
		"KSTREAM-PROCESSVALUES-0000000005: ProcessValues needs a function, got nil",
		"KTABLE-TRANSFORMVALUES-0000000008: Transform needs a function, got nil",
		"KSTREAM-PROCESSOR-0000000009: it's given an empty handle of a store: take one from a Builder or a table",
		"KSTREAM-PROCESSOR-0000000009: it takes in something of another builder: a topology is written with one builder",
	}},
	{"stores of processors", func(b *builder) {
		b.Table("tab", str, topology.StoreAs("t", str))
		b.KeyValueStore("t", str, str)
		b.KeyValueStore("a/b", str, str)
		b.KeyValueStore[string, string]("n", nil, nil, topology.WithRetention(time.Hour), topology.IfNeeded())
		b.KeyValueStore("n", str, str)
		b.Table("tab2", str, topology.StoreAs("n", str))
		b.WindowStore("w", str, str, time.Second, 0)
		b.StoreOf[int]("o", nil)
	}, []string{
		"store t: the name is used by KTABLE-SOURCE-0000000001 already: give each store its own",
		`store a/b: the store's name: "a/b" may have letters and digits of ASCII and . _ - only`,
		"store n: the key serde is nil",
		"store n: the value serde is nil",
		"store n: WithRetention is for the stores of tables and windows: the store's own arguments say what it keeps",
		"store n: IfNeeded is for the stores of tables: leave a store out that no processor needs",
		"store n: the name is used by the builder already: give each store its own",
		`KTABLE-SOURCE-0000000003: the store name "n" is used by the builder already: give each store its own`,
		`store w: store "w": retention 0s is under the window size 1s`,
		"store o: StoreOf needs a function, got nil",
		"store n: no processor is connected to it: give its handle to Process, ProcessValues or Transform, or leave the store out",
		"store o: no processor is connected to it: give its handle to Process, ProcessValues or Transform, or leave the store out",
		"store w: no processor is connected to it: give its handle to Process, ProcessValues or Transform, or leave the store out",
	}},
	{"nil serdes", func(b *builder) {
		s := b.Stream[string, string]("in", nil, nil)
		s.To("out", nil, str)
		s.To("out", str, nil)
		s.GroupByKey(nil, nil).Count(topology.StoreAs[int64]("c", nil))
		s.GroupBy("g", first, nil, str).Count(topology.StoreAs("c2", number))
		s.Repartition("r", str, nil)
		s.ToTable(nil, topology.StoreAs[string]("t", nil))
		b.Table[string, string]("tab", nil, topology.StoreAs("t2", str))
	}, []string{
		"KSTREAM-SOURCE-0000000000: the key serde is nil",
		"KSTREAM-SOURCE-0000000000: the value serde is nil",
		"KSTREAM-SINK-0000000001: the key serde is nil",
		"KSTREAM-SINK-0000000002: the value serde is nil",
		"KSTREAM-SOURCE-0000000000: the grouping's key serde is nil",
		"KSTREAM-SOURCE-0000000000: the grouping's value serde is nil",
		"KSTREAM-AGGREGATE-0000000003: the store's value serde is nil",
		"KSTREAM-AGGREGATE-0000000005: the key serde is nil",
		"r-repartition: the value serde is nil",
		"KSTREAM-TOTABLE-0000000012: the key serde is nil",
		"KSTREAM-TOTABLE-0000000012: the store's value serde is nil",
		"KSTREAM-SOURCE-0000000013: the key serde is nil",
	}},
	{"names of topics and stores", func(b *builder) {
		s := b.Stream("", str, str)
		s.To("no spaces", str, str)
		s.To("..", str, str)
		s.GroupByKey(str, str).Count(topology.StoreAs("", number))
		s.GroupByKey(str, str).Count(topology.StoreAs(strings.Repeat("x", 250), number))
		s.Repartition("", str, str)
		s.GroupBy("a/b", first, str, str)
		s.Peek(func(_, _ string) {}, topology.Named(""))
	}, []string{
		"KSTREAM-SOURCE-0000000000: the topic's name: it's empty",
		`KSTREAM-SINK-0000000001: the topic's name: "no spaces" may have letters and digits of ASCII and . _ - only`,
		`KSTREAM-SINK-0000000002: the topic's name: ".." isn't allowed`,
		"KSTREAM-AGGREGATE-0000000003: the store's name: it's empty",
		`KSTREAM-AGGREGATE-0000000004: the store's name: "` + strings.Repeat("x", 250) + `" has more than 249 characters`,
		"-repartition: the repartition topic's name: it's empty",
		`KSTREAM-KEY-SELECT-0000000008: the name given with Named: "a/b" may have letters and digits of ASCII and . _ - only`,
		"KSTREAM-PEEK-0000000009: the name given with Named: it's empty",
	}},
	{"a store twice", func(b *builder) {
		g := b.Stream("in", str, str).GroupByKey(str, str)
		g.Count(topology.StoreAs("c", number))
		g.Count(topology.StoreAs("c", number))
	}, []string{`KSTREAM-AGGREGATE-0000000002: the store name "c" is used by KSTREAM-AGGREGATE-0000000001 already: give each store its own`}},
	{"a node twice", func(b *builder) {
		s := b.Stream("in", str, str)
		s.Peek(func(_, _ string) {}, topology.Named("p"))
		s.Peek(func(_, _ string) {}, topology.Named("p"))
	}, []string{"p: another node has this name already: give each node its own"}},
	{"a repartition topic twice", func(b *builder) {
		s := b.Stream("in", str, str)
		s.Repartition("r", str, str)
		s.Repartition("r", str, str)
	}, []string{`r-repartition: the repartition topic "r-repartition" exists already: choose another name`}},
	{"a topic as stream and table", func(b *builder) {
		b.Stream("in", str, str)
		b.Table("in", str, topology.StoreAs("t", str))
	}, []string{`KSTREAM-SOURCE-0000000001: topic "in" is read as a stream by KSTREAM-SOURCE-0000000000 already: ` +
		"read it once, and derive one from the other with ToStream or ToTable"}},
	{"a topic as two tables", func(b *builder) {
		b.Table("in", str, topology.StoreAs("t", str))
		b.Table("in", str, topology.StoreAs("t2", str))
	}, []string{`KSTREAM-SOURCE-0000000002: topic "in" is read as a table by KSTREAM-SOURCE-0000000000 already: ` +
		"read it once, and derive one from the other with ToStream or ToTable"}},
	{"a topic with different serdes", func(b *builder) {
		b.Stream("in", str, str)
		b.Stream("in", str, serde.Int64)
	}, []string{`KSTREAM-SOURCE-0000000001: topic "in" is read with serdes serde.stringSerde and serde.int64Serde, ` +
		"but with serde.stringSerde and serde.stringSerde by KSTREAM-SOURCE-0000000000: read it with the same ones"}},
	{"a topic with different resets", func(b *builder) {
		b.Stream("in", str, str, topology.WithReset(topology.Latest))
		b.Stream("in", str, str)
	}, []string{`KSTREAM-SOURCE-0000000001: topic "in" has another reset policy in KSTREAM-SOURCE-0000000000: use the same one`}},
	{"joins and groups of windowed tables", func(b *builder) {
		counts := b.Stream("in", str, str).GroupByKey(str, str).WindowedBy(topology.Tumbling(time.Second)).Count(topology.StoreAs("n", number))
		foreign := topology.NewBuilder().Stream("in", str, str).GroupByKey(str, str).WindowedBy(topology.Tumbling(time.Second)).Count(topology.StoreAs("n", number))
		counts.Join(foreign, func(int64, int64) int64 { return 0 }, topology.Named("foreign"))
		counts.Join(nil, func(int64, int64) int64 { return 0 }, topology.Named("nil"))
		counts.LeftJoin(counts, (func(int64, *int64) int64)(nil), topology.Named("left"))
		counts.OuterJoin(counts, (func(*int64, *int64) int64)(nil), topology.Named("outer"))
		counts.GroupBy("group", (func(topology.Windowed[string], int64) (string, string))(nil), nil, nil)
	}, []string{
		"foreign: it takes in something of another builder: a topology is written with one builder",
		"nil: it takes in something of another builder: a topology is written with one builder",
		"left: LeftJoin needs a function, got nil",
		"outer: OuterJoin needs a function, got nil",
		"group: GroupBy needs a function, got nil",
		"group: the grouping's key serde is nil",
		"group: the grouping's value serde is nil",
	}},
	{"windows", func(b *builder) {
		g := b.Stream("in", str, str).GroupByKey(str, str)
		g.WindowedBy(topology.TimeWindows{}).Count(topology.StoreAs("a", number))
		g.WindowedBy(topology.Tumbling(1500 * time.Microsecond)).Count(topology.StoreAs("b", number))
		g.WindowedBy(topology.Tumbling(time.Second).Grace(-time.Second)).Count(topology.StoreAs("c", number))
		g.WindowedBy(topology.Tumbling(time.Minute)).Count(topology.StoreAs("d", number, topology.WithRetention(time.Second)))
		g.Count(topology.StoreAs("e", number, topology.WithRetention(time.Second)))
		g.WindowedBy(topology.Tumbling(time.Second).Grace(time.Duration(math.MaxInt64).Truncate(time.Millisecond))).Count(topology.StoreAs("f", number))
	}, []string{
		"KSTREAM-AGGREGATE-0000000001: the window size must be positive and in whole milliseconds, got 0s",
		"KSTREAM-AGGREGATE-0000000002: the window size must be positive and in whole milliseconds, got 1.5ms",
		"KSTREAM-AGGREGATE-0000000003: the grace must not be negative and in whole milliseconds, got -1s",
		`KSTREAM-AGGREGATE-0000000004: store "d" has a retention of 1s: it must be at least the window's size and grace, 1m0s`,
		`KSTREAM-AGGREGATE-0000000005: store "e" isn't a window store: it takes no retention`,
		"KSTREAM-AGGREGATE-0000000006: the window's size and grace are more than 2562047h47m16.854775807s together",
	}},
	{"other windows", func(b *builder) {
		g := b.Stream("in", str, str).GroupByKey(str, str)
		g.WindowedBy(topology.Hopping(time.Second, 0)).Count(topology.StoreAs("a", number))
		g.WindowedBy(topology.Hopping(time.Second, time.Minute)).Count(topology.StoreAs("b", number))
		g.WindowedBy(topology.Unlimited(time.UnixMilli(-1).UTC())).Count(topology.StoreAs("c", number))
		g.WindowedBy(topology.Sliding(0).Grace(-1)).Count(topology.StoreAs("d", number))
		g.WindowedBy(topology.Sliding(time.Second)).Count(topology.StoreAs("e", number, topology.WithRetention(time.Second)))
		g.WindowedBy(nil).Count(topology.StoreAs("f", number))
		g.WindowedBy(topology.Unlimited(time.UnixMilli(0))).EmitOnClose().Count(topology.StoreAs("g", number))
	}, []string{
		"KSTREAM-AGGREGATE-0000000001: the window advance must be positive and in whole milliseconds, got 0s",
		"KSTREAM-AGGREGATE-0000000002: the window advance must be at most the size, 1s, got 1m0s",
		"KSTREAM-AGGREGATE-0000000003: the window starts at 1969-12-31 23:59:59.999 +0000 UTC, before the Unix epoch",
		"KSTREAM-AGGREGATE-0000000004: the time difference must be positive and in whole milliseconds, got 0s",
		"KSTREAM-AGGREGATE-0000000004: the grace must not be negative and in whole milliseconds, got -1ns",
		`KSTREAM-AGGREGATE-0000000005: store "e" has a retention of 1s: it must be at least twice the time difference and grace, 2s`,
		"KSTREAM-AGGREGATE-0000000006: WindowedBy needs windows, got nil",
		"KSTREAM-AGGREGATE-0000000007: EmitOnClose: unlimited windows never close",
	}},
	{"sessions", func(b *builder) {
		g := b.Stream("in", str, str).GroupByKey(str, str)
		g.SessionsBy(topology.SessionWindows{}).Count(topology.StoreAs("a", number))
		g.SessionsBy(topology.Sessions(time.Minute).Grace(-time.Second)).Aggregate(func() string { return "" }, joinTexts, nil, topology.StoreAs("b", str))
		g.SessionsBy(topology.Sessions(time.Minute).Grace(time.Second)).Count(topology.StoreAs("c", number, topology.WithRetention(time.Minute)))
	}, []string{
		"KSTREAM-AGGREGATE-0000000001: the gap must be positive and in whole milliseconds, got 0s",
		"KSTREAM-AGGREGATE-0000000002: Aggregate needs a function, got nil",
		"KSTREAM-AGGREGATE-0000000002: the grace must not be negative and in whole milliseconds, got -1s",
		`KSTREAM-AGGREGATE-0000000003: store "c" has a retention of 1m0s: it must be at least the gap and grace, 1m1s`,
	}},
	{"joins of streams", func(b *builder) {
		l, r := sides(b)
		l.Join[string, string](r, topology.Within(1500*time.Microsecond), nil, topology.JoinAs[string, string, string]("a", nil, str, str))
		l.LeftJoin(r, topology.Within(time.Second).Before(-time.Minute), leftJoined, topology.JoinAs("b", str, str, str))
		l.OuterJoin(r, topology.Within(1<<62).Grace(-1), joined, topology.JoinAs("c", str, str, str, topology.WithRetention(time.Hour)), topology.Named("j"))
		l.Join(topology.NewBuilder().Stream("other", str, str), topology.Within(time.Second), bar, topology.JoinAs("d", str, str, str))
	}, []string{
		"KSTREAM-MERGE-0000000006: Join needs a function, got nil",
		"KSTREAM-MERGE-0000000006: the time difference of a join must be in whole milliseconds and at most 640511h56m49.213s, got 1.5ms",
		"KSTREAM-MERGE-0000000006: the join's key serde is nil",
		"KSTREAM-MERGE-0000000011: the join has no window: it would end 59s before its start",
		"j-merge: the time difference of a join must be in whole milliseconds and at most 640511h56m49.213s, got 1281023h53m38.427387904s",
		"j-merge: the grace of a join must be in whole milliseconds and at most 640511h56m49.213s, got -1ns",
		"j-merge: the grace of a join must not be negative, got -1ns",
		"j-merge: the stores of a join take no retention: it follows from the windows",
		"KSTREAM-MERGE-0000000021: it takes in something of another builder: a topology is written with one builder",
	}},
	{"cogroups", func(b *builder) {
		g := b.Stream("in", str, text{}).GroupByKey(str, text{})
		var none *topology.Cogrouped[string, string]
		g.Cogroup[string](nil).Aggregate(nil, topology.StoreAs("a", str))
		g.Cogroup(appendText).And(topology.NewBuilder().Stream("other", str, text{}).GroupByKey(str, text{}), appendText).
			SessionsBy(topology.Sessions(time.Minute)).Aggregate(empty, nil, topology.StoreAs("b", str))
		none.WindowedBy(topology.Sliding(0)).Aggregate(empty, topology.StoreAs("c", str)) // a builder of its own
	}, []string{
		"COGROUPKSTREAM-AGGREGATE-0000000001: Aggregate needs a function, got nil",
		"COGROUPKSTREAM-AGGREGATE-0000000001: Cogroup needs a function, got nil",
		"COGROUPKSTREAM-AGGREGATE-0000000003: Aggregate needs a function, got nil",
		"COGROUPKSTREAM-AGGREGATE-0000000004: it takes in something of another builder: a topology is written with one builder",
	}},
	{"partition counts", func(b *builder) {
		b.Stream("in", str, str).Repartition("r", str, str, topology.Partitions(0))
	}, []string{"r-repartition: the number of partitions must be positive, got 0"}},
	{"a join after a key change", func(b *builder) {
		t := b.Table("tab", str, topology.StoreAs("t", str))
		s := b.Stream("in", str, str).SelectKey(first, topology.Named("select"))
		s.JoinTable(t, bar)
		s.JoinTable(t, bar, topology.RepartitionAs("r", str, serde.Int64))
		s.JoinTable(t, bar, topology.RepartitionAs[string, string]("r2", nil, str))
	}, []string{
		"select: JoinTable: the key may have changed before: give the option RepartitionAs, or call Repartition before it",
		"select: JoinTable: RepartitionAs has serdes of other types than the stream: serde.stringSerde and serde.int64Serde",
		"select: the key serde is nil",
	}},
	{"two builders", func(b *builder) {
		other := topology.NewBuilder()
		s := b.Stream("in", str, str)
		s.Merge(other.Stream("in", str, str))
		s.JoinTable(other.Table("tab", str, topology.StoreAs("t", str)), bar)
	}, []string{
		"KSTREAM-MERGE-0000000001: it takes in something of another builder: a topology is written with one builder",
		"KSTREAM-JOIN-0000000002: it takes in something of another builder: a topology is written with one builder",
	}},
	{"nil functions of tables", func(b *builder) {
		t := b.Table("tab", str, topology.StoreAs("t", str))
		t.Filter(nil)
		t.FilterNot(nil)
		t.MapValues[string](nil)
		t.MapValuesWithKey[string](nil)
		t.Join[string, string](t, nil)
		t.LeftJoin[string, string](t, nil)
		t.OuterJoin[string, string](t, nil)
		g := t.GroupBy[string, string]("g", nil, str, str)
		g.Reduce(nil, join, topology.StoreAs("a", str))
		g.Aggregate(nil, nil, nil, topology.StoreAs("b", str))
		t.JoinByForeignKey("fk", t, customerFirst, (func(string, string) string)(nil))
		t.LeftJoinByForeignKey("fkl", t, nil, leftBar)
	}, []string{
		"KTABLE-FILTER-0000000002: Filter needs a function, got nil",
		"KTABLE-FILTER-0000000003: FilterNot needs a function, got nil",
		"KTABLE-MAPVALUES-0000000004: MapValues needs a function, got nil",
		"KTABLE-MAPVALUES-0000000005: MapValuesWithKey needs a function, got nil",
		"KTABLE-MERGE-0000000006: Join needs a function, got nil",
		"KTABLE-MERGE-0000000009: LeftJoin needs a function, got nil",
		"KTABLE-MERGE-0000000012: OuterJoin needs a function, got nil",
		"g: GroupBy needs a function, got nil",
		"KTABLE-REDUCE-0000000018: Reduce needs a function, got nil",
		"KTABLE-AGGREGATE-0000000021: Aggregate needs a function, got nil",
		"fk-subscription-registration-processor: JoinByForeignKey needs a function, got nil",
		"fkl-subscription-registration-processor: LeftJoinByForeignKey needs a function, got nil",
	}},
	{"serdes and names of tables", func(b *builder) {
		t := b.Table[string, string]("tab", str, topology.StoreAs[string]("t", nil, topology.IfNeeded()))
		t.GroupBy[string, string]("no spaces", byColon, nil, nil)
		t.MapValues(strings.ToUpper).Materialize(topology.StoreAs[string]("", nil))
		u := b.Table("tab2", str, topology.StoreAs("u", str))
		u.JoinByForeignKey("a/b", u, customerFirst, bar)
	}, []string{
		"KSTREAM-SOURCE-0000000000: the value serde is nil",
		`KTABLE-SELECT-0000000002: the name given with Named: "no spaces" may have letters and digits of ASCII and . _ - only`,
		"KTABLE-SELECT-0000000002: the grouping's key serde is nil",
		"KTABLE-SELECT-0000000002: the grouping's value serde is nil",
		"KTABLE-SOURCE-0000000001: the store's value serde is nil",
		"KTABLE-MAPVALUES-0000000003: the store's value serde is nil",
		"KTABLE-MAPVALUES-0000000003: the store's name: it's empty",
		`a/b-subscription-registration-processor: JoinByForeignKey: the name: "a/b" may have letters and digits of ASCII and . _ - only`,
		`a/b-subscription-receive: the store's name: "a/b-subscription-store" may have letters and digits of ASCII and . _ - only`,
	}},
	{"materializing what is stored or used already", func(b *builder) {
		t := b.Table("tab", str, topology.StoreAs("t", str))
		t.Materialize(topology.StoreAs("t2", str))
		m := t.MapValues(strings.ToUpper)
		m.ToStream()
		m.Materialize(topology.StoreAs("m", str))
		f := t.Filter(above5)
		b.Stream("in", str, str).JoinTable(f, bar)
		f.Materialize(topology.StoreAs("f", str)).Materialize(topology.StoreAs("f2", str))
	}, []string{
		`KTABLE-SOURCE-0000000001: Materialize: the table has the store "t" already`,
		"KTABLE-MAPVALUES-0000000002: Materialize comes too late: call it before anything else is made of the table",
		"KTABLE-FILTER-0000000004: Materialize comes too late: call it before anything else is made of the table",
		`KTABLE-FILTER-0000000004: Materialize: the table has the store "f" already`,
	}},
	{"rows and serdes that no one has", func(b *builder) {
		t := b.Table("tab", str, topology.StoreAs("t", str))
		fk := t.JoinByForeignKey("fk", t, customerFirst, bar)
		fk.Filter(above5).Join(t, bar, topology.Named("j"))
		fk.GroupBy("g", byColon, str, str)
		m := t.MapValues(strings.ToUpper)
		m.LeftJoinByForeignKey("fk2", t, customerFirst, leftBar)
		t.LeftJoinByForeignKey("fk3", m, customerFirst, leftBar)
	}, []string{
		"j-join-other: it needs the rows of fk-result, which aren't stored: call Materialize on that table",
		"g: it needs the rows of fk-result, which aren't stored: call Materialize on that table",
		"fk2-subscription-registration-processor: it needs the serde of the values of KTABLE-MAPVALUES-0000000020: call Materialize on that table",
		"fk3-subscription-join-foreign: it needs the serde of the values of KTABLE-MAPVALUES-0000000020: call Materialize on that table",
	}},
	{"windowed tables that are stored already, or have no rows", func(b *builder) {
		t := counts(b, "in", topology.Tumbling(time.Second))
		t.Materialize(topology.StoreAs("again", number))
		u := b.Table("tab", str, topology.StoreAs("t", str))
		of := func(w topology.Windowed[string], _ int64) (string, bool) { return w.Key, true }
		fk := t.JoinByForeignKey("fk", u, of, func(n int64, _ string) int64 { return n })
		fk.Suppress(topology.UntilWindowCloses(), topology.StoreAs("s", number), topology.Named("suppress"))
		fk.LeftJoin(t, func(n int64, _ *int64) int64 { return n }, topology.Named("j"))
	}, []string{
		`KSTREAM-AGGREGATE-0000000001: Materialize: the table has the store "in" already`,
		"suppress: Suppress until the window closes: a join by foreign key also follows rows without a window, and so has no final result: " +
			"suppress the table in front of it, or use UntilTimeLimit",
		"suppress: it needs the rows of fk-result, which aren't stored: call Materialize on that table",
		"j-join-other: it needs the rows of fk-result, which aren't stored: call Materialize on that table",
	}},
	{"a grouping of a table twice", func(b *builder) {
		t := b.Table("tab", str, topology.StoreAs("t", str))
		t.GroupBy("g", byColon, str, str).Count(topology.StoreAs("a", number))
		t.GroupBy("g", byColon, str, str).Count(topology.StoreAs("b", number))
	}, []string{
		"g: another node has this name already: give each node its own",
		`KTABLE-AGGREGATE-0000000009: the repartition topic "g-repartition" exists already: choose another name`,
	}},
	{"tables of two builders", func(b *builder) {
		other := topology.NewBuilder().Table("tab2", str, topology.StoreAs("t2", str))
		t := b.Table("tab", str, topology.StoreAs("t", str))
		t.Join(other, bar)
		t.JoinByForeignKey("fk", other, customerFirst, bar)
	}, []string{
		"KTABLE-MERGE-0000000002: it takes in something of another builder: a topology is written with one builder",
		"fk-subscription-registration-processor: it takes in something of another builder: a topology is written with one builder",
	}},
	{"merging nothing", func(b *builder) {
		b.Merge[string, string]()
		b.Stream("in", str, str).Merge(nil)
	}, []string{
		"KSTREAM-MERGE-0000000000: Merge needs streams, got none",
		"KSTREAM-MERGE-0000000002: Merge needs streams, got nil",
	}},
}

func TestMistakes(t *testing.T) {
	for _, c := range mistakes {
		t.Run(c.name, func(t *testing.T) {
			b := topology.NewBuilder()
			c.write(b)
			top, err := b.Build()
			if err == nil || top != nil {
				t.Fatalf("built %v, error %v", top, err)
			}
			if got, want := err.Error(), strings.Join(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// wrongInit is a processor whose other methods have types that nothing calls.
type wrongInit struct{}

func (wrongInit) Init(*topology.Context[int, int]) error { return nil }
func (wrongInit) Process(*strContext, madeRecord) error  { return nil }
func (wrongInit) Close()                                 {}

// Whatever is nil or empty, a chain goes on without a panic, and doesn't build.
func TestNothingPanics(t *testing.T) {
	use := func(s *strStream) {
		s.Filter(func(_, _ string) bool { return true }, nil).
			MapValues(strings.ToUpper).
			FlatMap(func(_, _ string) iter.Seq2[string, string] { return nil }).
			Merge(nil, s, &strStream{}).
			Repartition("r", str, str, nil).
			JoinTable(nil, bar, nil).
			LeftJoinTable(&topology.Table[string, string]{}, leftBar).
			Split()[0].
			Branches(nil).Default("rest").
			ToTable(str, topology.Stored[string]{}, nil).
			ToStream().
			To("out", str, str, nil)
		s.GroupByKey(str, str, nil).WindowedBy(topology.TimeWindows{}).Reduce(plus, topology.Stored[string]{}).
			ToStream(topology.WithoutWindow).To("out", str, str)
	}
	var none *builder
	use(nil)
	use(&strStream{})
	use(none.Stream("in", str, str, nil))
	use((&builder{}).Stream("in", str, str))
	var (
		grouped      *topology.GroupedStream[string, string]
		windowed     *topology.TimeWindowedStream[string, string]
		table        *topology.Table[string, string]
		wtable       *topology.WindowedTable[string, string]
		groupedTable *topology.GroupedTable[string, string]
	)
	use(grouped.Reduce(plus, topology.StoreAs("s", str)).ToStream())
	use(windowed.Reduce(plus, topology.StoreAs("s", str)).ToStream(topology.WithoutWindow))
	use(table.ToStream())
	use((*strStream)(nil).Process(doing(nil), nil))
	use(table.Transform[string](nil, table.Rows()).ToStream())
	use((*strStream)(nil).ProcessValues[string](nil, none.KeyValueStore("s", str, str), none.StoreOf[int]("s", nil)))
	for _, t := range []*strTable{nil, {}, table.Filter(above5), none.Table("tab", str, topology.StoreAs("s", str))} {
		use(t.MapValues(strings.ToUpper).Materialize(topology.Stored[string]{}).
			Join(t, bar).LeftJoin(nil, leftBar).OuterJoin(t, outerBar, nil).
			FilterNot(above5).Suppress(topology.UntilTimeLimit(0), topology.Stored[string]{}, nil).
			JoinByForeignKey("fk", t, customerFirst, bar).LeftJoinByForeignKey("fk", nil, customerFirst, leftBar).
			GroupBy("g", byColon, str, str).Reduce(plus, plus, topology.Stored[string]{}).ToStream())
	}
	use(groupedTable.Reduce(plus, plus, topology.StoreAs("s", str)).ToStream())
	use(wtable.Suppress(topology.UntilWindowCloses(), topology.StoreAs("s", str)).ToStream(topology.WithoutWindow))
	use(wtable.ToStream(topology.WithoutWindow))
	use(none.Merge[string, string]())
	use(none.Table("tab", str, topology.StoreAs("s", str)).ToStream())
	for _, b := range []*builder{nil, {}} {
		if top, err := b.Build(); err == nil || top != nil {
			t.Errorf("built %v without a builder", top)
		}
	}
}

func TestMistakeWithAStreamOfAnotherBuilderIsToldByBoth(t *testing.T) {
	a, b := topology.NewBuilder(), topology.NewBuilder()
	a.Stream("in", str, str).Merge(b.Stream("in", str, str))
	for _, builder := range []*builder{a, b} {
		if _, err := builder.Build(); err == nil {
			t.Error("built")
		}
	}
}
