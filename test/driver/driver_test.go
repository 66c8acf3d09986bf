package driver_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/task"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func build(t *testing.T, write func(b *topology.Builder)) *topology.Topology {
	t.Helper()
	b := topology.NewBuilder()
	write(b)
	top, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return top
}

// counting counts words over a repartition topic, with the store that options
// describe.
func counting(t *testing.T, options ...topology.StoreOption) *topology.Topology {
	t.Helper()
	return build(t, func(b *topology.Builder) {
		b.Stream("lines", serde.String, serde.String).
			FlatMapValues(strings.Fields).
			GroupBy("words", func(_, w string) string { return w }, serde.String, serde.String).
			Count(topology.StoreAs("counts", serde.Int64, options...)).
			ToStream().
			To("out", serde.String, serde.Int64)
	})
}

// words are the handles of a counting topology.
type words struct {
	*driver.Driver
	lines  *driver.Input[string, string]
	out    *driver.Output[string, int64]
	counts *driver.KeyValue[string, int64]
}

func newWords(t *testing.T, top *topology.Topology, options ...driver.Option) words {
	t.Helper()
	d := driver.ForTest(t, top, options...)
	return words{
		Driver: d,
		lines:  d.Input("lines", serde.String, serde.String),
		out:    d.Output("out", serde.String, serde.Int64),
		counts: d.KeyValue("counts", serde.String, serde.Int64),
	}
}

func texts[K, V any](records []driver.Record[K, V]) []string {
	var all []string
	for _, r := range records {
		all = append(all, r.String())
	}
	return all
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s\n got %q\nwant %q", what, got, want)
	}
}

func (w words) wantOut(t *testing.T, want ...string) {
	t.Helper()
	same(t, "output", texts(w.out.ReadAll()), want...)
}

func (w words) wantCounts(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, e := range w.counts.All() {
		got = append(got, fmt.Sprintf("%s=%d", e.Key, e.Value))
	}
	same(t, "store", got, want...)
}

func TestEachRecordIsCommitted(t *testing.T) {
	w := newWords(t, counting(t))
	w.lines.PipeAt(5, "k", "a b a")
	w.wantOut(t, "a=1@5", "b=1@5", "a=2@5")
	w.lines.PipeAt(3, "k", "a")
	w.wantOut(t, "a=3@5")
	w.wantOut(t)
	w.wantCounts(t, "a=3", "b=1")
	if n, ok := w.counts.Get("a"); !ok || n != 3 {
		t.Errorf("a is %d, %v", n, ok)
	}
	if n, ok := w.counts.Get("c"); ok {
		t.Errorf("c is %d", n)
	}
	if got := w.out.Uncommitted(); len(got) > 0 {
		t.Errorf("uncommitted: %v", got)
	}
	changes := w.Output("app-counts-changelog", serde.String, serde.Int64)
	same(t, "changelog", texts(changes.ReadAll()), "a=1@5", "b=1@5", "a=2@5", "a=3@5")
	internal := w.Output("app-words-repartition", serde.String, serde.String)
	same(t, "repartition topic", texts(internal.ReadAll()), "a=a@5", "b=b@5", "a=a@5", "a=a@3")
}

func TestUncommittedIsNotVisible(t *testing.T) {
	w := newWords(t, counting(t), driver.WithCommitInterval(100*time.Millisecond))
	internal := w.Output("app-words-repartition", serde.String, serde.String)
	w.lines.Pipe("k", "a a")
	same(t, "uncommitted", texts(internal.Uncommitted()), "a=a@0", "a=a@0")
	if _, ok := internal.Read(); ok {
		t.Error("an uncommitted record was read")
	}
	w.AdvanceWallClock(99 * time.Millisecond)
	same(t, "before the interval has passed", texts(internal.ReadAll()))
	w.AdvanceWallClock(time.Millisecond)
	same(t, "after the first commit", texts(internal.ReadAll()), "a=a@0", "a=a@0")
	same(t, "behind the repartition topic", texts(w.out.Uncommitted()), "a=1@0", "a=2@0")
	w.wantOut(t)
	w.wantCounts(t, "a=2")
	w.Commit()
	w.wantOut(t, "a=1@0", "a=2@0")
	changes := w.Output("app-counts-changelog", serde.String, serde.Int64)
	same(t, "a transaction logs a key once", texts(changes.ReadAll()), "a=2@0")
	if got, want := w.Now(), time.UnixMilli(100); !got.Equal(want) {
		t.Errorf("the clock shows %v, want %v", got, want)
	}
}

