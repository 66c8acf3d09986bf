package driver_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/task"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// Streams and tables of text.
type (
	stream  = topology.Stream[string, string]
	grouped = topology.GroupedStream[string, string]
)

// stateful are operators with state, and some with memory beside it.
var stateful = map[string]func(in, other *stream){
	"count": func(in, _ *stream) {
		in.GroupByKey(serde.String, serde.String).Count(topology.StoreAs("s", serde.Int64)).ToStream().To("out", serde.String, serde.Int64)
	},
	"tumbling": func(in, _ *stream) { windows(byKey(in).WindowedBy(topology.Tumbling(ten)).Count(counts64())) },
	"hopping":  func(in, _ *stream) { windows(byKey(in).WindowedBy(topology.Hopping(ten, ten/5)).Count(counts64())) },
	"sliding":  func(in, _ *stream) { windows(byKey(in).WindowedBy(topology.Sliding(ten)).Count(counts64())) },
	"sessions": func(in, _ *stream) { windows(byKey(in).SessionsBy(topology.Sessions(ten)).Count(counts64())) },
	"tumbling on close": func(in, _ *stream) {
		windows(byKey(in).WindowedBy(topology.Tumbling(ten).Grace(ten)).EmitOnClose().Count(counts64()))
	},
	"sliding on close": func(in, _ *stream) {
		windows(byKey(in).WindowedBy(topology.Sliding(ten)).EmitOnClose().Count(counts64()))
	},
	"sessions on close": func(in, _ *stream) {
		windows(byKey(in).SessionsBy(topology.Sessions(ten)).EmitOnClose().Count(counts64()))
	},
	"windowed join": func(in, other *stream) {
		left := byKey(in).WindowedBy(topology.Tumbling(ten)).Count(counts64())
		right := byKey(other).WindowedBy(topology.Tumbling(ten)).Count(topology.StoreAs("right", serde.Int64))
		windows(left.OuterJoin(right, func(l, r *int64) bool { return l == nil || r != nil && *l < *r }))
	},
	"cogroup": func(in, other *stream) {
		add := func(_, v string, agg string) string { return agg + v + "," }
		windows(byKey(in).Cogroup(add).And(byKey(other), add).WindowedBy(topology.Hopping(ten, ten/2)).
			Aggregate(func() string { return "" }, topology.StoreAs("s", serde.String)))
	},
	"suppress until closed": func(in, _ *stream) {
		windows(byKey(in).WindowedBy(topology.Tumbling(ten)).Count(counts64()).
			Suppress(topology.UntilWindowCloses(), topology.StoreAs("buffer", serde.Int64)))
	},
	"suppress until a limit": func(in, _ *stream) {
		byKey(in).Count(counts64()).
			Suppress(topology.UntilTimeLimit(ten, topology.MaxRecords(2)), topology.StoreAs("buffer", serde.Int64)).
			ToStream().To("out", serde.String, serde.Int64)
	},
	"outer join": func(in, other *stream) {
		in.OuterJoin(other, topology.Within(ten).Grace(ten/2), func(l, r *string) string { return fmt.Sprint(text(l), text(r)) },
			topology.JoinAs("j", serde.String, serde.String, serde.String)).To("out", serde.String, serde.String)
	},
	"versioned table": func(in, other *stream) {
		other.ToTable(serde.String, topology.StoreAs("s", serde.String, topology.Versioned(ten))).
			ToStream().To("out", serde.String, serde.String)
	},
	"join with grace": func(in, other *stream) {
		rows := other.ToTable(serde.String, topology.StoreAs("s", serde.String, topology.Versioned(time.Second)))
		in.LeftJoinTable(rows, func(l string, r *string) string { return l + text(r) },
			topology.BufferedFor(ten, "j", serde.String, serde.String)).To("out", serde.String, serde.String)
	},
	"versioned aggregate": func(in, _ *stream) {
		byKey(in).Count(topology.StoreAs("s", serde.Int64, topology.Versioned(time.Second))).ToStream().To("out", serde.String, serde.Int64)
	},
	"table join": func(in, other *stream) {
		right := other.ToTable(serde.String, topology.StoreAs("right", serde.String))
		in.ToTable(serde.String, topology.StoreAs("left", serde.String)).
			LeftJoin(right, func(l string, r *string) string { return l + text(r) }).
			ToStream().To("out", serde.String, serde.String)
	},
}

