package topology_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
)

// schedule schedules by stream time, at an interval in milliseconds.
func schedule(c *strContext, every int64, f func(now int64) error) error {
	_, err := c.Schedule(time.Duration(every)*time.Millisecond, topology.ByStreamTime, f)
	return err
}

// tick forwards a record whose key is the name and whose time is the clock's.
func tick(c *strContext, name string) func(now int64) error {
	return func(now int64) error {
		return c.Forward(madeRecord{Key: name, Value: strconv.FormatInt(now, 10), Timestamp: now})
	}
}

// scheduled is a topology with one processor, which forwards nothing but what it has
// scheduled in Init.
func scheduled(init func(c *strContext) error) *builder {
	b := topology.NewBuilder()
	b.Stream("in", str, str).
		Process(watch(watched{init: init, process: func(*strContext, madeRecord) error { return nil }})).
		To("out", str, str)
	return b
}

func TestScheduleByStreamTime(t *testing.T) {
	d := drive(t, scheduled(func(c *strContext) error { return schedule(c, 10, tick(c, "t")) }))
	in := d.Input("in", str, str)
	for _, ts := range []int64{5, 9, 10, 47, 12, 50} {
		in.PipeAt(ts, "k", "v")
	}
	d.AdvanceWallClock(time.Hour)
	wantRecords(t, d, "out", "t=5@5", "t=10@10", "t=47@47", "t=50@50")
}

// With a start, the times are those from the start on, and never before it.
func TestScheduleFrom(t *testing.T) {
	from := func(start int64, by topology.ScheduleClock) *builder {
		return scheduled(func(c *strContext) error {
			_, err := c.ScheduleFrom(time.UnixMilli(start), 10*time.Millisecond, by, tick(c, "t"))
			return err
		})
	}
	d := drive(t, from(7, topology.ByStreamTime))
	in := d.Input("in", str, str)
	for _, ts := range []int64{5, 9, 16, 17, 40, 46, 47} {
		in.PipeAt(ts, "k", "v")
	}
	wantRecords(t, d, "out", "t=9@9", "t=17@17", "t=40@40", "t=47@47")

	for _, c := range []struct {
		start, clock int64
		want         []string // when the clock has moved by 1 ms twelve times
	}{
		{100, 100, []string{"t=101@101", "t=110@110"}},
		{105, 100, []string{"t=105@105"}},
		{3, 100, []string{"t=103@103"}},
		{200, 100, nil},
	} {
		d := drive(t, from(c.start, topology.ByWallClock), driver.WithClock(time.UnixMilli(c.clock)))
		for range 12 {
			d.AdvanceWallClock(time.Millisecond)
		}
		wantRecords(t, d, "out", c.want...)
	}
}

func TestScheduleByWallClock(t *testing.T) {
	d := drive(t, scheduled(func(c *strContext) error {
		_, err := c.Schedule(10*time.Millisecond, topology.ByWallClock, tick(c, "t"))
		return err
	}), driver.WithClock(time.UnixMilli(100)))
	d.Input("in", str, str).PipeAt(1000, "k", "v")
	d.AdvanceWallClock(9 * time.Millisecond)
	wantRecords(t, d, "out")
	d.AdvanceWallClock(time.Millisecond)
	d.AdvanceWallClock(35 * time.Millisecond)
	d.AdvanceWallClock(4 * time.Millisecond)
	d.AdvanceWallClock(time.Millisecond)
	d.AdvanceWallClock(5 * time.Millisecond)
	d.Crash(driver.KeepDisk) // begins anew
	d.AdvanceWallClock(9 * time.Millisecond)
	wantRecords(t, d, "out", "t=110@110", "t=145@145", "t=150@150")
	d.AdvanceWallClock(time.Millisecond)
	wantRecords(t, d, "out", "t=110@110", "t=145@145", "t=150@150", "t=165@165")
}

// One made while a record is processed is called behind that record.
func TestScheduleWithinProcess(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("in", str, str).Process(doing(func(c *strContext, r madeRecord) error {
		if r.Value == "start" {
			if err := schedule(c, 100, tick(c, "t")); err != nil {
				return err
			}
		}
		return c.Forward(r)
	})).To("out", str, str)
	d := drive(t, b)
	in := d.Input("in", str, str)
	in.PipeAt(150, "k", "before")
	in.PipeAt(160, "k", "start")
	in.PipeAt(199, "k", "after")
	in.PipeAt(200, "k", "after")
	wantRecords(t, d, "out", "k=before@150", "k=start@160", "t=160@160", "k=after@199", "k=after@200", "t=200@200")
}

func TestScheduleCancelled(t *testing.T) {
	var s *topology.Schedule
	d := drive(t, scheduled(func(c *strContext) (err error) {
		s, err = c.Schedule(time.Millisecond, topology.ByStreamTime, func(now int64) error {
			if now == 3 {
				s.Cancel()
			}
			return tick(c, "t")(now)
		})
		return err
	}))
	in := d.Input("in", str, str)
	for ts := range int64(6) {
		in.PipeAt(ts, "k", "v")
	}
	wantRecords(t, d, "out", "t=0@0", "t=1@1", "t=2@2", "t=3@3")
}

