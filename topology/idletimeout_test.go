package topology_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// idle is the timeout in these tests.
const idle = time.Second

// idleTopologies are topologies in which something waits for the time of in, the
// records to begin with, what comes of them at
// once and when the timeout is over, and a record
// that the timeout has made late or a later one, with all that comes of it.
var idleTopologies = map[string]struct {
	write  func(b *builder)
	begin  []input
	once   []string // comes of them at once
	closed []string
	next   []input
	then   []string
}{
	"tumbling windows": {
		write: func(b *builder) {
			idleGroup(b).WindowedBy(topology.Tumbling(100*ms).Grace(20*ms)).EmitOnClose().
				Count(topology.StoreAs("c", serde.Int64)).ToStream(windowName).MapValues(countText).To("out", str, str)
		},
		begin:  []input{{"in", "a", "1", 10}, {"in", "a", "2", 50}, {"in", "b", "3", 60}},
		closed: []string{"a[0,100]=2@50", "b[0,100]=1@60"},
		next:   []input{{"in", "a", "late", 90}, {"in", "a", "4", 2000}, {"in", "a", "5", 2200}},
		then:   []string{"a[2000,2100]=1@2000"},
	},
	"sliding windows": {
		write: func(b *builder) {
			idleGroup(b).WindowedBy(topology.Sliding(100*ms)).EmitOnClose().
				Count(topology.StoreAs("c", serde.Int64)).ToStream(windowName).MapValues(countText).To("out", str, str)
		},
		begin:  []input{{"in", "a", "1", 200}},
		closed: []string{"a[100,200]=1@200"},
		next:   []input{{"in", "a", "late", 200}, {"in", "a", "4", 2000}, {"in", "a", "5", 2200}},
		then:   []string{"a[1900,2000]=1@2000"},
	},
	"sessions": {
		write: func(b *builder) {
			idleGroup(b).SessionsBy(topology.Sessions(100*ms)).EmitOnClose().
				Count(topology.StoreAs("c", serde.Int64)).ToStream(windowName).MapValues(countText).To("out", str, str)
		},
		begin:  []input{{"in", "a", "1", 10}, {"in", "a", "2", 50}},
		closed: []string{"a[10,50]=2@50"},
		next:   []input{{"in", "a", "late", 90}, {"in", "a", "4", 2000}, {"in", "a", "5", 2200}},
		then:   []string{"a[2000,2000]=1@2000"},
	},
	"suppressed windows": {
		write: func(b *builder) {
			idleGroup(b).WindowedBy(topology.Tumbling(100*ms)).Count(topology.StoreAs("c", serde.Int64)).
				Suppress(topology.UntilWindowCloses(), topology.StoreAs("s", serde.Int64)).
				ToStream(windowName).MapValues(countText).To("out", str, str)
		},
		begin:  []input{{"in", "a", "1", 10}, {"in", "a", "2", 50}},
		closed: []string{"a[0,100]=2@50"},
		next:   []input{{"in", "a", "late", 90}, {"in", "a", "4", 2000}, {"in", "a", "5", 2200}},
		then:   []string{"a[2000,2100]=1@2000"},
	},
	"a suppressed table": {
		write: func(b *builder) {
			b.Table("in", str, rows("tab"), topology.WithIdleTimeout(idle)).
				Suppress(topology.UntilTimeLimit(500*ms), rows("s")).ToStream().To("out", str, str)
		},
		begin:  []input{{"in", "a", "1", 10}, {"in", "a", "2", 50}},
		closed: []string{"a=2@50"},
		next:   []input{{"in", "a", "older", 40}, {"in", "a", "4", 2000}},
		then:   []string{"a=older@40"},
	},
	"a left join": {
		write: func(b *builder) {
			b.Stream("in", str, str, topology.WithIdleTimeout(idle)).LeftJoin(b.Stream("other", str, str), topology.Within(100*ms),
				func(v string, o *string) string { return v + "-" + orNull(o) }, topology.JoinAs("j", str, str, str)).To("out", str, str)
		},
		begin:  []input{{"in", "a", "1", 10}, {"other", "b", "2", 20}, {"in", "b", "3", 30}},
		once:   []string{"b=3-2@30"},
		closed: []string{"a=1-null@10"},
		next:   []input{{"in", "a", "late", 40}, {"in", "a", "4", 2000}},
		then:   []string{"a=late-null@40"},
	},
	"an outer join": {
		write: func(b *builder) {
			b.Stream("in", str, str, topology.WithIdleTimeout(idle)).OuterJoin(b.Stream("other", str, str), topology.Within(100*ms).Grace(10*ms),
				func(v, o *string) string { return orNull(v) + "-" + orNull(o) }, topology.JoinAs("j", str, str, str)).To("out", str, str)
		},
		begin:  []input{{"other", "c", "0", 5}, {"in", "a", "1", 10}, {"other", "b", "2", 20}},
		closed: []string{"c=null-0@5", "a=1-null@10", "b=null-2@20"},
		next:   []input{{"other", "a", "3", 2000}, {"in", "a", "4", 2001}},
		then:   []string{"a=4-3@2001"},
	},
	"behind a repartition topic": {
		write: func(b *builder) {
			b.Merge(b.Stream("in", str, str, topology.WithIdleTimeout(idle)), b.Stream("other", str, str)).
				GroupBy("by-value", func(_, v string) string { return v }, str, str).
				WindowedBy(topology.Tumbling(100*ms)).EmitOnClose().
				Count(topology.StoreAs("c", serde.Int64)).ToStream(windowName).MapValues(countText).To("out", str, str)
		},
		begin:  []input{{"in", "a", "x", 10}, {"other", "a", "x", 50}},
		closed: []string{"x[0,100]=2@50"},
		next:   []input{{"in", "a", "x", 90}, {"in", "a", "x", 2000}, {"in", "a", "x", 2200}},
		then:   []string{"x[2000,2100]=1@2000"},
	},
	"a stream that waits for a versioned table": {
		write: func(b *builder) {
			table := b.Table("other", str, topology.StoreAs("tab", str, topology.Versioned(time.Hour)))
			b.Stream("in", str, str, topology.WithIdleTimeout(idle)).
				JoinTable(table, join, topology.BufferedFor(100*ms, "waiting", str, str)).To("out", str, str)
		},
		begin:  []input{{"other", "a", "row", 0}, {"in", "a", "1", 50}},
		closed: []string{"a=1row@50"},
		next:   []input{{"in", "a", "2", 60}, {"in", "a", "3", 2000}},
		then:   []string{"a=2row@60"},
	},
	"a processor": {
		write: func(b *builder) {
			waiting := b.KeyValueStore("waiting", str, str)
			b.Stream("in", str, str, topology.WithIdleTimeout(idle)).
				Process(func() topology.Processor[string, string, string, string] { return &batcher{waiting: waiting} }, waiting).
				To("out", str, str)
		},
		begin:  []input{{"in", "a", "1", 10}, {"in", "a", "2", 20}},
		once:   []string{"a=1@10"},
		closed: []string{"a=2@1020"},
		next:   []input{{"in", "a", "2", 900}, {"in", "a", "3", 1900}, {"in", "a", "4", 2010}},
		then:   []string{"a=4@2010"},
	},
}

