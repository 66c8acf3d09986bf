package oncestream_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// patternRig is an application that counts the records of each key in all topics of
// a pattern.
type patternRig struct {
	t            *testing.T
	addr         string
	prefix, out  string
	top          *topology.Topology
	cfg          oncestream.Config
	counted      *reader
	sent, counts map[string]int64
}

// newPatternRig makes the rig. The records are rekeyed on the way if a repartition
// topic is named.
func newPatternRig(t *testing.T, addr, repartition string) *patternRig {
	r := &patternRig{t: t, addr: addr, prefix: kafkatest.Unique("events") + "-", sent: map[string]int64{}, counts: map[string]int64{}}
	r.out = topics(t, r.addr, 2, "counts")[0]
	b := topology.NewBuilder()
	s := b.StreamMatching(regexp.MustCompile(r.prefix+".*"), serde.String, serde.String)
	grouped := s.GroupByKey(serde.String, serde.String)
	if repartition != "" {
		grouped = s.GroupBy(repartition, func(k, _ string) string { return k }, serde.String, serde.String)
	}
	grouped.Count(topology.StoreAs("counts", serde.Int64)).ToStream().To(r.out, serde.String, serde.Int64)
	r.top = build(t, b)
	r.cfg = oncestream.Config{
		ApplicationID: kafkatest.Unique("pattern"), Brokers: strings.Split(r.addr, ","), CommitInterval: 20 * time.Millisecond,
		HeartbeatInterval: 50 * time.Millisecond, DiscoveryInterval: 50 * time.Millisecond,
	}
	r.counted = newReader(t, r.addr, r.out)
	return r
}

func (r *patternRig) create(name string, partitions int32) {
	r.t.Helper()
	kafkatest.CreateTopic(r.t, r.addr, r.prefix+name, partitions, nil)
}

// send sends n records of each key to a topic of the pattern.
func (r *patternRig) send(n int, topic string, keys ...string) {
	r.t.Helper()
	var rs []*kgo.Record
	for range n {
		for _, key := range keys {
			rs = append(rs, pair(r.prefix+topic, key, "x"))
			r.sent[key]++
		}
	}
	kafkatest.Produce(r.t, r.addr, rs...)
}

// settle takes what comes of all that was sent. A record that was lost, counted twice
// or by a task with another's state shows in the row of counts.
func (r *patternRig) settle() {
	r.t.Helper()
	missing := 0
	for key, n := range r.sent {
		missing += int(n - r.counts[key])
	}
	for _, rec := range r.counted.take(missing) {
		key := string(rec.Key)
		if got := lastCounts(r.t, []*kgo.Record{rec})[key]; got != r.counts[key]+1 {
			r.t.Fatalf("the count of %s behind %d is %d", key, r.counts[key], got)
		}
		r.counts[key]++
	}
}

func (r *patternRig) start() *process {
	cfg := r.cfg
	cfg.Workers = 2
	return start(r.t, r.top, cfg)
}

// TestTopicsOfPattern lets topics come and go while two processes run.
func TestTopicsOfPattern(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		r := newPatternRig(t, addr, "")
		keys := []string{"a", "b", "c", "d", "e"}
		r.create("1", 4)
		r.send(3, "1", keys...)
		first, second := r.start(), r.start()
		r.settle()
		for _, topic := range []string{"2", "3"} {
			r.create(topic, 4)
			r.send(20, topic, keys...)
			r.send(5, "1", keys...)
			r.settle()
		}
		r.create("narrow", 1)
		r.send(10, "narrow", "in partition 0 alone")
		r.settle()

		if _, err := kafkatest.Admin(t, r.addr).DeleteTopics(t.Context(), r.prefix+"2"); err != nil {
			t.Fatal(err)
		}
		r.send(5, "3", keys...)
		r.settle()
		r.create("2", 4) // once more, from its beginning
		r.send(5, "2", keys...)
		r.settle()
		if err := first.halt(); err != nil {
			t.Fatal(err)
		}
		r.create("4", 4)
		r.send(5, "4", keys...)
		r.send(5, "3", keys...)
		r.settle()
		if err := second.halt(); err != nil {
			t.Fatal(err)
		}
		// What was committed for a topic is known to the next start.
		r.send(5, "4", keys...)
		third := r.start()
		r.settle()
		if err := third.halt(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestFirstTopicOfPattern starts without any topic to read.
func TestFirstTopicOfPattern(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		r := newPatternRig(t, addr, "")
		p := r.start()
		p.await(oncestream.Running)
		for i := range 3 {
			topic := fmt.Sprint(i)
			r.create(topic, 2)
			r.send(5, topic, "a", "b", "c")
			r.settle()
		}
		if err := p.halt(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestRepartitionTopicOfPattern asserts that a repartition topic keeps its partition
// count when a topic with more partitions comes.
func TestRepartitionTopicOfPattern(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		r := newPatternRig(t, addr, "by")
		r.create("narrow", 2)
		p := r.start()
		r.send(5, "narrow", "a", "b", "c")
		r.settle()
		r.create("wide", 5)
		r.send(5, "wide", "a", "b", "c", "d", "e", "f", "g")
		r.settle()
		ends := kafkatest.EndOffsets(t, r.addr, r.cfg.ApplicationID+"-by-repartition")
		if n := len(ends[r.cfg.ApplicationID+"-by-repartition"]); n != 2 {
			t.Errorf("the repartition topic has %d partitions, want 2", n)
		}
		if err := p.halt(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestTopicsThatDontFitPattern: an application ends where it can't read what there is.
func TestTopicsThatDontFitPattern(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		t.Run("more partitions than the changelog", func(t *testing.T) {
			r := newPatternRig(t, addr, "")
			r.create("narrow", 2)
			p := r.start()
			r.send(1, "narrow", "a")
			r.settle()
			r.create("wide", 3)
			if err := p.wait(); err == nil || !strings.Contains(err.Error(), "-counts-changelog has 2 partitions, but the application needs 3") {
				t.Error(err)
			}
		})
		t.Run("two patterns", func(t *testing.T) {
			r := newPatternRig(t, addr, "")
			b := topology.NewBuilder()
			for _, pattern := range []string{"a.*", ".*z"} {
				b.StreamMatching(regexp.MustCompile(r.prefix+pattern), serde.String, serde.String).To(r.out, serde.String, serde.String)
			}
			r.top = build(t, b)
			r.create("az", 1)
			if err := r.start().wait(); err == nil || !strings.Contains(err.Error(), "write patterns that don't overlap") {
				t.Error(err)
			}
		})
	})
}
