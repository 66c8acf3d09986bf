package metamorphic

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// variant is a way to run a topology.
type variant struct {
	partitions int32
	cache      int64
	interval   time.Duration
	// faults is how many records come between two crashes or rebalances, about; 0 for
	// none.
	faults             int
	optimize, inMemory bool
}

// variants are those that are compared with the first, which is the plainest.
func variants(r *rand.Rand) []variant {
	return []variant{
		{partitions: 1},
		{partitions: 1, cache: 1 << 20, interval: interval(r), faults: 20},
		{partitions: 3, interval: interval(r), optimize: true},
		{partitions: 8, cache: r.Int64N(3000), interval: interval(r), inMemory: true, faults: 30},
		{partitions: 3, cache: 1 << 20, faults: 10, inMemory: true, optimize: true},
		{partitions: 8, faults: 50, interval: time.Hour},
	}
}

// interval is about every tenth record to about every hundredth.
func interval(r *rand.Rand) time.Duration { return time.Duration(10+r.IntN(100)) * time.Millisecond }

// record is one of the input.
type record struct {
	topic     string
	key       string
	value     int64
	null      bool
	timestamp int64
}

// input is what a seed has for input: the rows of settled tables, and the rest.
func input(seed uint64) (settled, rest []record) {
	r := rand.New(rand.NewPCG(seed, 2))
	for range 40 {
		settled = append(settled, row(r, settledTopics))
	}
	for i := range 20 {
		settled = append(settled, record{topic: globalTopic, key: fmt.Sprintf("k%d", i), value: r.Int64N(1000)})
	}
	for range 60 + r.IntN(100) {
		if r.IntN(3) == 0 {
			rest = append(rest, row(r, tableTopics))
			continue
		}
		next := row(r, streamTopics)
		next.null = r.IntN(15) == 0
		rest = append(rest, next)
	}
	return settled, rest
}

// row is a change of a row of one of the topics.
func row(r *rand.Rand, topics []string) record {
	return record{
		topic: topics[r.IntN(len(topics))], key: fmt.Sprintf("k%d", r.IntN(10)), value: r.Int64N(1000),
		null: r.IntN(6) == 0, timestamp: r.Int64N(2000),
	}
}

// closers are keys of which some are in each partition, whether there are 3 or 8.
func closers() (keys []string) {
	for i := range 60 {
		keys = append(keys, fmt.Sprintf("~%d", i))
	}
	return keys
}

// outcome is what must be the same in all variants.
type outcome struct {
	// final are the results by topic, sorted.
	final map[string][]string
	// tables are the last values by topic and key, stores those by store and key.
	tables, stores map[string]map[string]string
}

// process is a topology while it runs.
type process struct {
	*driver.Driver
	variant
	*rand.Rand
	topics map[string]bool
}

// runVariant runs the topology of a seed, with more steps.
func runVariant(t driver.TB, seed uint64, v variant, more ...func(*maker)) (*outcome, *maker, error) {
	top, m, err := generate(seed, v, more...)
	if err != nil {
		return nil, m, err
	}
	p := &process{Driver: driver.ForTest(t, top, options(v, m)...), variant: v, Rand: rand.New(rand.NewPCG(seed, 3)), topics: read(top)}
	settled, rest := input(seed)
	for _, r := range settled {
		p.pipe(r)
	}
	for _, topic := range settledTopics {
		p.close(topic, 0)
	}
	p.settle()
	for _, r := range rest {
		p.pipe(r)
	}
	p.settle()
	for round := range m.rounds {
		for _, topic := range slices.Concat(streamTopics, tableTopics, settledTopics) {
			p.close(topic, int64(round+1)*step.Milliseconds())
		}
		p.settle()
	}
	return p.outcome(m.sinks), m, p.Close()
}

// read returns the topics that the topology reads.
func read(t *topology.Topology) map[string]bool {
	topics := map[string]bool{}
	for _, s := range t.Description().SubTopologies {
		for _, n := range s.Nodes {
			for _, topic := range n.Topics {
				topics[topic] = true
			}
		}
	}
	return topics
}