// The same input gives the same committed output whatever ends the process
// between its records, and whatever was open then.
func TestCrashesChangeNothing(t *testing.T) {
	lines := []string{"a b", "b", "c a a", "b c", "a"}
	ends := map[string]func(words){
		"nothing":           func(words) {},
		"commit":            func(w words) { w.Commit() },
		"crash":             func(w words) { w.Crash(driver.LoseDisk) },
		"crash, disk kept":  func(w words) { w.Crash(driver.KeepDisk) },
		"rebalance":         func(w words) { w.Rebalance() },
		"commit, crash":     func(w words) { w.Commit(); w.Crash(driver.LoseDisk) },
		"commit, disk kept": func(w words) { w.Commit(); w.Crash(driver.KeepDisk) },
	}
	for name, end := range ends {
		for _, interval := range []time.Duration{0, time.Second} {
			for _, options := range [][]topology.StoreOption{nil, {topology.InMemory()}} {
				t.Run(fmt.Sprint(name, interval, len(options)), func(t *testing.T) {
					w := newWords(t, counting(t, options...), driver.WithCommitInterval(interval))
					for i, line := range lines {
						w.lines.PipeAt(int64(i), "k", line)
						end(w)
					}
					w.Commit()
					w.Commit()
					w.wantOut(t, "a=1@0", "b=1@0", "b=2@1", "c=1@2", "a=2@2", "a=3@2", "b=3@3", "c=2@3", "a=4@4")
					w.wantCounts(t, "a=4", "b=3", "c=2")
				})
			}
		}
	}
}

func TestCrashDropsTheOpenTransaction(t *testing.T) {
	top := build(t, func(b *topology.Builder) {
		b.Stream("in", serde.String, serde.String).GroupByKey(serde.String, serde.String).
			Count(topology.StoreAs("counts", serde.Int64)).ToStream().To("out", serde.String, serde.Int64)
	})
	d := driver.ForTest(t, top, driver.WithCommitInterval(time.Second))
	in := d.Input("in", serde.String, serde.String)
	out := d.Output("out", serde.String, serde.Int64)
	counts := d.KeyValue("counts", serde.String, serde.Int64)
	in.Pipe("a", "")
	d.Commit()
	in.Pipe("a", "")
	same(t, "before the crash", texts(out.Uncommitted()), "a=2@0")
	for _, disk := range []driver.Disk{driver.KeepDisk, driver.LoseDisk} {
		d.Crash(disk)
		if n, _ := counts.Get("a"); n != 2 {
			t.Errorf("after a crash the count is %d: the record must be processed again, once", n)
		}
		same(t, "after a crash", texts(out.Uncommitted()), "a=2@0")
		same(t, "changelog", texts(d.Output("app-counts-changelog", serde.String, serde.Int64).ReadAll()), "a=1@0")
	}
	d.Commit()
	same(t, "output", texts(out.ReadAll()), "a=1@0", "a=2@0")
}

// What a store without a changelog holds stays with the disk.
func TestStoreWithoutChangelog(t *testing.T) {
	w := newWords(t, counting(t, topology.WithoutLogging()))
	w.lines.Pipe("k", "a b")
	w.Crash(driver.KeepDisk)
	w.wantCounts(t, "a=1", "b=1")
	w.Crash(driver.LoseDisk)
	w.wantCounts(t)
	w.lines.Pipe("k", "a")
	w.wantOut(t, "a=1@0", "b=1@0", "a=1@0")
}

func TestPartitions(t *testing.T) {
	w := newWords(t, counting(t), driver.WithPartitions("lines", 3), driver.WithPartitions("out", 2))
	var want []string
	for i := range 30 {
		w.lines.Partition(int32(i%3)).PipeAt(int64(i), "k", fmt.Sprint("w", i%10))
		want = append(want, fmt.Sprintf("w%d=%d@%d", i%10, i/10+1, i))
	}
	used := map[int32]bool{}
	for _, r := range w.out.ReadAll() {
		used[r.Partition] = true
		want = slices.DeleteFunc(want, func(s string) bool { return s == r.String() })
	}
	if len(want) > 0 || len(used) != 2 {
		t.Errorf("missing %v, in partitions %v", want, used)
	}
	filled := 0
	for p := range int32(3) {
		s, err := w.Store("counts", p)
		if err != nil {
			t.Fatal(err)
		}
		view, err := statestore.NewKeyValue(s, serde.String, serde.Int64)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for range view.All() {
			n++
		}
		if n > 0 {
			filled++
		}
	}
	if filled < 2 {
		t.Error("the store's rows are in one partition")
	}
	w.Rebalance()
	if n, ok := w.counts.Get("w7"); n != 3 || !ok {
		t.Errorf("after a rebalance w7 is %d, %v", n, ok)
	}
}