const ten = 10 * time.Millisecond

func byKey(s *stream) *grouped { return s.GroupByKey(serde.String, serde.String) }

func counts64() topology.Stored[int64] { return topology.StoreAs("s", serde.Int64) }

func windows[A any](t *topology.WindowedTable[string, A]) {
	t.ToStream(func(w topology.Windowed[string]) string { return fmt.Sprintf("%s@%d-%d", w.Key, w.Start, w.End) }).
		MapValues(func(v A) string { return fmt.Sprint(v) }).To("out", serde.String, serde.String)
}

func text(s *string) string {
	if s == nil {
		return "none"
	}
	return *s
}

// A record that is taken back leaves nothing: output, changelogs and what becomes
// of later records are as if it had never come.
func TestUndoneRecordsLeaveNothing(t *testing.T) {
	seed := rand.Uint64()
	for name, write := range stateful {
		for _, interval := range []time.Duration{0, time.Hour} {
			t.Run(fmt.Sprint(name, " ", interval), func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 0))
				var all, good []piped
				now := int64(0)
				for range 200 {
					now += r.Int64N(6)
					p := piped{topic: "in", key: string('a' + rune(r.IntN(3))), value: fmt.Sprint(r.IntN(100)), ts: max(0, now-r.Int64N(15)), commit: r.IntN(7) == 0}
					if r.IntN(3) == 0 {
						p.topic = "other"
					}
					bad := p
					bad.ts, bad.value, bad.commit = max(0, now+r.Int64N(30)-10), "bad", false
					if r.IntN(2) == 0 {
						all = append(all, bad)
					}
					all, good = append(all, p), append(good, p)
				}
				top := build(t, func(b *topology.Builder) { failingLast(b, write) })
				want := run(t, top, interval, good)
				if got := run(t, top, interval, all); !slices.Equal(got, want) {
					t.Errorf("seed %d:\n got %v\nwant %v", seed, got, want)
				}
			})
		}
	}
}

// failingLast adds a branch behind all others that fails at bad values.
func failingLast(b *topology.Builder, write func(in, other *stream)) {
	in, other := b.Stream("in", serde.String, serde.String), b.Stream("other", serde.String, serde.String)
	write(in, other)
	b.Merge(in, other).Peek(refuseBad)
}

// piped is a record to be piped.
type piped struct {
	topic, key, value string
	ts                int64
	commit            bool // after it
}

// run returns all records that were written, internal topics included.
func run(t *testing.T, top *topology.Topology, interval time.Duration, records []piped) []string {
	t.Helper()
	d := driver.ForTest(t, top, driver.WithProcessingHandler(answer(task.SkipRecord)), driver.WithUndo(), driver.WithCommitInterval(interval))
	for _, p := range records {
		d.Input(p.topic, serde.String, serde.String).PipeAt(p.ts, p.key, p.value)
		if p.commit {
			d.Commit()
		}
	}
	d.Commit()
	var all []string
	for _, topic := range []string{"out", "app-s-changelog", "app-buffer-changelog", "app-left-changelog", "app-right-changelog",
		"app-j-this-join-store-changelog", "app-j-other-join-store-changelog", "app-j-Buffer-changelog"} {
		for _, r := range d.Output(topic, serde.Bytes, serde.Bytes).ReadAll() {
			if strings.HasSuffix(strings.ToLower(topic), "buffer-changelog") && !r.NullValue {
				clear(r.Value[8:16]) // the offset of the record, which others come before
			}
			all = append(all, fmt.Sprintf("%s %x=%x@%d %v", topic, r.Key, r.Value, r.Timestamp, r.Headers))
		}
	}
	return all
}