func options(v variant, m *maker) []driver.Option {
	options := []driver.Option{driver.WithCommitInterval(v.interval), driver.WithRecordCache(v.cache)}
	for _, topic := range slices.Concat(streamTopics, tableTopics, settledTopics, m.sinks.final, m.sinks.tables) {
		options = append(options, driver.WithPartitions(topic, v.partitions))
	}
	return options
}

// pipe sends a record, lets time pass, and has the process fail now and then.
func (p *process) pipe(r record) {
	if r.topic == globalTopic && !p.topics[r.topic] {
		return
	}
	p.Input(r.topic, serde.String, serde.Int64).PipeRecord(driver.Record[string, int64]{Key: r.key, Value: r.value, NullValue: r.null, Timestamp: r.timestamp})
	p.AdvanceWallClock(time.Millisecond)
	if p.faults == 0 || p.IntN(p.faults) > 0 {
		return
	}
	switch p.IntN(3) {
	case 0:
		p.Crash(driver.LoseDisk)
	case 1:
		p.Crash(driver.KeepDisk)
	default:
		p.Rebalance()
	}
}

// close sends records that close windows.
func (p *process) close(topic string, timestamp int64) {
	for i, key := range closers() {
		p.pipe(record{topic: topic, key: key, value: int64(i), timestamp: timestamp})
	}
}

// settle commits until nothing is on its way any more.
func (p *process) settle() {
	for range 30 {
		p.Commit()
	}
}

func (p *process) outcome(s sinks) *outcome {
	o := &outcome{final: map[string][]string{}, tables: map[string]map[string]string{}, stores: map[string]map[string]string{}}
	for _, topic := range s.final {
		for _, r := range p.read(topic) {
			o.final[topic] = append(o.final[topic], r.String())
		}
		slices.Sort(o.final[topic])
	}
	for _, topic := range s.tables {
		o.tables[topic] = map[string]string{}
		for _, r := range p.read(topic) {
			if r.NullValue {
				delete(o.tables[topic], r.Key)
				continue
			}
			o.tables[topic][r.Key] = fmt.Sprint(r.Value)
		}
	}
	for _, store := range s.stores {
		o.stores[store] = map[string]string{}
		for _, e := range p.KeyValue(store, serde.String, serde.Int64).All() {
			if !closing(e.Key) {
				o.stores[store][e.Key] = fmt.Sprint(e.Value)
			}
		}
	}
	return o
}

// read returns the records of a topic but for those of closing records.
func (p *process) read(topic string) (records []driver.Record[string, int64]) {
	for _, r := range p.Output(topic, serde.String, serde.Int64).ReadAll() {
		if !closing(r.Key) {
			records = append(records, r)
		}
	}
	return records
}

// differences returns what differs, one line for each topic and store.
func (o *outcome) differences(other *outcome) (lines []string) {
	for topic, want := range o.final {
		if got := other.final[topic]; !slices.Equal(got, want) {
			lines = append(lines, fmt.Sprintf("%s:\n got %s\nwant %s", topic, minus(got, want), minus(want, got)))
		}
	}
	for _, kind := range []struct{ want, got map[string]map[string]string }{{o.tables, other.tables}, {o.stores, other.stores}} {
		for name, want := range kind.want {
			if got := kind.got[name]; !maps.Equal(got, want) {
				lines = append(lines, fmt.Sprintf("%s:\n got %s\nwant %s", name, minus(entries(got), entries(want)), minus(entries(want), entries(got))))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func entries(m map[string]string) (all []string) {
	for k, v := range m {
		all = append(all, k+"="+v)
	}
	slices.Sort(all)
	return all
}

// minus returns what's in a more often than in b, on one line.
func minus(a, b []string) string {
	n := map[string]int{}
	for _, s := range b {
		n[s]++
	}
	var more []string
	for _, s := range a {
		if n[s]--; n[s] < 0 {
			more = append(more, s)
		}
	}
	return fmt.Sprintf("%d: %s", len(more), strings.Join(more[:min(len(more), 20)], " "))
}
