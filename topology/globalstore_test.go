package topology_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
)

// updating is a processor of a global store whose methods are given.
type updating struct {
	init    func(c *topology.ProcessingContext) error
	process func(c *topology.ProcessingContext, r madeRecord) error
	close   func() error
}

func (u *updating) Init(c *topology.ProcessingContext) error {
	if u.init == nil {
		return nil
	}
	return u.init(c)
}

func (u *updating) Process(c *topology.ProcessingContext, r madeRecord) error { return u.process(c, r) }

func (u *updating) Close() error {
	if u.close == nil {
		return nil
	}
	return u.close()
}

// update makes the processors of a global store.
func update(u updating) func() topology.GlobalProcessor[string, string] {
	return func() topology.GlobalProcessor[string, string] { made := u; return &made }
}

// concatenated is a topology with a global store that has all values of a key, and a
// processor that looks them up, without a handle given to it.
func concatenated(u *updating, options ...topology.StoreOption) *builder {
	b := topology.NewBuilder()
	all := b.TimestampedStore("all", str, str, options...)
	u.process = func(c *topology.ProcessingContext, r madeRecord) error {
		rows, err := c.Open(all)
		if err != nil {
			return err
		}
		before, _, _, err := rows.Get(r.Key)
		if err != nil {
			return err
		}
		return rows.Put(r.Key, before+r.Value, r.Timestamp)
	}
	b.GlobalStore("glob", str, str, all, update(*u), topology.Named("g"))
	b.Stream("in", str, str).Process(doing(func(c *strContext, r madeRecord) error {
		rows, err := c.Open(all)
		if err != nil {
			return err
		}
		if r.Value == "write" {
			return rows.Put(r.Key, "written", r.Timestamp)
		}
		v, ts, _, err := rows.Get(r.Key)
		return errors.Join(err, c.Forward(r.WithValue(fmt.Sprint(v, "@", ts))))
	}), topology.Named("p")).To("out", str, str)
	return b
}

// Each record of the topic is applied once, whatever becomes of the process, and all
// tasks see all partitions.
func TestGlobalStore(t *testing.T) {
	for name, options := range map[string][]topology.StoreOption{"on disk": nil, "in memory": {topology.InMemory()}} {
		for _, disk := range []driver.Disk{driver.KeepDisk, driver.LoseDisk} {
			t.Run(fmt.Sprint(name, disk), func(t *testing.T) {
				d := drive(t, concatenated(&updating{}, options...), driver.WithPartitions("glob", 3), driver.WithPartitions("in", 2))
				var want []string
				all := map[string]string{}
				for i := range 12 {
					key := fmt.Sprint("k", i%4)
					d.Input("glob", str, str).PipeAt(int64(i), key, fmt.Sprint(i, ","))
					all[key] += fmt.Sprint(i, ",")
					if i%5 == 4 {
						d.Crash(disk)
					}
					d.Input("in", str, str).PipeAt(100, key, "")
					want = append(want, fmt.Sprintf("%s=%s@%d@100", key, all[key], i))
				}
				if err := d.Err(); err != nil {
					t.Fatal(err)
				}
				wantRecords(t, d, "out", want...)
			})
		}
	}
}

// It belongs to no task, and its topic is its changelog.
func TestGlobalStoreIsNoTasks(t *testing.T) {
	p := build(t, concatenated(&updating{})).Plan()
	if len(p.Globals) != 1 || len(p.SubTopologies) != 1 {
		t.Fatalf("%d global stores, %d sub-topologies", len(p.Globals), len(p.SubTopologies))
	}
	if s := p.Globals[0].Store; s.Name != "all" || !s.LoggingDisabled || len(p.SubTopologies[0].Stores) > 0 {
		t.Errorf("the global store is %+v, the tasks have %v", s, p.SubTopologies[0].Stores)
	}
}

func TestGlobalStoreCantBeWrittenByTasks(t *testing.T) {
	d := drive(t, concatenated(&updating{}))
	d.Input("in", str, str).Pipe("k", "write")
	wantError(t, d.Err(), "node p, record in-0 at offset 0", "send a record to it")
}

// The processor begins and ends with the process. It knows its record, and can't
// schedule.
func TestContextOfGlobalStores(t *testing.T) {
	var seen []string
	note := func(c *topology.ProcessingContext) {
		m, ok := c.Metadata()
		seen = append(seen, fmt.Sprintf("%s %v %s %v %v %d", c.Application(), c.Task(), c.Node(), m, ok, c.StreamTime()))
	}
	var refused error
	b := topology.NewBuilder()
	b.GlobalStore("glob", str, str, b.KeyValueStore("s", str, str), update(updating{
		init: func(c *topology.ProcessingContext) error {
			_, refused = c.Schedule(time.Second, topology.ByWallClock, func(int64) error { return nil })
			note(c)
			return nil
		},
		process: func(c *topology.ProcessingContext, _ madeRecord) error { note(c); return nil },
		close:   func() error { seen = append(seen, "closed"); return nil },
	}), topology.Named("g"))
	b.Stream("in", str, str).To("out", str, str)
	d, err := driver.New(build(t, b))
	if err != nil {
		t.Fatal(err)
	}
	d.Input("glob", str, str).PipeAt(5, "k", "v")
	if err := errors.Join(d.Err(), d.Close()); err != nil {
		t.Fatal(err)
	}
	wantError(t, refused, "g: Schedule: the processor of a global store can't")
	if want := []string{"app -1_-1 g { 0 0} false -1", "app -1_-1 g {glob 0 0} true 5", "closed"}; !slices.Equal(seen, want) {
		t.Errorf("got %q\nwant %q", seen, want)
	}
}

func TestGlobalStoreFails(t *testing.T) {
	bad := errors.New("bad")
	for name, u := range map[string]updating{
		"Init: bad":                              {init: func(*topology.ProcessingContext) error { return bad }},
		"Init: panic: boom":                      {init: func(*topology.ProcessingContext) error { panic("boom") }},
		"node g, record glob-0 at offset 0: bad": {process: func(*topology.ProcessingContext, madeRecord) error { return bad }},
		"Close: bad":                             {close: func() error { return bad }, process: func(*topology.ProcessingContext, madeRecord) error { return nil }},
	} {
		b := topology.NewBuilder()
		b.GlobalStore("glob", str, str, b.KeyValueStore("s", str, str), update(u), topology.Named("g"))
		b.Stream("in", str, str).To("out", str, str)
		d, err := driver.New(build(t, b))
		if err == nil {
			d.Input("glob", str, str).Pipe("k", "v")
			err = errors.Join(d.Err(), d.Close())
		}
		wantError(t, err, name)
	}
}