func idleGroup(b *builder) *topology.GroupedStream[string, string] {
	return b.Stream("in", str, str, topology.WithIdleTimeout(idle)).GroupByKey(str, str)
}

func countText(n int64) string { return fmt.Sprint(n) }

// idleRun is a run of one of the topologies.
type idleRun struct {
	*driver.Driver
	t   *testing.T
	out *driver.Output[string, string]
}

func runIdle(t *testing.T, write func(*builder), options ...driver.Option) *idleRun {
	b := topology.NewBuilder()
	write(b)
	d := driver.ForTest(t, build(t, b), options...)
	return &idleRun{d, t, d.Output("out", str, str)}
}

func (r *idleRun) pipe(records []input) {
	for _, in := range records {
		r.Input(in.topic, str, str).PipeAt(in.ts, in.key, in.value)
	}
}

// want compares what was written since the last call.
func (r *idleRun) want(when string, want ...string) {
	r.t.Helper()
	r.same(when, r.out.ReadAll(), want)
}

func (r *idleRun) same(when string, records []driver.Record[string, string], want []string) {
	r.t.Helper()
	var got []string
	for _, each := range records {
		got = append(got, each.String())
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("%s: got %q, want %q", when, got, want)
	}
}

// Whatever happens to the process between two steps, each result comes once.
func TestIdleTimeout(t *testing.T) {
	for name, c := range idleTopologies {
		for event, happens := range map[string]func(*driver.Driver){
			"nothing":            nil,
			"a crash":            func(d *driver.Driver) { d.Crash(driver.KeepDisk) },
			"the loss of a disk": func(d *driver.Driver) { d.Crash(driver.LoseDisk) },
			"a rebalance":        func(d *driver.Driver) { d.Rebalance() },
		} {
			t.Run(name+" and "+event, func(t *testing.T) {
				r := runIdle(t, c.write, driver.WithUndo())
				r.pipe(c.begin)
				r.want("at once", c.once...)
				r.AdvanceWallClock(idle - 1)
				r.want("before the timeout")
				if happens != nil {
					happens(r.Driver)
					r.AdvanceWallClock(idle - 1) // it counts anew
					r.want("before the timeout of the new process")
				}
				r.AdvanceWallClock(1)
				r.want("after the timeout", c.closed...)
				if happens != nil {
					happens(r.Driver)
				}
				r.pipe(c.next)
				r.want("later", c.then...)
			})
		}
	}
}

