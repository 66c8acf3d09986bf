package topology_test

import (
	"strings"
	"testing"
	"time"

	tasks "github.com/oncestream/oncestream/task"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// cached is a driver with open transactions and room for all updates.
func cached(t *testing.T, b *topology.Builder, options ...driver.Option) *driver.Driver {
	return driver.ForTest(t, build(t, b), append([]driver.Option{driver.WithCommitInterval(time.Hour), driver.WithRecordCache(1 << 20)}, options...)...)
}

// texts are the committed records of a topic.
func texts(d *driver.Driver, topic string) string {
	var all []string
	for _, r := range d.Output(topic, serde.String, serde.String).ReadAll() {
		all = append(all, r.String())
	}
	return strings.Join(all, " ")
}

// gone is a record that deletes a row.
func gone(key string, ts int64) driver.Record[string, string] {
	return driver.Record[string, string]{Key: key, NullValue: true, Timestamp: ts}
}

func expectTexts(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// What a flush sends into the caches of tables further down goes out with the same
// commit, whichever was added first.
func TestFlushGoesDownTheTopology(t *testing.T) {
	b := topology.NewBuilder()
	text := func(name string, o ...topology.StoreOption) topology.Stored[string] {
		return topology.StoreAs(name, serde.String, o...)
	}
	in := b.Stream("in", serde.String, serde.String).GroupByKey(serde.String, serde.String)
	first := in.Reduce(func(a, v string) string { return a + v }, text("first"))
	second := first.MapValues(strings.ToUpper).Materialize(text("second"))
	third := second.Join(first, func(a, b string) string { return a + "/" + b }).Materialize(text("third"))
	third.ToStream().To("out", serde.String, serde.String)
	first.ToStream().To("firsts", serde.String, serde.String)
	d := cached(t, b)
	pipe := d.Input("in", serde.String, serde.String)
	pipe.PipeAt(1, "k", "a")
	pipe.PipeAt(2, "k", "b")
	if n := len(d.Output("out", serde.String, serde.String).Uncommitted()); n != 0 {
		t.Errorf("%d records before the commit", n)
	}
	d.Commit()
	expectTexts(t, "out", texts(d, "out"), "k=AB/ab@2")
	expectTexts(t, "firsts", texts(d, "firsts"), "k=ab@2")
	d.Commit()
	expectTexts(t, "out, after a second commit", texts(d, "out"), "k=AB/ab@2")
}

// A group gets the row as it was passed on last taken out, not one that it has
// never had.
func TestOldValueIsTheOnePassedOnLast(t *testing.T) {
	b := topology.NewBuilder()
	b.Table("in", serde.String, topology.StoreAs("rows", serde.String)).
		GroupBy("by-first", func(_, v string) (string, string) { return v[:1], v }, serde.String, serde.String).
		Reduce(func(a, v string) string { return a + "+" + v }, func(a, v string) string { return a + "-" + v }, topology.StoreAs("groups", serde.String)).
		ToStream().To("out", serde.String, serde.String)
	d := cached(t, b)
	pipe := d.Input("in", serde.String, serde.String)
	step := func(want string, values ...string) {
		t.Helper()
		for _, v := range values {
			pipe.PipeAt(1, "k", v)
		}
		d.Commit() // the table
		d.Commit() // the groups
		d.Commit()
		expectTexts(t, strings.Join(values, ", "), texts(d, "out"), want)
	}
	step("x=x2@1", "x1", "x2")
	step("x=x2@1 x=x2-x2+x5@1", "x3", "x4", "x5")
	step("x=x2@1 x=x2-x2+x5@1 x=x2-x2+x5-x5@1 y=y1@1", "x6", "y1")
}

// A row that comes and goes between two commits leaves no trace, in the changelog
// neither.
func TestRowsBetweenCommitsLeaveNoTrace(t *testing.T) {
	b := topology.NewBuilder()
	b.Table("in", serde.String, topology.StoreAs("rows", serde.String)).ToStream().To("out", serde.String, serde.String)
	d := cached(t, b)
	pipe := d.Input("in", serde.String, serde.String)
	pipe.PipeAt(1, "k", "a")
	pipe.PipeRecord(gone("k", 2))
	pipe.PipeRecord(gone("l", 3))
	d.Commit()
	expectTexts(t, "out", texts(d, "out"), "")
	expectTexts(t, "changelog", texts(d, "app-rows-changelog"), "")
	pipe.PipeAt(4, "k", "b")
	d.Commit()
	pipe.PipeRecord(gone("k", 5))
	d.Commit()
	expectTexts(t, "out", texts(d, "out"), "k=b@4 k=null@5")
	if n := len(d.Output("app-rows-changelog", serde.String, serde.Bytes).ReadAll()); n != 2 {
		t.Errorf("%d records in the changelog, want the row and its deletion", n)
	}
}

// A crash loses what waits together with the state that it's about.
func TestCrashLosesWhatWaits(t *testing.T) {
	for _, disk := range []driver.Disk{driver.KeepDisk, driver.LoseDisk} {
		b := topology.NewBuilder()
		b.Stream("in", serde.String, serde.String).GroupByKey(serde.String, serde.String).
			Reduce(func(a, v string) string { return a + v }, topology.StoreAs("rows", serde.String)).
			ToStream().To("out", serde.String, serde.String)
		d := cached(t, b)
		pipe := d.Input("in", serde.String, serde.String)
		pipe.PipeAt(1, "k", "a")
		d.Commit()
		pipe.PipeAt(2, "k", "b")
		d.Crash(disk) // b is processed again
		pipe.PipeAt(3, "k", "c")
		d.Commit()
		expectTexts(t, "out", texts(d, "out"), "k=a@1 k=abc@3")
	}
}

// Windows pass on their last state with the timestamp of the row, sessions with
// that of their end.
func TestWindowsAndSessionsWait(t *testing.T) {
	b := topology.NewBuilder()
	in := b.Stream("in", serde.String, serde.String).GroupByKey(serde.String, serde.String)
	add := func(a, v string) string { return a + v }
	in.WindowedBy(topology.Hopping(20*time.Millisecond, 10*time.Millisecond)).Reduce(add, topology.StoreAs("w", serde.String)).
		ToStream(windowName).To("windows", serde.String, serde.String)
	in.WindowedBy(topology.Unlimited(time.UnixMilli(0))).Reduce(add, topology.StoreAs("u", serde.String)).
		ToStream(windowName).To("unlimited", serde.String, serde.String)
	in.SessionsBy(topology.Sessions(10*time.Millisecond)).Reduce(add, topology.StoreAs("s", serde.String)).
		ToStream(windowName).To("sessions", serde.String, serde.String)
	in.WindowedBy(topology.Tumbling(10*time.Millisecond)).EmitOnClose().Reduce(add, topology.StoreAs("f", serde.String)).
		ToStream(windowName).To("final", serde.String, serde.String)
	d := cached(t, b)
	pipe := d.Input("in", serde.String, serde.String)
	pipe.PipeAt(15, "k", "a")
	pipe.PipeAt(12, "k", "b")
	pipe.PipeAt(22, "k", "c")
	final := d.Output("final", serde.String, serde.String)
	if got := len(final.Uncommitted()); got != 1 {
		t.Errorf("%d final results before the commit, want 1: they are never held back", got)
	}
	d.Commit()
	expectTexts(t, "windows", texts(d, "windows"), "k[0,20]=ab@15 k[10,30]=abc@22 k[20,40]=c@22")
	expectTexts(t, "unlimited", texts(d, "unlimited"), "k[0,9223372036854775807]=abc@22")
	expectTexts(t, "sessions", texts(d, "sessions"), "k[12,22]=abc@22")
}

func TestCachingOptions(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []topology.StoreOption
		cache   int64
		want    string
	}{
		{"default", nil, 1000, "k=ab@2"},
		{"no cache", nil, 0, "k=a@1 k=ab@2"},
		{"WithoutCaching", []topology.StoreOption{topology.WithoutCaching()}, 1000, "k=a@1 k=ab@2"},
		{"WithCaching", []topology.StoreOption{topology.WithoutCaching(), topology.WithCaching()}, 1000, "k=ab@2"},
		{"WithCaching without a cache", []topology.StoreOption{topology.WithCaching()}, 0, "k=a@1 k=ab@2"},
		{"in memory", []topology.StoreOption{topology.InMemory()}, 1000, "k=ab@2"},
		{"no room", nil, 10, "k=a@1 k=ab@2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.NewBuilder()
			b.Stream("in", serde.String, serde.String).GroupByKey(serde.String, serde.String).
				Reduce(func(a, v string) string { return a + v }, topology.StoreAs("rows", serde.String, c.options...)).
				ToStream().To("out", serde.String, serde.String)
			d := cached(t, b, driver.WithRecordCache(c.cache))
			pipe := d.Input("in", serde.String, serde.String)
			pipe.PipeAt(1, "k", "a")
			pipe.PipeAt(2, "k", "b")
			d.Commit()
			expectTexts(t, "out", texts(d, "out"), c.want)
		})
	}
}

