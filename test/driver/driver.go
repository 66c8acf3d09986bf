package driver

import (
	"errors"
	"fmt"
	"time"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/task"
	"github.com/oncestream/oncestream/topology"
)

// Driver runs one topology with all its tasks. It's used by one goroutine.
type Driver struct {
	config
	tb     TB
	err    error
	plan   *plan.Plan
	layout *task.Layout
	// counts are the partition counts of the users' topics.
	counts map[string]int32
	now    time.Time

	topics map[string]*topic
	// committed are the positions of all inputs.
	committed  map[record.TopicPartition]kafka.Offset
	lastCommit time.Time
	// open are the records of the open transaction, in the order of sending.
	open []sent

	// db, tasks and globals, by their topics, are the process: they end with a crash.
	db      *statestore.DB
	tasks   []*task.Task
	cache   *plan.CacheBudget
	globals map[string]*task.Global
	waiting map[record.TopicPartition]*turn
	turns   int64
	drops   map[Drop]int64
}

// TB is what a driver needs of a *testing.T, *testing.B or *testing.F.
type TB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
}

// silent is the TB of a driver that keeps its error.
type silent struct{}

func (silent) Helper()        {}
func (silent) Fatal(...any)   {}
func (silent) Cleanup(func()) {}

// New starts a driver which keeps its first error. An error here is a topology
// that can't be laid out, such as one that joins topics of different partition
// counts, or an option that doesn't fit the topology.
func New(t *topology.Topology, options ...Option) (*Driver, error) {
	d := &Driver{
		config: newConfig(options),
		tb:     silent{},
		topics: map[string]*topic{}, committed: map[record.TopicPartition]kafka.Offset{}, drops: map[Drop]int64{},
		globals: map[string]*task.Global{},
	}
	d.now = d.start
	d.lastCommit = d.now
	if err := d.lay(t); err != nil {
		return nil, fmt.Errorf("driver: %w", err)
	}
	if err := d.startProcess(); err != nil {
		return nil, fmt.Errorf("driver: %w", errors.Join(err, d.endProcess()))
	}
	return d, nil
}

// ForTest starts a driver that ends the test with its first error, and closes it
// when the test has ended.
func ForTest(tb TB, t *topology.Topology, options ...Option) *Driver {
	tb.Helper()
	d, err := New(t, options...)
	if err != nil {
		tb.Fatal(err)
		return &Driver{tb: tb, err: err}
	}
	d.tb = tb
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Fatal(err)
		}
	})
	return d
}

// lay gives the topology its topics.
func (d *Driver) lay(t *topology.Topology) error {
	if t == nil || t.Plan() == nil {
		return errors.New("the topology is nil or wasn't built by a Builder")
	}
	d.plan = t.Plan()
	counts := map[string]int32{}
	for _, name := range task.UserTopics(d.plan) {
		counts[name] = 1
	}
	for name, n := range d.partitions {
		if counts[name] == 0 && !matched(d.plan, name) {
			return fmt.Errorf("topic %q has a partition count but the topology doesn't use it", name)
		}
		if n < 1 {
			return fmt.Errorf("topic %q can't have %d partitions", name, n)
		}
		counts[name] = n
	}
	d.counts = counts
	var err error
	if d.layout, err = task.NewLayout(d.applicationID, d.plan, counts); err != nil {
		return err
	}
	if err := d.handlers.Check(d.layout); err != nil {
		return err
	}
	for name, n := range counts {
		d.addTopic(name, n)
	}
	return d.addInternal()
}

// Err returns the first error, or nil. A failure of the topology's code is a
// *task.Error (oncestream.Error) with the place of its record.
func (d *Driver) Err() error { return d.err }

// fail keeps an error. The open transaction stays open, as nothing of it will be
// committed any more.
func (d *Driver) fail(err error) {
	d.tb.Helper()
	if err == nil {
		return
	}
	d.err = err
	d.tb.Fatal(err)
}

// Close ends the driver. What isn't committed is dropped. It returns an error of
// closing alone; later calls of the driver do nothing.
func (d *Driver) Close() error {
	err := d.endProcess()
	if d.err == nil {
		d.err = errClosed
	}
	return err
}

var errClosed = errors.New("the driver is closed")
