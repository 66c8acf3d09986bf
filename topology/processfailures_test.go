package topology_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
)

// asked is a handler that notes what it's asked, and always gives one answer.
type asked struct {
	answer oncestream.Action
	about  []string
}

func (a *asked) handle(f oncestream.FailedRecord) oncestream.Action {
	text, _, _ := strings.Cut(f.Err.Error(), "\n")
	a.about = append(a.about, fmt.Sprintf("%s %s-%d@%d %s: %s", f.Node, f.Record.Topic, f.Record.Partition, f.Record.Offset, f.Record.Value, text))
	return a.answer
}

// options are those of a driver that asks.
func (a *asked) options() []driver.Option {
	return []driver.Option{driver.WithProcessingHandler(a.handle), driver.WithUndo(), driver.WithDeadLetterTopic("dlq"), driver.WithCommitInterval(time.Hour)}
}

var errBadValue = errors.New("a bad value")

// storing is a processor that stores a record, forwards it, and then fails as its
// value says. Every 10 ms of stream time it does so with all that is stored.
type storing struct {
	handle topology.StoreHandle[*strStore]
	store  *strStore
}

func (p *storing) Init(c *strContext) (err error) {
	if p.store, err = c.Open(p.handle); err != nil {
		return err
	}
	return schedule(c, 10, func(now int64) error { return p.tick(c, now) })
}

func (p *storing) Process(c *strContext, r madeRecord) error {
	if err := p.store.Put(r.Key, r.Value, r.Timestamp); err != nil {
		return err
	}
	return errors.Join(c.Forward(r), p.fail(c, r.Value))
}

// fail does what a value asks for.
func (p *storing) fail(c *strContext, value string) error {
	switch value {
	case "fail":
		return errBadValue
	case "panic":
		panic(errBadValue)
	case "panic behind a refusal":
		_ = c.ForwardTo("nobody", madeRecord{})
		panic(errBadValue)
	}
	return nil
}

func (p *storing) tick(c *strContext, now int64) error {
	if err := p.store.Put("tick", fmt.Sprint(now), now); err != nil {
		return err
	}
	if err := c.Forward(madeRecord{Key: "tick", Value: fmt.Sprint(now), Timestamp: now}); err != nil {
		return err
	}
	return p.fail(c, ticks[now])
}

// ticks are what the calls at some times do.
var ticks = map[int64]string{30: "fail", 40: "panic"}

func storingTopology() *builder {
	b := topology.NewBuilder()
	h := b.KeyValueStore("s", str, str)
	b.Stream("in", str, str).Process(func() strProcessor { return &storing{handle: h} }, h, topology.Named("p")).
		Peek(func(_, v string) {
			if v == "50" || v == "behind" {
				panic(errBadValue)
			}
		}, topology.Named("peek")).
		To("out", str, str)
	return b
}

// A handler decides on what processors fail at. What was forwarded before stays,
// unless the record is taken back.
func TestHandlersOfProcessors(t *testing.T) {
	for _, value := range []string{"fail", "panic", "panic behind a refusal", "behind"} {
		for answer, undone := range map[oncestream.Action]bool{oncestream.Continue: false, oncestream.DeadLetter: false, oncestream.SkipRecord: true, oncestream.DeadLetterRecord: true} {
			t.Run(fmt.Sprint(value, " ", answer), func(t *testing.T) {
				a := &asked{answer: answer}
				d := drive(t, storingTopology(), a.options()...)
				for i, v := range []string{"1", value, "2"} {
					d.Input("in", str, str).PipeAt(int64(i), fmt.Sprint("k", i), v)
				}
				d.Commit()
				node, out, letters := "p", []string{"k0=1@0", "tick=0@0", "k1=" + value + "@1", "k2=2@2"}, 0
				if value == "behind" {
					node = "peek"
				}
				if undone || value == "behind" {
					out = slices.Delete(out, 2, 3)
				}
				if answer == oncestream.DeadLetter || answer == oncestream.DeadLetterRecord {
					letters = 1
				}
				wantRecords(t, d, "out", out...)
				text := "a bad value"
				if value != "fail" {
					text = "panic: " + text
				}
				if want := []string{node + " in-0@1 " + value + ": " + text}; !slices.Equal(a.about, want) {
					t.Errorf("asked about %q, want %q", a.about, want)
				}
				if n := len(d.Output("dlq", str, str).ReadAll()); n != letters {
					t.Errorf("%d dead letters, want %d", n, letters)
				}
				if _, stored := d.KeyValue("s", str, str).Get("k1"); stored == undone {
					t.Errorf("the failed record's entry is there: %v", stored)
				}
			})
		}
	}
}

