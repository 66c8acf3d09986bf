package parity

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

func TestMain(m *testing.M) { kafkatest.Main(m) }

// TestTakeover lets Kafka Streams process the first half and oncestream the
// second, and the other way round. Whoever comes second has no local state.
func TestTakeover(t *testing.T) {
	addr := kafkatest.Shared(t)
	java := compileJava(t)
	start := startTime()
	for _, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			javaFirst := takeover(t, addr, s, start, java.start, startOncestream)
			oncestreamFirst := takeover(t, addr, s, start, startOncestream, java.start)
			for half, name := range []string{"first half", "second half"} {
				compare(t, name, javaFirst[half], oncestreamFirst[half])
			}
		})
	}
	// Only oncestream knows stream time from the first record on: it's in the
	// changelog that Kafka Streams wrote.
	t.Run("late-first", func(t *testing.T) {
		t.Parallel()
		takeover(t, addr, windowShape(lateFirst), start, java.start, startOncestream)
	})
}

// takeover runs the halves of the input on one application each, and returns
// what was there after each of them.
func takeover(t *testing.T, addr string, s *shape, start time.Time, apps ...starter) (after [2]snapshot) {
	t.Helper()
	r := &run{shape: s, addr: addr, id: kafkatest.Unique(s.name), out: kafkatest.Unique("out")}
	kafkatest.CreateTopic(t, addr, r.out, partitions, nil)
	for range s.inputs {
		topic := kafkatest.Unique("in")
		kafkatest.CreateTopic(t, addr, topic, partitions, nil)
		r.in = append(r.in, topic)
	}
	var all []event
	for i, half := range s.halves() {
		all = append(all, r.produce(t, start, half)...)
		p := apps[i](t, r)
		r.await(t, p)
		p.halt()
		after[i] = r.snapshot(t, start)
		wantResults(t, after[i].results, s.model(start, all))
	}
	return after
}

// produce writes events while no application runs, and returns them with their
// partitions.
func (r *run) produce(t *testing.T, start time.Time, events []event) []event {
	t.Helper()
	var records []*kgo.Record
	for _, e := range events {
		records = append(records, e.record(start, r.in[e.input]))
	}
	kafkatest.Produce(t, r.addr, records...)
	for i, rec := range records {
		events[i].partition = rec.Partition
	}
	return events
}

func wantResults(t *testing.T, got, want results) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if g := got[key]; g == nil || !reflect.DeepEqual(g, want[key]) {
			t.Errorf("%q: got %v, want %v", key, g, want[key])
		}
	}
	for key, g := range got {
		if want[key] == nil {
			t.Errorf("%q: got %v, want nothing", key, g)
		}
	}
}

// compare wants the same changelogs and the same times of partitions from both.
func compare(t *testing.T, when string, java, oncestream snapshot) {
	t.Helper()
	for store, want := range java.changelogs {
		if len(want) == 0 {
			t.Errorf("%s: the changelog of %s is empty", when, store)
		}
		if got := oncestream.changelogs[store]; !slices.Equal(got, want) {
			t.Errorf("%s: changelog of %s: oncestream first:\n%s\nKafka Streams first:\n%s",
				when, store, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if got, want := oncestream.metadata, java.metadata; !maps.Equal(got, want) {
		t.Errorf("%s: metadata of the offsets: oncestream first: %v\nKafka Streams first: %v", when, got, want)
	}
}