// What wasn't committed comes again, and not before the timeout is over once more.
func TestIdleTimeoutNotCommitted(t *testing.T) {
	for name, c := range idleTopologies {
		if name == "behind a repartition topic" {
			continue // nothing is behind it without a commit
		}
		t.Run(name, func(t *testing.T) {
			r := runIdle(t, c.write, driver.WithCommitInterval(time.Hour))
			r.pipe(c.begin)
			r.Commit()
			r.want("at once", c.once...)
			r.AdvanceWallClock(idle)
			r.same("after the timeout", r.out.Uncommitted(), c.closed)
			r.Crash(driver.KeepDisk)
			r.AdvanceWallClock(idle - 1)
			r.same("before the next timeout", r.out.Uncommitted(), nil)
			r.AdvanceWallClock(1)
			r.Commit()
			r.want("after the next timeout", c.closed...)
			r.pipe(c.next)
			r.Commit()
			r.want("later", c.then...)
		})
	}
}

// What record caches hold back waits for nothing yet.
func TestIdleTimeoutWithRecordCaches(t *testing.T) {
	for name, c := range idleTopologies {
		if name == "behind a repartition topic" {
			continue // nothing is behind it without a commit
		}
		t.Run(name, func(t *testing.T) {
			r := runIdle(t, c.write, driver.WithCommitInterval(time.Hour), driver.WithRecordCache(1<<20))
			r.pipe(c.begin)
			r.AdvanceWallClock(idle)
			r.Commit()
			r.AdvanceWallClock(0)
			r.Commit()
			r.want("after the timeout", append(slices.Clone(c.once), c.closed...)...)
			r.Crash(driver.LoseDisk)
			for i := range c.next { // each by itself: the cache holds one of a key
				r.pipe(c.next[i : i+1])
				r.Commit()
			}
			r.want("later", c.then...)
		})
	}
}

// What a record cache holds back goes on before the time is moved: it would be late
// otherwise.
func TestIdleTimeoutFlushesRecordCaches(t *testing.T) {
	r := runIdle(t, func(b *builder) {
		in := b.Stream("in", str, str, topology.WithIdleTimeout(idle))
		for name, s := range map[string]*topology.Stream[string, string]{"direct": in, "cached": in.ToTable(str, rows("tab")).ToStream()} {
			s.GroupByKey(str, str).WindowedBy(topology.Tumbling(100*ms)).EmitOnClose().Count(topology.StoreAs(name, serde.Int64)).
				ToStream(windowName).MapValues(func(n int64) string { return name + " " + countText(n) }).To("out", str, str)
		}
	}, driver.WithCommitInterval(time.Hour), driver.WithRecordCache(1<<20))
	r.Input("in", str, str).PipeAt(10, "a", "1")
	r.AdvanceWallClock(idle)
	r.Commit()
	var got []string
	for _, each := range r.out.ReadAll() {
		got = append(got, each.String())
	}
	slices.Sort(got)
	if want := []string{"a[0,100]=cached 1@10", "a[0,100]=direct 1@10"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