// A record of one partition doesn't overtake an older one of another.
func TestLowestTimestampFirst(t *testing.T) {
	var seen []string
	top := build(t, func(b *topology.Builder) {
		a := b.Stream("a", serde.String, serde.String)
		a.To("b", serde.String, serde.String)
		b.Merge(a, b.Stream("b", serde.String, serde.String)).
			Peek(func(k, v string) { seen = append(seen, v) })
	})
	d := driver.ForTest(t, top, driver.WithCommitInterval(time.Second))
	in := d.Input("a", serde.String, serde.String)
	for ts, v := range []string{"zero", "one", "two"} {
		in.PipeAt(int64(ts), "k", v)
	}
	d.Commit()
	same(t, "processed", seen, "zero", "one", "two", "zero", "one", "two")
}

// A task waits for an input without records as long as it's told to, on the
// driver's clock.
func TestMaxTaskIdle(t *testing.T) {
	b := topology.NewBuilder()
	b.StreamOf([]string{"a", "b"}, serde.String, serde.String).To("out", serde.String, serde.String)
	top, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	d := driver.ForTest(t, top, driver.WithMaxTaskIdle(time.Second))
	out := d.Output("out", serde.String, serde.String)
	d.Input("a", serde.String, serde.String).PipeAt(20, "k", "late")
	if got := out.ReadAll(); len(got) != 0 {
		t.Fatalf("got %v before b had a record", got)
	}
	d.Input("b", serde.String, serde.String).PipeAt(10, "k", "early")
	if got := out.ReadAll(); len(got) != 1 || got[0].Value != "early" {
		t.Fatalf("got %v, want the earlier record", got)
	}
	d.AdvanceWallClock(time.Second)
	if got := out.ReadAll(); len(got) != 1 || got[0].Value != "late" {
		t.Fatalf("got %v, want the later record when the wait was over", got)
	}
}

func TestWindowsAndDrops(t *testing.T) {
	top := build(t, func(b *topology.Builder) {
		b.Stream("in", serde.String, serde.String).GroupByKey(serde.String, serde.String).
			WindowedBy(topology.Tumbling(10*time.Millisecond)).
			Count(topology.StoreAs("win", serde.Int64), topology.Named("agg"))
	})
	d := driver.ForTest(t, top)
	in := d.Input("in", serde.String, serde.String)
	win := d.Window("win", serde.String, serde.Int64)
	in.PipeAt(5, "a", "")
	in.PipeAt(12, "a", "")
	in.PipeAt(9, "a", "late")
	in.PipeRecord(driver.Record[string, string]{NullKey: true, Timestamp: 13})
	d.Crash(driver.LoseDisk)
	in.PipeAt(8, "a", "still late")
	if n, ok := win.Get("a", 10); n != 1 || !ok {
		t.Errorf("the second window counts %d, %v", n, ok)
	}
	if all := win.All(); len(all) != 1 || all[0].Start != 10 {
		t.Errorf("windows %v", all)
	}
	want := map[driver.Drop]int64{{Node: "agg", Reason: "late"}: 2, {Node: "agg", Reason: "null_key"}: 1}
	if got := d.Drops(); len(got) != 2 || got[driver.Drop{Node: "agg", Reason: "late"}] != 2 || d.Dropped() != 3 {
		t.Errorf("drops %v, want %v", got, want)
	}
}

func TestHeadersAndNulls(t *testing.T) {
	top := build(t, func(b *topology.Builder) {
		b.Stream("in", serde.Bytes, serde.Bytes).To("out", serde.Bytes, serde.Bytes)
	})
	d := driver.ForTest(t, top, driver.WithClock(time.UnixMilli(77)))
	in := d.Input("in", serde.Bytes, serde.Bytes)
	out := d.Output("out", serde.Bytes, serde.Bytes)
	in.PipeAt(1, nil, nil, driver.Header{Key: "h", Value: []byte("v")}, driver.Header{Key: "n"})
	in.Pipe([]byte{}, []byte{})
	in.PipeRecord(driver.Record[[]byte, []byte]{Key: []byte("k"), Value: []byte("v"), NullValue: true})
	all := out.ReadAll()
	if len(all) != 3 {
		t.Fatalf("got %v", all)
	}
	h := all[0].Headers
	if !all[0].NullKey || !all[0].NullValue || len(h) != 2 || string(h[0].Value) != "v" || h[1].Value != nil {
		t.Errorf("first record %+v", all[0])
	}
	if all[1].NullKey || all[1].NullValue || all[1].Timestamp != 77 || all[1].Offset != 1 {
		t.Errorf("an empty key or value isn't null: %+v", all[1])
	}
	if all[2].NullKey || !all[2].NullValue {
		t.Errorf("third record %+v", all[2])
	}
}

