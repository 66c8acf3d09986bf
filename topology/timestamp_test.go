package topology_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

type strRecord = topology.SourceRecord[string, string]

// timeInValue finds the time in a value that is a number.
func timeInValue(r strRecord) (int64, bool) {
	n, err := strconv.ParseInt(r.Value, 10, 64)
	return n, err == nil
}

// timed is a driver of a copy from in to out.
func timed(t *testing.T, times topology.Timestamps, options ...driver.Option) (*driver.Driver, *driver.Input[string, string]) {
	t.Helper()
	b := topology.NewBuilder()
	b.Stream("in", str, str, topology.WithTimestamps(times)).To("out", str, str)
	d, err := driver.New(build(t, b), options...)
	if err != nil {
		t.Fatal(err)
	}
	return d, d.Input("in", str, str)
}

// wantOut checks what was copied.
func wantOut(t *testing.T, d *driver.Driver, want string, dropped int64) {
	t.Helper()
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range d.Output("out", str, str).ReadAll() {
		got = append(got, r.String())
	}
	if strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if d.Dropped() != dropped {
		t.Errorf("%d dropped, want %d", d.Dropped(), dropped)
	}
}

func TestEmbeddedTime(t *testing.T) {
	for _, c := range []struct {
		policy  topology.InvalidTimestamp
		want    string
		dropped int64
	}{
		{topology.DropInvalid, "k=70@70 k=30@30", 3},
		{topology.UsePartitionTime, "k=70@70 k=30@30 k=no@70 k=-5@70", 1},
	} {
		d, in := timed(t, topology.EmbeddedTime(timeInValue).OnInvalid(c.policy))
		for _, v := range []string{"early", "70", "30", "no", "-5"} {
			in.PipeAt(9, "k", v)
		}
		wantOut(t, d, c.want, c.dropped)
	}
}

// The partition time is committed with the offset.
func TestPartitionTimeSurvivesACrash(t *testing.T) {
	d, in := timed(t, topology.EmbeddedTime(timeInValue).OnInvalid(topology.UsePartitionTime))
	in.Pipe("k", "70")
	d.Crash(driver.LoseDisk)
	in.Pipe("k", "no")
	wantOut(t, d, "k=70@70 k=no@70", 0)
}

func TestWallClockTime(t *testing.T) {
	d, in := timed(t, topology.WallClockTime(), driver.WithClock(time.UnixMilli(100)))
	in.PipeAt(1, "k", "a")
	d.AdvanceWallClock(5 * time.Millisecond)
	in.PipeAt(2, "k", "b")
	wantOut(t, d, "k=a@100 k=b@105", 0)
}

func TestEmbeddedTimeSeesTheRecord(t *testing.T) {
	var seen []strRecord
	d, in := timed(t, topology.EmbeddedTime(func(r strRecord) (int64, bool) {
		seen = append(seen, r)
		return r.Timestamp + 1, true
	}))
	in.PipeAt(1, "a", "x")
	in.PipeAt(5, "b", "y")
	wantOut(t, d, "a=x@2 b=y@6", 0)
	want := strRecord{Key: "b", Value: "y", Timestamp: 5, Topic: "in", Offset: 1}
	if len(seen) != 2 || seen[1] != want {
		t.Errorf("saw %+v", seen)
	}
}

// A record fails in its own turn: those before it are processed.
func TestTimestampErrors(t *testing.T) {
	bad := func(f func(strRecord) (int64, bool)) topology.Timestamps { return topology.EmbeddedTime(f) }
	for _, c := range []struct {
		name  string
		times topology.Timestamps
		want  string
	}{
		{"none", bad(timeInValue), "no valid timestamp"},
		{"panic", bad(func(r strRecord) (int64, bool) {
			if r.Value == "x" {
				panic("boom")
			}
			return 3, true
		}), "panic: boom"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, in := timed(t, c.times, driver.WithCommitInterval(time.Hour))
			in.PipeAt(1, "k", "1")
			if err := d.Err(); err != nil {
				t.Fatal(err)
			}
			in.PipeAt(2, "k", "x")
			err := d.Err()
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range []string{c.want, "KSTREAM-SOURCE-0000000000", "offset 1"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
		})
	}
}

// A record that can't be deserialized has no embedded time to look for.
func TestEmbeddedTimeOfAnUndecodableRecord(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("in", str, serde.Int64, topology.WithTimestamps(topology.EmbeddedTime(
		func(r topology.SourceRecord[string, int64]) (int64, bool) { return r.Value, true },
	))).To("out", str, serde.Int64)
	h := newHarness(t, b)
	failed := 0
	h.decode = func(error) error {
		failed++
		return nil
	}
	h.run(input{"in", "k", "short", 1}, input{"in", "k", "\x00\x00\x00\x00\x00\x00\x00\x07", 2}, input{"in", "k", "short", 3})
	if h.want("out", "k=\x00\x00\x00\x00\x00\x00\x00\x07@7"); failed != 2 {
		t.Errorf("%d decode failures", failed)
	}
}

func TestInvalidRecordTime(t *testing.T) {
	write := func(options ...topology.SourceOption) *harness {
		b := topology.NewBuilder()
		b.Stream("in", str, str, options...).To("out", str, str)
		return newHarness(t, b)
	}
	h := write()
	err := h.send(input{"in", "k", "v", -1})
	if err == nil || !strings.HasPrefix(err.Error(), "KSTREAM-SOURCE-0000000000: the record has no valid timestamp") {
		t.Errorf("got %v", err)
	}
	h = write(topology.WithTimestamps(topology.RecordTime().OnInvalid(topology.DropInvalid)))
	h.run(input{"in", "k", "v", -1}, input{"in", "k", "v", 0})
	h.want("out", "k=v@0")
	h.wantDropped("KSTREAM-SOURCE-0000000000 invalid_timestamp")
}

// A source that is read twice has one value of Timestamps.
func TestSharedTimestamps(t *testing.T) {
	b := topology.NewBuilder()
	times := topology.WithTimestamps(topology.EmbeddedTime(timeInValue))
	b.Stream("in", str, str, times).To("a", str, str)
	b.Stream("in", str, str, times).To("b", str, str)
	build(t, b)
}

func ExampleWithTimestamps() {
	type order struct {
		Item   string
		Placed int64 // milliseconds since the Unix epoch
	}
	orders := serde.JSON[order]()
	placed := topology.EmbeddedTime(func(r topology.SourceRecord[string, order]) (int64, bool) {
		return r.Value.Placed, r.Value.Placed > 0
	})
	b := topology.NewBuilder()
	b.Stream("orders", serde.String, orders, topology.WithTimestamps(placed.OnInvalid(topology.DropInvalid))).
		MapValues(func(o order) string { return o.Item }).
		To("items", serde.String, serde.String)
	d := start(b)
	in := d.Input("orders", serde.String, orders)
	in.PipeAt(100, "a", order{"book", 42})
	in.PipeAt(101, "a", order{"pen", 0})
	show(d, d.Output("items", serde.String, serde.String))
	// Output:
	// a=book@42
}
