package oncestream_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// evolving is an application whose topology changes between its starts.
type evolving struct {
	t       *testing.T
	addr    string
	in, out string
	cfg     oncestream.Config
	logs    *observer.ObservedLogs
	r       *reader
}

// newEvolving starts an application that counts in the store called counts, has it
// count three words, and stops it.
func newEvolving(t *testing.T, addr string) *evolving {
	t.Helper()
	names := topics(t, addr, 2, "lines", "tallies")
	core, logs := observer.New(zapcore.WarnLevel)
	e := &evolving{t: t, addr: addr, in: names[0], out: names[1], logs: logs, r: newReader(t, addr, names[1])}
	e.cfg = oncestream.Config{
		ApplicationID: kafkatest.Unique("evolving"), Brokers: strings.Split(addr, ","), StateDir: t.TempDir(),
		CommitInterval: 20 * time.Millisecond, Logger: zap.New(core),
	}
	e.counts("counts", "a b a", map[string]int64{"a": 2, "b": 1})
	return e
}

// counting counts words in the store.
func (e *evolving) counting(store string) *topology.Topology {
	b := topology.NewBuilder()
	b.Stream(e.in, serde.String, serde.String).
		FlatMapValues(strings.Fields).
		GroupBy("words", func(_, word string) string { return word }, serde.String, serde.String).
		Count(topology.StoreAs(store, serde.Int64)).
		ToStream().
		To(e.out, serde.String, serde.Int64)
	return build(e.t, b)
}

// counts starts the application, has it count the words of a line, compares the
// last count of each, and stops it.
func (e *evolving) counts(store, line string, want map[string]int64) {
	e.t.Helper()
	p := start(e.t, e.counting(store), e.cfg)
	kafkatest.ProduceTo(e.t, e.addr, lines(e.in, line)...)
	if got := lastCounts(e.t, e.r.take(len(strings.Fields(line)))); !maps.Equal(got, want) {
		e.t.Errorf("counts %v, want %v", got, want)
	}
	if err := p.halt(); err != nil {
		e.t.Fatal(err)
	}
}

// refuses starts the application and wants an error with all the parts.
func (e *evolving) refuses(store string, parts ...string) {
	e.t.Helper()
	err := start(e.t, e.counting(store), e.cfg).wait()
	if err == nil {
		e.t.Fatal("it started")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			e.t.Errorf("the error doesn't have %q: %v", part, err)
		}
	}
}

// warns wants a warning with the part in one of its fields.
func (e *evolving) warns(part string) {
	e.t.Helper()
	for _, entry := range e.logs.All() {
		for _, v := range entry.ContextMap() {
			if s, ok := v.(string); ok && strings.Contains(s, part) {
				return
			}
		}
	}
	e.t.Errorf("no warning has %q: %v", part, e.logs.All())
}

func (e *evolving) changelog(store string) string {
	return e.cfg.ApplicationID + "-" + store + "-changelog"
}

func (e *evolving) delete(topics ...string) {
	e.t.Helper()
	if _, err := kafkatest.Admin(e.t, e.addr).DeleteTopics(e.t.Context(), topics...); err != nil {
		e.t.Fatal(err)
	}
}

func (e *evolving) alter(topic, config, value string) {
	e.t.Helper()
	_, err := kafkatest.Admin(e.t, e.addr).AlterTopicConfigs(e.t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: config, Value: &value}}, topic)
	if err != nil {
		e.t.Fatal(err)
	}
}

func TestRenamedStoreIsRefused(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		e := newEvolving(t, addr)
		e.refuses("tally", "store tally", e.changelog("tally")+" doesn't exist", e.in, e.changelog("counts"), "Config.StartEmpty")
		e.warns("it seems to be tally now")
		if _, ok := kafkatest.EndOffsets(t, addr, e.changelog("counts"))[e.changelog("tally")]; ok {
			t.Error("the refused start has created the changelog")
		}
		e.counts("counts", "a", map[string]int64{"a": 3}) // the old name again
		e.cfg.StartEmpty = []string{"tally"}
		e.counts("tally", "a", map[string]int64{"a": 1})
		e.warns("store tally begins empty")
		e.cfg.StartEmpty = nil
		e.counts("tally", "a", map[string]int64{"a": 2})
		e.warns("no part of this topology has this internal topic")
	})
}