func TestErrorsAreKept(t *testing.T) {
	boom := errors.New("boom")
	broken := true
	top := build(t, func(b *topology.Builder) {
		b.Stream("in", serde.String, serde.String).
			MapValues(func(v string) string {
				if broken && v == "bad" {
					panic(boom)
				}
				return v
			}, topology.Named("map")).
			To("out", serde.String, serde.String)
	})
	d, err := driver.New(top)
	if err != nil {
		t.Fatal(err)
	}
	in := d.Input("in", serde.String, serde.String)
	out := d.Output("out", serde.String, serde.String)
	in.Pipe("k", "good")
	in.Pipe("k", "bad")
	e, ok := errors.AsType[*task.Error](d.Err())
	if !ok || e.Node != "map" || e.Offset != 1 {
		t.Fatalf("got %v", d.Err())
	}
	in.Pipe("k", "after")
	d.Commit()
	d.Crash(driver.LoseDisk)
	if _, again := errors.AsType[*task.Error](d.Err()); !again {
		t.Errorf("a restart has passed over the failed record: %v", d.Err())
	}
	broken = false
	d.Crash(driver.KeepDisk)
	in.Pipe("k", "more")
	same(t, "output", texts(out.ReadAll()), "k=good@0", "k=bad@0", "k=more@0")
	if err := errors.Join(d.Err(), d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	in.Pipe("k", "closed")
	d.Crash(driver.KeepDisk)
	if d.Err() == nil {
		t.Error("a closed driver goes on")
	}
}

func TestMistakes(t *testing.T) {
	top := counting(t)
	mistakes := map[string]func(d *driver.Driver){
		"the topology doesn't read this topic": func(d *driver.Driver) { d.Input("out", serde.String, serde.String) },
		"a serde is nil":                       func(d *driver.Driver) { d.Input[string, string]("lines", nil, nil) },
		"no partition 3":                       func(d *driver.Driver) { d.Input("lines", serde.String, serde.String).Partition(3).Pipe("", "") },
		"no store \"other\"":                   func(d *driver.Driver) { d.KeyValue("other", serde.String, serde.String).All() },
		"key-value store, not a window store":  func(d *driver.Driver) { d.Window("counts", serde.String, serde.Int64).All() },
		"deserialize the value": func(d *driver.Driver) {
			d.Input("lines", serde.String, serde.String).Pipe("k", "word")
			d.Output("app-words-repartition", serde.String, serde.Int64).Read()
		},
	}
	for want, mistake := range mistakes {
		t.Run(want, func(t *testing.T) {
			d, err := driver.New(top)
			if err != nil {
				t.Fatal(err)
			}
			mistake(d)
			if d.Err() == nil || !strings.Contains(d.Err().Error(), want) {
				t.Errorf("got %v", d.Err())
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	for want, options := range map[string][]driver.Option{
		"the topology doesn't use it": {driver.WithPartitions("lime", 1)},
		"can't have 0 partitions":     {driver.WithPartitions("lines", 0)},
	} {
		if _, err := driver.New(top, options...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := driver.New(nil); err == nil {
		t.Error("a nil topology runs")
	}
}

func TestDecodeHandler(t *testing.T) {
	top := build(t, func(b *topology.Builder) {
		b.Stream("in", serde.Int64, serde.String, topology.Named("source")).To("out", serde.Int64, serde.String)
	})
	answers := map[string]task.Action{"skip": task.Continue, "bury": task.DeadLetter}
	d := driver.ForTest(t, top, driver.WithDeadLetterTopic("dead"), driver.WithDecodeHandler(func(f task.FailedRecord) task.Action {
		return answers[string(f.Record.Value)]
	}))
	in := d.Input("in", serde.String, serde.String)
	in.Pipe("8 bytes!", "fine")
	in.Pipe("short", "skip")
	in.PipeAt(4, "short", "bury")
	if got := d.Output("out", serde.String, serde.String).ReadAll(); len(got) != 1 {
		t.Errorf("output %v", got)
	}
	dead := d.Output("dead", serde.String, serde.String).ReadAll()
	if len(dead) != 1 || dead[0].String() != "short=bury@4" || string(dead[0].Headers[5].Value) != "2" {
		t.Errorf("dead letters %v", dead)
	}
	if n := d.Drops()[driver.Drop{Node: "source", Reason: "deserialization"}]; n != 2 {
		t.Errorf("%d dropped", n)
	}
}