// A failure behind a cache names its node, and nothing is committed.
func TestFailureOfAFlush(t *testing.T) {
	for _, room := range []int64{1 << 20, 1} {
		b := topology.NewBuilder()
		b.Table("in", serde.String, topology.StoreAs("rows", serde.String)).
			MapValues(func(v string) string { panic("boom") }, topology.Named("bad")).
			ToStream().To("out", serde.String, serde.String)
		d, err := driver.New(build(t, b), driver.WithCommitInterval(time.Hour), driver.WithRecordCache(room))
		if err != nil {
			t.Fatal(err)
		}
		d.Input("in", serde.String, serde.String).PipeAt(1, "k", "a")
		d.Commit()
		if err := d.Err(); err == nil || !strings.Contains(err.Error(), "bad") || !strings.Contains(err.Error(), "boom") {
			t.Errorf("room for %d bytes: got %v, want the node and its panic", room, err)
		}
		if n := len(d.Output("app-rows-changelog", serde.String, serde.Bytes).ReadAll()); n != 0 {
			t.Errorf("room for %d bytes: %d records of the changelog were committed", room, n)
		}
	}
}

// A record that's taken back leaves nothing in the cache, and takes nothing with it
// that others have left there.
func TestRecordTakenBack(t *testing.T) {
	for room, want := range map[int64]string{
		1 << 20: "l=b@2 k=ae@5",
		1:       "k=a@1 l=b@2 k=ae@5",
	} {
		b := topology.NewBuilder()
		in := b.Stream("in", serde.String, serde.String)
		in.GroupByKey(serde.String, serde.String).
			Reduce(func(a, v string) string { return a + v }, topology.StoreAs("rows", serde.String)).
			ToStream().To("out", serde.String, serde.String)
		in.ForEach(func(_, v string) {
			if v == "bad" {
				panic(v)
			}
		})
		d := cached(t, b, driver.WithRecordCache(room), driver.WithUndo(),
			driver.WithProcessingHandler(func(tasks.FailedRecord) tasks.Action { return tasks.SkipRecord }))
		pipe := d.Input("in", serde.String, serde.String)
		pipe.PipeAt(1, "k", "a")
		pipe.PipeAt(2, "l", "b")
		pipe.PipeAt(3, "k", "bad", driver.Header{Key: "h", Value: []byte("bad")})
		pipe.PipeAt(4, "m", "bad")
		pipe.PipeAt(5, "k", "e")
		d.Commit()
		expectTexts(t, "out", texts(d, "out"), want)
		for _, r := range d.Output("out", serde.String, serde.String).ReadAll() {
			if len(r.Headers) > 0 {
				t.Errorf("%v has the headers %v", r, r.Headers)
			}
		}
	}
}

// A change that was held back before stays so, with what belongs to it, when a later
// one of its row is taken back.
func TestChangeOfARowTakenBack(t *testing.T) {
	b := topology.NewBuilder()
	in := b.Stream("in", serde.String, serde.String)
	in.GroupByKey(serde.String, serde.String).
		Reduce(func(a, v string) string { return a + v }, topology.StoreAs("rows", serde.String)).
		ToStream().To("out", serde.String, serde.String)
	in.ForEach(func(_, v string) {
		if v == "bad" {
			panic(v)
		}
	})
	d := cached(t, b, driver.WithUndo(), driver.WithProcessingHandler(func(tasks.FailedRecord) tasks.Action { return tasks.SkipRecord }))
	pipe := d.Input("in", serde.String, serde.String)
	pipe.PipeAt(1, "k", "a", driver.Header{Key: "h", Value: []byte("good")})
	pipe.PipeAt(3, "k", "bad", driver.Header{Key: "h", Value: []byte("bad")})
	d.Commit()
	got := d.Output("out", serde.String, serde.String).ReadAll()
	if len(got) != 1 || got[0].Value != "a" || len(got[0].Headers) != 1 || string(got[0].Headers[0].Value) != "good" {
		t.Errorf("got %+v", got)
	}
}