func TestLostChangelogIsRefused(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		e := newEvolving(t, addr)
		e.delete(e.changelog("counts"))
		e.refuses("counts", "store counts", e.changelog("counts")+" doesn't exist")
		// A reset: the group's offsets and the internal topics go together.
		adm := kafkatest.Admin(t, addr)
		if _, err := adm.DeleteGroups(t.Context(), e.cfg.ApplicationID); err != nil {
			t.Fatal(err)
		}
		e.delete(e.cfg.ApplicationID + "-words-repartition")
		p := start(t, e.counting("counts"), e.cfg)
		if got := lastCounts(t, e.r.take(3)); !maps.Equal(got, map[string]int64{"a": 2, "b": 1}) {
			t.Errorf("counts after the reset: %v", got)
		}
		if err := p.halt(); err != nil {
			t.Fatal(err)
		}
	})
}

// A tool that resets an application leaves positions without the metadata that
// tasks commit.
func TestResetToAnOffset(t *testing.T) {
	e := newEvolving(t, fake.Addr(fake.Start(t)))
	kafkatest.ProduceTo(t, e.addr, lines(e.in, "c")...)
	adm := kafkatest.Admin(t, e.addr)
	if _, err := adm.DeleteGroups(t.Context(), e.cfg.ApplicationID); err != nil {
		t.Fatal(err)
	}
	var at kadm.Offsets
	for topic, partitions := range kafkatest.EndOffsets(t, e.addr, e.in) {
		for n, end := range partitions {
			at.Add(kadm.Offset{Topic: topic, Partition: n, At: end, LeaderEpoch: -1})
		}
	}
	if err := adm.CommitAllOffsets(t.Context(), e.cfg.ApplicationID, at); err != nil {
		t.Fatal(err)
	}
	e.delete(e.changelog("counts"), e.cfg.ApplicationID+"-words-repartition")
	e.counts("counts", "a", map[string]int64{"a": 1})
}

func TestWrongInternalTopics(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		e := newEvolving(t, addr)
		e.alter(e.changelog("counts"), "cleanup.policy", "delete")
		e.refuses("counts", "store counts", "cleanup.policy=delete", "needs compact")
		e.alter(e.changelog("counts"), "cleanup.policy", "compact")
		e.counts("counts", "a", map[string]int64{"a": 3})
		e.delete(e.changelog("counts"))
		kafkatest.CreateTopic(t, addr, e.changelog("counts"), 5, map[string]string{"cleanup.policy": "compact"})
		e.refuses("counts", e.changelog("counts"), "5", "2")
	})
}

func TestInputThatIsReadNoMore(t *testing.T) {
	e := newEvolving(t, fake.Addr(fake.Start(t)))
	other := topics(t, e.addr, 2, "other")[0]
	was := e.in
	e.in = other
	e.counts("counts", "a", map[string]int64{"a": 3})
	e.warns("it's read no more")
	if len(e.logs.FilterField(zap.String("topic", was)).All()) != 1 {
		t.Errorf("nothing was said of %s: %v", was, e.logs.All())
	}
}

func TestTwoFirstStartsAtOnce(t *testing.T) {
	addr := fake.Addr(fake.Start(t))
	names := topics(t, addr, 4, "lines", "counts")
	cfg := oncestream.Config{ApplicationID: "both", Brokers: strings.Split(addr, ","), CommitInterval: 20 * time.Millisecond}
	kafkatest.ProduceTo(t, addr, lines(names[0], "a", "b", "c", "d", "a")...)
	processes := []*process{start(t, wordCount(t, names[0], names[1]), cfg), start(t, wordCount(t, names[0], names[1]), cfg)}
	got := lastCounts(t, newReader(t, addr, names[1]).take(5))
	if want := map[string]int64{"a": 2, "b": 1, "c": 1, "d": 1}; !maps.Equal(got, want) {
		t.Errorf("counts %v, want %v", got, want)
	}
	for _, p := range processes {
		if err := p.halt(); err != nil {
			t.Error(err)
		}
	}
}