func TestScheduleMistakes(t *testing.T) {
	f := func(int64) error { return nil }
	for want, try := range map[string]func(c *strContext) (*topology.Schedule, error){
		"the interval must be at least 1ms": func(c *strContext) (*topology.Schedule, error) {
			return c.Schedule(time.Millisecond-1, topology.ByWallClock, f)
		},
		"needs a function, got nil": func(c *strContext) (*topology.Schedule, error) {
			return c.Schedule(time.Second, topology.ByWallClock, nil)
		},
		"7 is no clock": func(c *strContext) (*topology.Schedule, error) { return c.Schedule(time.Second, 7, f) },
		"is before the Unix epoch": func(c *strContext) (*topology.Schedule, error) {
			return c.ScheduleFrom(time.UnixMilli(-1), time.Second, topology.ByWallClock, f)
		},
	} {
		_, err := driver.New(build(t, scheduled(func(c *strContext) error {
			_, err := try(c)
			return err
		})))
		wantError(t, err, "Init", want)
	}
	b := topology.NewBuilder()
	var late error
	var kept *strContext
	b.Stream("in", str, str).Process(watch(watched{
		init:  func(c *strContext) error { kept = c; return nil },
		close: func() error { _, late = kept.Schedule(time.Second, topology.ByWallClock, f); return nil },
	}))
	if err := drive(t, b).Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, late, "the task has ended")
}

// A crash, a rebalance, or a commit interval between a record and what it makes due
// loses nothing and repeats nothing.
func TestSchedulesAndFaults(t *testing.T) {
	faults := map[string]func(d *driver.Driver){
		"none":            func(*driver.Driver) {},
		"disk kept":       func(d *driver.Driver) { d.Crash(driver.KeepDisk) },
		"disk lost":       func(d *driver.Driver) { d.Crash(driver.LoseDisk) },
		"another process": func(d *driver.Driver) { d.Rebalance() },
		"commit":          func(d *driver.Driver) { d.Commit() },
		"commit, crash":   func(d *driver.Driver) { d.Commit(); d.Crash(driver.LoseDisk) },
	}
	times := []int64{3, 12, 5, 20, 20, 47, 48, 61, 70, 70, 99}
	var want []string
	for _, name := range append([]string{"none"}, sortedKeys(faults)...) {
		for _, interval := range []time.Duration{0, time.Hour} {
			for at := range times {
				d := drive(t, buffered(), driver.WithCommitInterval(interval))
				in := d.Input("in", str, str)
				for i, ts := range times {
					in.PipeAt(ts, fmt.Sprint("k", i%3), strconv.Itoa(i))
					if i == at {
						faults[name](d)
					}
				}
				d.Commit()
				if err := d.Err(); err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, r := range d.Output("out", str, str).ReadAll() {
					got = append(got, r.String())
				}
				if want == nil {
					want = got
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s behind record %d, commit interval %v\n got %q\nwant %q", name, at, interval, got, want)
				}
			}
		}
	}
	if len(want) != 11 {
		t.Errorf("%d records: %q", len(want), want)
	}
}

// buffered is a topology that keeps the latest value of each key and sends all of
// them, numbered, every 10 ms of stream time.
func buffered() *builder {
	b := topology.NewBuilder()
	rows := b.KeyValueStore("rows", str, str)
	sent := b.KeyValueStore("sent", str, number)
	b.Stream("in", str, str).
		Process(func() strProcessor { return &buffer{rows: rows, sent: sent} }, rows, sent).
		To("out", str, str)
	return b
}

type buffer struct {
	rows topology.StoreHandle[*strStore]
	sent topology.StoreHandle[*numberStore]
}

func (p *buffer) Init(c *strContext) error {
	return schedule(c, 10, func(now int64) error { return p.flush(c, now) })
}

func (p *buffer) flush(c *strContext, now int64) error {
	rows, err := c.Open(p.rows)
	if err != nil {
		return err
	}
	sent, err := c.Open(p.sent)
	if err != nil {
		return err
	}
	n, _, _, err := sent.Get("n")
	if err != nil {
		return err
	}
	for e, err := range rows.All() {
		if err != nil {
			return err
		}
		n++
		if err := c.Forward(madeRecord{Key: e.Key, Value: fmt.Sprintf("%s#%d", e.Value, n), Timestamp: now}); err != nil {
			return err
		}
		if err := rows.Delete(e.Key, now); err != nil {
			return err
		}
	}
	return sent.Put("n", n, now)
}

func (p *buffer) Process(c *strContext, r madeRecord) error {
	rows, err := c.Open(p.rows)
	if err != nil {
		return err
	}
	return rows.Put(r.Key, r.Value, r.Timestamp)
}
