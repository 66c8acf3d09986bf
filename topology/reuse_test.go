package topology_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
)

// stamped is a serde that refuses the text bad, and doesn't write what it has read:
// it reads "text@time".
type stamped struct{}

type at struct {
	text string
	ts   int64
}

func (stamped) Append(dst []byte, v at) ([]byte, error) {
	return fmt.Appendf(dst, "%s at %d", v.text, v.ts), nil
}

func (stamped) Decode(b []byte) (at, error) {
	var v at
	if string(b) == "bad" {
		return v, errors.New("bad")
	}
	text, _, _ := strings.Cut(string(b), " ")
	_, err := fmt.Sscanf(strings.ReplaceAll(text, "@", " "), "%s %d", &v.text, &v.ts)
	return v, err
}

// reusing is a table with times from its values, restored from its topic.
func reusing(t *testing.T, options ...topology.BuildOption) *topology.Topology {
	t.Helper()
	b := topology.NewBuilder()
	st := topology.StoreAs("rows", stamped{})
	if options == nil {
		st = topology.StoreAs("rows", stamped{}, topology.ReuseSourceTopic())
	}
	b.Table("in", str, st, topology.WithTimestamps(
		topology.EmbeddedTime(func(r topology.SourceRecord[string, at]) (int64, bool) { return r.Value.ts, r.Value.ts > 0 }).
			OnInvalid(topology.DropInvalid))).
		ToStream().To("out", str, stamped{})
	top, err := b.Build(options...)
	if err != nil {
		t.Fatal(err)
	}
	return top
}

// A store that is restored from its source topic has the same rows as one that has
// processed it: bytes and times too.
func TestReusedTopicRestoresRows(t *testing.T) {
	for name, options := range map[string][]topology.BuildOption{
		"asked": nil, "optimized": {topology.Optimize()},
	} {
		t.Run(name, func(t *testing.T) {
			handled := 0
			d := driver.ForTest(t, reusing(t, options...), driver.WithDecodeHandler(func(f oncestream.FailedRecord) oncestream.Action {
				handled++
				if f.Node != "KSTREAM-SOURCE-0000000000" || string(f.Record.Value) != "bad" || f.Record.Offset != 4 {
					t.Errorf("the handler got %+v", f)
				}
				return oncestream.Continue
			}))
			in := d.Input("in", text{}, text{})
			for i, r := range []struct{ key, value *string }{
				{ptr("a"), ptr("x@50")}, {ptr("b"), ptr("y@20")}, {ptr("c"), ptr("early@0")}, {nil, ptr("z@1")},
				{ptr("a"), ptr("bad")}, {ptr("c"), ptr("w@7")}, {ptr("b"), nil},
			} {
				in.PipeAt(int64(1000+i), r.key, r.value)
			}
			want := rowsOf(d)
			if len(want) != 3 || !strings.Contains(want[0], "x at 50") {
				t.Fatalf("rows %q", want)
			}
			for _, disk := range []driver.Disk{driver.LoseDisk, driver.KeepDisk} {
				if d.Crash(disk); !slices.Equal(rowsOf(d), want) {
					t.Errorf("rows after a crash %q, want %q", rowsOf(d), want)
				}
			}
			if handled != 2 {
				t.Errorf("the handler was asked %d times, want once for the record and once for the restore", handled)
			}
		})
	}
}

// rowsOf returns the rows of the store as bytes.
func rowsOf(d *driver.Driver) []string {
	var all []string
	for _, e := range d.KeyValue("rows", str, str).All() {
		all = append(all, fmt.Sprintf("%s=%s@%d", e.Key, e.Value, e.Timestamp))
	}
	return all
}

// What isn't committed is not restored, but processed again.
func TestReusedTopicRestoresToTheCommit(t *testing.T) {
	d := driver.ForTest(t, reusing(t), driver.WithCommitInterval(1))
	in := d.Input("in", str, str)
	in.PipeAt(1, "a", "x@1")
	d.Commit()
	in.PipeAt(2, "a", "y@2")
	out := d.Output("out", str, str)
	d.Crash(driver.LoseDisk)
	d.Commit()
	var got []string
	for _, r := range out.ReadAll() {
		got = append(got, r.Value)
	}
	if want := []string{"x at 1", "y at 2"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// Tables that can't be restored from their topics keep their changelogs.
func TestTablesWithTheirOwnChangelogs(t *testing.T) {
	b := topology.NewBuilder()
	b.Table("in", str, topology.StoreAs("in", str))
	b.Table("late", str, topology.StoreAs("late", str), topology.WithReset(topology.Latest))
	b.Table("clock", str, topology.StoreAs("clock", str), topology.WithTimestamps(topology.WallClockTime()))
	b.Stream("s", str, str).ToTable(str, topology.StoreAs("of-stream", str))
	b.Table("unneeded", str, topology.StoreAs("unneeded", str, topology.IfNeeded()))
	b.Table("needed", str, topology.StoreAs("needed", str, topology.IfNeeded())).Filter(keepAll).
		Join(b.Table("in2", str, topology.StoreAs("in2", str, topology.WithoutLogging())), join)
	top, err := b.Build(topology.Optimize(topology.ReuseSourceTopics))
	if err != nil {
		t.Fatal(err)
	}
	var logged, reused []string
	for _, sub := range top.Plan().SubTopologies {
		for _, s := range sub.Stores {
			if !s.LoggingDisabled {
				logged = append(logged, s.Name)
			}
		}
		for _, r := range sub.Reused {
			reused = append(reused, r.Topic+" "+r.Store)
		}
	}
	if want := []string{"late", "clock", "of-stream"}; !slices.Equal(logged, want) {
		t.Errorf("stores with changelogs %q, want %q", logged, want)
	}
	if want := []string{"in in", "needed needed", "in2 in2"}; !slices.Equal(reused, want) {
		t.Errorf("stores of topics %q, want %q", reused, want)
	}
}