// So it does on scheduled functions, and on what's behind them, which have no
// record (KIP-1033). The schedule goes on.
func TestHandlersOfSchedules(t *testing.T) {
	for answer, undone := range map[oncestream.Action]bool{oncestream.Continue: false, oncestream.DeadLetter: false, oncestream.SkipRecord: true, oncestream.DeadLetterRecord: true} {
		t.Run(answer.String(), func(t *testing.T) {
			a := &asked{answer: answer}
			d := drive(t, storingTopology(), a.options()...)
			for _, ts := range []int64{20, 30, 40, 50} {
				d.Input("in", str, str).PipeAt(ts, "k", "v")
			}
			d.Commit()
			out, last := []string{"k=v@20", "tick=20@20", "k=v@30", "tick=30@30", "k=v@40", "tick=40@40", "k=v@50"}, "50"
			if undone {
				out, last = []string{"k=v@20", "tick=20@20", "k=v@30", "k=v@40", "k=v@50"}, "20"
			}
			wantRecords(t, d, "out", out...)
			if want := []string{"p --1@-1 : a bad value", "p --1@-1 : panic: a bad value", "peek --1@-1 : panic: a bad value"}; !slices.Equal(a.about, want) {
				t.Errorf("asked about %q, want %q", a.about, want)
			}
			if v, _ := d.KeyValue("s", str, str).Get("tick"); v != last {
				t.Errorf("the store has the tick of %q, want %q", v, last)
			}
			letters := d.Output("dlq", str, str).ReadAll()
			if strings.HasPrefix(answer.String(), "DeadLetter") != (len(letters) == 3) {
				t.Errorf("%d dead letters", len(letters))
			}
			for _, l := range letters {
				if !l.NullKey || !l.NullValue {
					t.Errorf("the dead letter %v has a key or a value", l)
				}
			}
			d.Input("in", str, str).PipeAt(60, "k", "v")
			d.Commit()
			wantRecords(t, d, "out", append(out, "k=v@60", "tick=60@60")...)
		})
	}
}

// What a record has scheduled or cancelled is taken back with it.
func TestSchedulesAreTakenBack(t *testing.T) {
	var first *topology.Schedule
	b := topology.NewBuilder()
	b.Stream("in", str, str).Process(watch(watched{
		init: func(c *strContext) (err error) {
			first, err = c.Schedule(10*time.Millisecond, topology.ByStreamTime, tick(c, "first"))
			return err
		},
		process: func(c *strContext, r madeRecord) error {
			first.Cancel()
			if err := schedule(c, 5, tick(c, "second")); err != nil {
				return err
			}
			if r.Value == "bad" {
				return errBadValue
			}
			return nil
		},
	})).To("out", str, str)
	a := &asked{answer: oncestream.SkipRecord}
	d := drive(t, b, a.options()...)
	in := d.Input("in", str, str)
	in.PipeAt(3, "k", "bad")
	in.PipeAt(12, "k", "bad")
	in.PipeAt(13, "k", "good")
	in.PipeAt(20, "k", "bad")
	d.Commit()
	wantRecords(t, d, "out", "first=3@3", "first=12@12", "second=13@13", "second=20@20")
}

// A commit is made behind the record, or the punctuation, that asks for it, with the
// records before.
func TestCommitRequests(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("in", str, str).Process(watch(watched{
		init: func(c *strContext) error {
			_, err := c.Schedule(time.Second, topology.ByWallClock, func(int64) error { c.Commit(); return nil })
			return err
		},
		process: func(c *strContext, r madeRecord) error {
			if r.Value == "commit" {
				c.Commit()
			}
			return c.Forward(r)
		},
	})).To("out", str, str)
	d := drive(t, b, driver.WithCommitInterval(time.Hour))
	in := d.Input("in", str, str)
	in.Pipe("k", "1")
	wantRecords(t, d, "out")
	in.Pipe("k", "commit")
	in.Pipe("k", "2")
	wantRecords(t, d, "out", "k=1@0", "k=commit@0")
	d.AdvanceWallClock(time.Second)
	wantRecords(t, d, "out", "k=1@0", "k=commit@0", "k=2@0")
}

// A process that ends between a record and what it has made due does both again.
func TestCrashBetweenRecordAndPunctuation(t *testing.T) {
	for _, disk := range []driver.Disk{driver.KeepDisk, driver.LoseDisk} {
		failing := true
		b := topology.NewBuilder()
		sums := b.KeyValueStore("s", str, number)
		add := func(c *strContext, by int64, at int64) error {
			s, err := c.Open(sums)
			if err != nil {
				return err
			}
			n, _, _, err := s.Get("n")
			if err != nil {
				return err
			}
			return errors.Join(s.Put("n", n+by, at), c.Forward(madeRecord{Key: "n", Value: fmt.Sprint(n + by), Timestamp: at}))
		}
		b.Stream("in", str, str).Process(watch(watched{
			init: func(c *strContext) error {
				return schedule(c, 10, func(now int64) error {
					if err := add(c, 100, now); err != nil {
						return err
					}
					if failing && now >= 10 {
						failing = false
						return errBadValue
					}
					return nil
				})
			},
			process: func(c *strContext, r madeRecord) error { return add(c, 1, r.Timestamp) },
		}), sums).To("out", str, str)
		d := drive(t, b)
		in := d.Input("in", str, str)
		in.PipeAt(3, "k", "v")
		in.PipeAt(12, "k", "v")
		if !errors.Is(d.Err(), errBadValue) {
			t.Fatalf("got %v", d.Err())
		}
		d.Crash(disk)
		in.PipeAt(13, "k", "v")
		wantRecords(t, d, "out", "n=1@3", "n=101@3", "n=102@12", "n=202@12", "n=203@13")
	}
}

// sized is a store of one's own that also keeps the number of its entries.
type sized struct {
	rows *strStore
	n    int
}

// Reload implements topology.Reloader.
func (c *sized) Reload() error {
	c.n = 0
	for _, err := range c.rows.All() {
		if err != nil {
			return err
		}
		c.n++
	}
	return nil
}

// What a store keeps in memory is made again of its entries when a record is taken
// back, when a transaction fails, and after a loss.
func TestStoreOfIsReloaded(t *testing.T) {
	b := topology.NewBuilder()
	h := b.StoreOf("s", func(s *statestore.Store) (*sized, error) {
		rows, err := statestore.NewKeyValue(s, str, str)
		if err != nil {
			return nil, err
		}
		c := &sized{rows: rows}
		return c, c.Reload()
	})
	b.Stream("in", str, str).Process(doing(func(c *strContext, r madeRecord) error {
		s, err := c.Open(h)
		if err != nil {
			return err
		}
		s.n++
		if err := s.rows.Put(r.Key, r.Value, r.Timestamp); err != nil {
			return err
		}
		if r.Value == "bad" {
			return errBadValue
		}
		return c.Forward(r.WithValue(fmt.Sprint(s.n)))
	}), h).To("out", str, str)
	a := &asked{answer: oncestream.SkipRecord}
	d := drive(t, b, a.options()...)
	in := d.Input("in", str, str)
	in.Pipe("a", "")
	in.Pipe("b", "bad")
	in.Pipe("c", "")
	d.Commit()
	in.Pipe("d", "bad")
	d.Crash(driver.LoseDisk)
	in.Pipe("e", "")
	d.Commit()
	wantRecords(t, d, "out", "a=1@0", "c=2@0", "e=3@0")
}
